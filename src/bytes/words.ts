// Four bytes at a time: what is read and written most (header sections, values, addresses) costs a third that way.
//
// The last array of each side is remembered with a view of its words. The frames of a batch lie in one array, and lines go to one block
// after the other, so a view is made once a batch or block at most, never for a packet.

let readFrom: Uint8Array = new Uint8Array(0);
let readView: DataView = new DataView(readFrom.buffer);
let writtenTo: Uint8Array = readFrom;
let writeView: DataView = readView;

/** Words of an array that messages are read from. To be asked for frames only: two arrays in turn would make a view for each call. */
export function wordsOfFrames(bytes: Uint8Array): DataView {
  if (bytes !== readFrom) {
    readFrom = bytes;
    readView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  return readView;
}

/** Whether these are the bytes that wordsOfFrames() was asked for last. */
export function areFrames(bytes: Uint8Array): boolean {
  return bytes === readFrom;
}

/** Words of an array that lines are written to. */
export function wordsOfLines(out: Uint8Array): DataView {
  if (out !== writtenTo) {
    writtenTo = out;
    writeView = new DataView(out.buffer, out.byteOffset, out.length);
  }
  return writeView;
}

/** The first four bytes of ASCII text as a little-endian word, padded with blanks. */
export function asciiWord(text: string): number {
  let word = 0;
  for (let i = 3; i >= 0; i--) word = (word << 8) | (i < text.length ? text.charCodeAt(i) : 0x20);
  return word;
}
