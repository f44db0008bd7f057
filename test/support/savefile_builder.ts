// Capture files made byte by byte, of every variant the formats allow and a few they do not.

/** Joins byte arrays. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Bytes that tell where they came from: `length` of them, beginning with `first`. */
export function pattern(length: number, first: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index) & 0xff);
}

export function u16(little: boolean, value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  new DataView(bytes.buffer).setUint16(0, value, little);
  return bytes;
}

export function u32(little: boolean, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(index * 4, value, little));
  return bytes;
}

export interface PcapOptions {
  readonly little?: boolean;
  readonly magic?: number;
  readonly major?: number;
  readonly minor?: number;
  readonly snaplen?: number;
  readonly linkType?: number;
}

export const PCAP_MICRO = 0xa1b2c3d4;
export const PCAP_NANO = 0xa1b23c4d;
export const PCAP_KUZNETZOV = 0xa1b2cd34;

export interface PcapRecord {
  readonly seconds: number;
  readonly fraction: number;
  readonly data: Uint8Array;
  readonly wireLength?: number;
  /** what the header says, where it lies */
  readonly claimedLength?: number;
}

/** A pcap savefile. */
export function pcap(options: PcapOptions, records: readonly PcapRecord[]): Uint8Array {
  const { little = true, magic = PCAP_MICRO, major = 2, minor = 4, snaplen = 65535, linkType = 1 } = options;
  const header = concat(u32(little, magic), u16(little, major), u16(little, minor), u32(little, 0, 0, snaplen, linkType));
  const extra = magic === PCAP_KUZNETZOV ? new Uint8Array(8).fill(0xee) : new Uint8Array(0);
  // Into one array, number by number: captures of floods have ten thousands of records.
  const file = new Uint8Array(records.reduce((sum, { data }) => sum + 16 + extra.length + data.length, header.length));
  const view = new DataView(file.buffer);
  file.set(header);
  let at = header.length;
  for (const { seconds, fraction, data, wireLength, claimedLength } of records) {
    view.setUint32(at, seconds, little);
    view.setUint32(at + 4, fraction, little);
    view.setUint32(at + 8, claimedLength ?? data.length, little);
    view.setUint32(at + 12, wireLength ?? data.length, little);
    file.set(extra, at + 16);
    file.set(data, at + 16 + extra.length);
    at += 16 + extra.length + data.length;
  }
  return file;
}

export function padded(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
}

/** Any pcapng block. */
export function block(little: boolean, type: number, body: Uint8Array): Uint8Array {
  const length = body.length + 12;
  return concat(u32(little, type, length), body, u32(little, length));
}

export function option(little: boolean, code: number, value: Uint8Array): Uint8Array {
  return concat(u16(little, code), u16(little, value.length), padded(value));
}

export function sectionBlock(little: boolean, major = 1): Uint8Array {
  const body = concat(u32(little, 0x1a2b3c4d), u16(little, major), u16(little, 0), new Uint8Array(8).fill(0xff));
  return block(little, 0x0a0d0d0a, body);
}

export interface InterfaceOptions {
  readonly linkType?: number;
  readonly snaplen?: number;
  readonly name?: string;
  /** if_tsresol */
  readonly resolution?: number;
  /** if_tsoffset, seconds */
  readonly offset?: bigint;
}

export function interfaceBlock(little: boolean, options: InterfaceOptions = {}): Uint8Array {
  const { linkType = 1, snaplen = 0, name, resolution, offset } = options;
  const parts = [u16(little, linkType), u16(little, 0), u32(little, snaplen)];
  if (name !== undefined) parts.push(option(little, 2, new TextEncoder().encode(name)));
  if (resolution !== undefined) parts.push(option(little, 9, Uint8Array.of(resolution)));
  if (offset !== undefined) {
    const value = new Uint8Array(8);
    new DataView(value.buffer).setBigInt64(0, offset, little);
    parts.push(option(little, 14, value));
  }
  parts.push(option(little, 0, new Uint8Array(0)));
  return block(little, 1, concat(...parts));
}

/** An Enhanced Packet Block. @param ticks 64 bits */
export function packetBlock(
  little: boolean,
  number: number,
  ticks: bigint,
  data: Uint8Array,
  wireLength = data.length,
  options: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const high = Number(ticks >> 32n);
  const low = Number(ticks & 0xffffffffn);
  return block(little, 6, concat(u32(little, number, high, low, data.length, wireLength), padded(data), options));
}

/** The obsolete Packet Block. */
export function oldPacketBlock(little: boolean, number: number, ticks: bigint, data: Uint8Array): Uint8Array {
  const high = Number(ticks >> 32n);
  const low = Number(ticks & 0xffffffffn);
  const ids = concat(u16(little, number), u16(little, 77));
  return block(little, 2, concat(ids, u32(little, high, low, data.length, data.length), padded(data)));
}

export function simplePacketBlock(little: boolean, wireLength: number, data: Uint8Array): Uint8Array {
  return block(little, 3, concat(u32(little, wireLength), padded(data)));
}
