// Classic pcap files, whole in memory: small captures are read, changed frame by frame and written in another guise.
// Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html

export interface Frame {
  /** since the epoch */
  readonly seconds: number;
  /** 0 to 999,999,999 */
  readonly nanoseconds: number;
  /** what was captured of it */
  readonly bytes: Uint8Array;
  /** its length on the wire */
  readonly originalLength: number;
}

export interface Capture {
  readonly linkType: number;
  readonly frames: readonly Frame[];
}

/** Link types used here: https://www.tcpdump.org/linktypes.html */
export const LINK_TYPE = {
  NULL: 0, ETHERNET: 1, PPP: 9, PPP_HDLC: 50, RAW: 101, C_HDLC: 104, LOOP: 108, IEEE802_11_RADIOTAP: 127, IPV4: 228, IPV6: 229, NFLOG: 239,
} as const;

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/**
 * Reads a pcap file of either byte order and resolution. A last record that is cut off is left out.
 * @throws Error when it is no pcap file
 */
export function readPcap(file: Uint8Array): Capture {
  if (file.length < FILE_HEADER_BYTES) {
    throw new Error('shorter than the header of a pcap file');
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isMagic = (value: number): boolean => value === MAGIC_MICROSECONDS || value === MAGIC_NANOSECONDS;
  const little = isMagic(view.getUint32(0, true));
  const magic = view.getUint32(0, little);
  if (!isMagic(magic)) {
    throw new Error('not a pcap file');
  }
  const unit = magic === MAGIC_NANOSECONDS ? 1 : 1000;
  const frames: Frame[] = [];
  let at = FILE_HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= file.length) {
    const length = view.getUint32(at + 8, little);
    const start = at + RECORD_HEADER_BYTES;
    if (start + length > file.length) {
      break;
    }
    frames.push({
      seconds: view.getUint32(at, little),
      nanoseconds: view.getUint32(at + 4, little) * unit,
      bytes: file.slice(start, start + length),
      originalLength: view.getUint32(at + 12, little),
    });
    at = start + length;
  }
  return { linkType: view.getUint32(20, little), frames };
}

export interface PcapForm {
  readonly bigEndian?: boolean;
  /** else microseconds, what is finer is cut */
  readonly nanoseconds?: boolean;
  readonly snaplen?: number;
}

/** The capture as a pcap file. */
export function writePcap(capture: Capture, form: PcapForm = {}): Uint8Array {
  const little = form.bigEndian !== true;
  const size = capture.frames.reduce((sum, frame) => sum + RECORD_HEADER_BYTES + frame.bytes.length, FILE_HEADER_BYTES);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  view.setUint32(0, form.nanoseconds ? MAGIC_NANOSECONDS : MAGIC_MICROSECONDS, little);
  view.setUint16(4, 2, little);
  view.setUint16(6, 4, little);
  view.setUint32(16, form.snaplen ?? 262_144, little);
  view.setUint32(20, capture.linkType, little);
  let at = FILE_HEADER_BYTES;
  for (const frame of capture.frames) {
    view.setUint32(at, frame.seconds, little);
    view.setUint32(at + 4, form.nanoseconds ? frame.nanoseconds : Math.floor(frame.nanoseconds / 1000), little);
    view.setUint32(at + 8, frame.bytes.length, little);
    view.setUint32(at + 12, frame.originalLength, little);
    file.set(frame.bytes, at + RECORD_HEADER_BYTES);
    at += RECORD_HEADER_BYTES + frame.bytes.length;
  }
  return file;
}

/** What becomes of a frame's bytes; undefined leaves the frame out, several make several frames of it. */
export type Rewrite = (bytes: Uint8Array) => Uint8Array | readonly Uint8Array[] | undefined;

/** The capture with every frame rewritten; times stay, the length on the wire changes by as much as the bytes. */
export function rewriteFrames(capture: Capture, linkType: number, rewrite: Rewrite): Capture {
  const frames = capture.frames.flatMap((frame) => {
    const made = rewrite(frame.bytes) ?? [];
    const cutBytes = frame.originalLength - frame.bytes.length;
    return (made instanceof Uint8Array ? [made] : made).map((bytes) => (
      { ...frame, bytes, originalLength: bytes.length + cutBytes }));
  });
  return { linkType, frames };
}
