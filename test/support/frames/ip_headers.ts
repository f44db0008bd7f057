// IP headers of Ethernet frames made richer: options, extension headers, fragments. A frame that has no whole header of
// that version is returned as it came.

import { be16 } from '../../../src/bytes/read.js';
import { join } from './link_layer.js';

const IP_AT = 14;
const ETHERTYPE = { IPV4: 0x0800, IPV6: 0x86dd } as const;
const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_UNIT_BYTES = 8;

/** Numbers of IPv6 extension headers (IANA protocol numbers). */
export const EXTENSION = { HOP_BY_HOP: 0, ROUTING: 43, FRAGMENT: 44, DESTINATION: 60 } as const;

export interface ExtensionHeader {
  readonly type: number;
  /** the whole header, a multiple of eight bytes, its first byte (next header) to be filled in */
  readonly bytes: Uint8Array;
}

/** The frame with IPv4 options; a multiple of four bytes, at most 40 with those it has. */
export function withIpv4Options(frame: Uint8Array, options: Uint8Array): Uint8Array {
  if (!hasIpv4(frame)) {
    return frame;
  }
  const headerBytes = ipv4HeaderBytes(frame);
  const end = IP_AT + headerBytes;
  const made = join(frame.subarray(0, end), options, frame.subarray(end));
  made[IP_AT] = 0x40 | ((headerBytes + options.length) / 4);
  put16(made, IP_AT + 2, be16(made, IP_AT + 2) + options.length);
  putIpv4Checksum(made, IP_AT);
  return made;
}

/** The frame with extension headers between its IPv6 header and what follows, in the given order. */
export function withIpv6Extensions(frame: Uint8Array, headers: readonly ExtensionHeader[]): Uint8Array {
  if (frame.length < IP_AT + IPV6_HEADER_BYTES || be16(frame, 12) !== ETHERTYPE.IPV6) {
    return frame;
  }
  const end = IP_AT + IPV6_HEADER_BYTES;
  const following = [...headers.map(({ type }) => type), frame[IP_AT + 6]];
  const chain = headers.map(({ bytes }, index) => join(Uint8Array.of(following[index + 1]), bytes.subarray(1)));
  const made = join(frame.subarray(0, end), ...chain, frame.subarray(end));
  made[IP_AT + 6] = following[0];
  put16(made, IP_AT + 4, be16(made, IP_AT + 4) + chain.reduce((sum, { length }) => sum + length, 0));
  return made;
}

/**
 * The frame as two IPv4 fragments, the first with `firstBytes` (a multiple of eight) behind its IP header; a frame that
 * carries no more than that stays one.
 */
export function asIpv4Fragments(frame: Uint8Array, firstBytes: number): Uint8Array[] {
  if (!hasIpv4(frame)) {
    return [frame];
  }
  const headerEnd = IP_AT + ipv4HeaderBytes(frame);
  const end = IP_AT + be16(frame, IP_AT + 2);
  const cut = headerEnd + firstBytes;
  if (cut >= end || end > frame.length) {
    return [frame];
  }
  const fragment = (from: number, to: number, flagsAndOffset: number): Uint8Array => {
    const made = join(frame.subarray(0, headerEnd), frame.subarray(from, to));
    put16(made, IP_AT + 2, made.length - IP_AT);
    put16(made, IP_AT + 6, flagsAndOffset);
    putIpv4Checksum(made, IP_AT);
    return made;
  };
  return [fragment(headerEnd, cut, MORE_FRAGMENTS), fragment(cut, end, firstBytes / FRAGMENT_UNIT_BYTES)];
}

/** Writes the header checksum (RFC 1071) of the whole IPv4 header at `at`. */
export function putIpv4Checksum(bytes: Uint8Array, at: number): void {
  put16(bytes, at + 10, 0);
  const end = at + (bytes[at] & 0x0f) * 4;
  let sum = 0;
  for (let word = at; word < end; word += 2) {
    sum += be16(bytes, word);
  }
  sum = (sum & 0xffff) + (sum >>> 16);
  put16(bytes, at + 10, ~(sum + (sum >>> 16)) & 0xffff);
}

function hasIpv4(frame: Uint8Array): boolean {
  return frame.length >= IP_AT + IPV4_HEADER_BYTES && be16(frame, 12) === ETHERTYPE.IPV4
    && frame[IP_AT] >> 4 === 4 && ipv4HeaderBytes(frame) >= IPV4_HEADER_BYTES && frame.length >= IP_AT + ipv4HeaderBytes(frame);
}

function ipv4HeaderBytes(frame: Uint8Array): number {
  return (frame[IP_AT] & 0x0f) * 4;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}
