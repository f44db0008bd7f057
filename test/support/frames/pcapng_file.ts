// Writing pcapng: sections of either byte order, interfaces with names, resolutions and offsets of their own.
// Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html

import type { Frame } from './pcap_file.js';

export interface PcapngInterface {
  readonly linkType: number;
  readonly name?: string;
  /** decimal digits of a second: 6 (the default, not written), 9, … */
  readonly decimals?: number;
  /** if_tsoffset: seconds that the written times lack */
  readonly offsetSeconds?: number;
  readonly frames: readonly Frame[];
}

export interface PcapngSection {
  readonly bigEndian?: boolean;
  readonly interfaces: readonly PcapngInterface[];
}

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION = { IF_NAME: 2, IF_TSRESOL: 9, IF_TSOFFSET: 14 } as const;
const DEFAULT_DECIMALS = 6;

/** The sections as one pcapng file; inside a section the interfaces' frames are merged by time. */
export function writePcapng(sections: readonly PcapngSection[]): Uint8Array {
  return Buffer.concat(sections.map(section));
}

function section({ bigEndian = false, interfaces }: PcapngSection): Uint8Array {
  const little = !bigEndian;
  const packets = interfaces.flatMap((from, id) => from.frames.map((frame) => ({ from, id, frame })));
  packets.sort((a, b) => a.frame.seconds - b.frame.seconds || a.frame.nanoseconds - b.frame.nanoseconds);
  return Buffer.concat([
    sectionHeader(little),
    ...interfaces.map((from) => interfaceDescription(from, little)),
    ...packets.map(({ from, id, frame }) => enhancedPacket(frame, id, from, little)),
  ]);
}

function sectionHeader(little: boolean): Uint8Array {
  const { bytes, view } = room(16);
  view.setUint32(0, BYTE_ORDER_MAGIC, little);
  view.setUint16(4, 1, little);
  view.setBigInt64(8, -1n, little); // length of the section: not told
  return block(SECTION_HEADER, bytes, little);
}

function interfaceDescription(from: PcapngInterface, little: boolean): Uint8Array {
  const { bytes, view } = room(8);
  view.setUint16(0, from.linkType, little);
  const parts: Uint8Array[] = [bytes];
  if (from.name !== undefined) {
    parts.push(option(OPTION.IF_NAME, Buffer.from(from.name), little));
  }
  if (from.decimals !== undefined) {
    parts.push(option(OPTION.IF_TSRESOL, Uint8Array.of(from.decimals), little));
  }
  if (from.offsetSeconds !== undefined) {
    const offset = room(8);
    offset.view.setBigInt64(0, BigInt(from.offsetSeconds), little);
    parts.push(option(OPTION.IF_TSOFFSET, offset.bytes, little));
  }
  if (parts.length > 1) {
    parts.push(new Uint8Array(4)); // opt_endofopt
  }
  return block(INTERFACE_DESCRIPTION, Buffer.concat(parts), little);
}

function enhancedPacket(frame: Frame, id: number, from: PcapngInterface, little: boolean): Uint8Array {
  const { bytes, view } = room(20);
  const nanoseconds = BigInt(frame.seconds - (from.offsetSeconds ?? 0)) * 1_000_000_000n + BigInt(frame.nanoseconds);
  const ticks = nanoseconds * 10n ** BigInt(from.decimals ?? DEFAULT_DECIMALS) / 1_000_000_000n;
  view.setUint32(0, id, little);
  view.setUint32(4, Number(ticks >> 32n), little);
  view.setUint32(8, Number(ticks & 0xffff_ffffn), little);
  view.setUint32(12, frame.bytes.length, little);
  view.setUint32(16, frame.originalLength, little);
  return block(ENHANCED_PACKET, Buffer.concat([bytes, padded(frame.bytes)]), little);
}

function option(code: number, value: Uint8Array, little: boolean): Uint8Array {
  const { bytes, view } = room(4);
  view.setUint16(0, code, little);
  view.setUint16(2, value.length, little);
  return Buffer.concat([bytes, padded(value)]);
}

/** Type and length around a body whose length is a multiple of four. */
function block(type: number, body: Uint8Array, little: boolean): Uint8Array {
  const { bytes, view } = room(body.length + 12);
  view.setUint32(0, type, little);
  view.setUint32(4, bytes.length, little);
  bytes.set(body, 8);
  view.setUint32(bytes.length - 4, bytes.length, little);
  return bytes;
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

function room(lengthBytes: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(lengthBytes);
  return { bytes, view: new DataView(bytes.buffer) };
}
