// Header fields of one message: finds the wanted ones by name (RFC 9112 section 5) in one pass over the header section.

import { COLON, CR, LF, ascii, isBlank } from '../bytes/ascii.js';
import { lineFeed } from '../bytes/line_feed.js';
import { wordsOfFrames } from '../bytes/words.js';

const WORD_BYTES = 4;
/** What tells a lower-case letter from its upper case. */
const CASE = 0x20;

interface WantedName {
  /** lower case, with the colon */
  readonly bytes: Uint8Array;
  /** the same in words of four bytes, of which the last two may overlap, and CASE for each letter of them; none where it is shorter */
  readonly words: Int32Array;
  readonly cases: Int32Array;
  readonly slot: number;
}

/**
 * The fields wanted of a kind of message, and where the last scan found them. One object serves every message: its offsets
 * hold until the next scan.
 */
export class HeaderFields {
  /** offset of each wanted value, -1 when the field is absent; in the order of the names given */
  readonly start: Int32Array;
  /** one past each value, optional white space left out; equal to `start` for an empty value */
  readonly end: Int32Array;
  /** wanted names by their first byte, in both cases */
  private readonly byFirstByte: (WantedName[] | undefined)[] = new Array<WantedName[] | undefined>(256).fill(undefined);

  /** @param names field names in any case, 1 byte at least */
  constructor(names: readonly string[]) {
    this.start = new Int32Array(names.length).fill(-1);
    this.end = new Int32Array(names.length);
    names.forEach((name, slot) => {
      const wanted = wantedName(name, slot);
      for (const first of [name[0].toLowerCase(), name[0].toUpperCase()]) {
        (this.byFirstByte[first.charCodeAt(0)] ??= []).push(wanted);
        if (first === first.toUpperCase() && first === first.toLowerCase()) break; // no letter: one entry
      }
    });
  }

  /**
   * Reads field lines up to the empty line. The first field of a name counts; line ends are LF, with any number of CR before it.
   * @param at first byte after the start line
   * @returns offset behind the empty line, or -1 when the section does not end before `end`
   */
  scan(bytes: Uint8Array, at: number, end: number): number {
    for (let slot = 0; slot < this.start.length; slot++) this.start[slot] = -1; // so few that fill() costs more
    let line = at;
    while (line < end) {
      const first = bytes[line];
      if (first === LF) return line + 1;
      let content = line;
      if (first === CR) {
        while (content < end && bytes[content] === CR) content++;
        if (content < end && bytes[content] === LF) return content + 1;
      }
      const lineEnd = lineFeed(bytes, content, end);
      const wanted = this.byFirstByte[first];
      if (wanted !== undefined) this.take(bytes, line, lineEnd, wanted);
      line = lineEnd + 1;
    }
    return -1;
  }

  private take(bytes: Uint8Array, line: number, lineEnd: number, wanted: readonly WantedName[]): void {
    for (let i = 0; i < wanted.length; i++) {
      const name = wanted[i];
      const { slot } = name;
      // On to the others: a name may be wanted twice, as a field of every message and by a user.
      if (this.start[slot] < 0 && beginsWith(bytes, line, lineEnd, name)) this.keep(bytes, line + name.bytes.length, lineEnd, slot);
    }
  }

  private keep(bytes: Uint8Array, from: number, lineEnd: number, slot: number): void {
    let start = from;
    let end = lineEnd;
    while (start < end && isBlank(bytes[start])) start++;
    while (end > start && (isBlank(bytes[end - 1]) || bytes[end - 1] === CR)) end--;
    this.start[slot] = start;
    this.end[slot] = end;
  }
}

/** @param name 1 byte at least */
function wantedName(name: string, slot: number): WantedName {
  const bytes = ascii(`${name.toLowerCase()}:`);
  const cases = ascii(`${name.toUpperCase()}:`).map((upper, at) => upper ^ bytes[at]);
  // The last word is that of the last four bytes.
  const starts = Array.from({ length: Math.ceil(bytes.length / WORD_BYTES) }, (_, word) => Math.min(word * WORD_BYTES, bytes.length - WORD_BYTES));
  const wordsOf = (from: Uint8Array): Int32Array => {
    const view = new DataView(from.buffer);
    return bytes.length < WORD_BYTES ? new Int32Array(0) : Int32Array.from(starts, (at) => view.getInt32(at, true));
  };
  return { bytes, words: wordsOf(bytes), cases: wordsOf(cases), slot };
}

/** Whether the line begins with the name and its colon, letters in either case. */
function beginsWith(bytes: Uint8Array, line: number, lineEnd: number, name: WantedName): boolean {
  const { length } = name.bytes;
  if (lineEnd - line < length || bytes[line + length - 1] !== COLON) return false;
  const { words, cases } = name;
  const frames = wordsOfFrames(bytes);
  for (let word = 0, at = line; word < words.length; word++, at += WORD_BYTES) {
    const from = Math.min(at, line + length - WORD_BYTES);
    if ((frames.getInt32(from, true) | cases[word]) !== words[word]) return false;
  }
  return words.length > 0 || beginsWithShort(bytes, line, name.bytes);
}

/** As beginsWith() for a name that has no four bytes with its colon, which is there. */
function beginsWithShort(bytes: Uint8Array, line: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length - 1; i++) {
    const byte = bytes[line + i];
    if (byte !== name[i] && ((byte | CASE) !== name[i] || byte < 0x41 || byte > 0x5a)) return false;
  }
  return true;
}
