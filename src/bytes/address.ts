// Addresses in canonical text: dotted decimal, and RFC 5952 for IPv6 (section 5: IPv4-mapped ones in mixed notation).

import { COLON } from './ascii.js';
import { be16 } from './read.js';
import { writeDecimal, writeHex16 } from './write.js';

const DOT = 0x2e;
const GROUPS = 8;

/** Longest text of an address. */
export const ADDRESS_TEXT_BYTES = 45;

/**
 * Writes an address of 4 or 16 bytes.
 * @returns the offset behind, at most ADDRESS_TEXT_BYTES further
 */
export function writeAddress(out: Uint8Array, at: number, bytes: Uint8Array, address: number, length: number): number {
  return length === 4 ? writeIpv4(out, at, bytes, address) : writeIpv6(out, at, bytes, address);
}

function writeIpv4(out: Uint8Array, at: number, bytes: Uint8Array, address: number): number {
  let end = writeDecimal(out, at, bytes[address]);
  for (let i = 1; i < 4; i++) {
    out[end] = DOT;
    end = writeDecimal(out, end + 1, bytes[address + i]);
  }
  return end;
}

function writeIpv6(out: Uint8Array, at: number, bytes: Uint8Array, address: number): number {
  // The first longest run of two or more zero groups becomes `::` (RFC 5952 section 4.2).
  let zeros = 0;
  let zerosAt = -1;
  for (let group = 0; group < GROUPS; group++) {
    let run = 0;
    while (group + run < GROUPS && be16(bytes, address + 2 * (group + run)) === 0) run++;
    if (run > zeros) {
      zeros = run;
      zerosAt = group;
    }
    group += run;
  }
  if (zeros < 2) zerosAt = -1;
  const mapped = zerosAt === 0 && zeros === 5 && be16(bytes, address + 10) === 0xffff;
  const groups = mapped ? 6 : GROUPS;
  let end = at;
  for (let group = 0; group < groups; group++) {
    if (group === zerosAt) {
      out[end++] = COLON;
      if (group === 0) out[end++] = COLON;
      group += zeros - 1;
      continue;
    }
    end = writeHex16(out, end, be16(bytes, address + 2 * group));
    if (group < GROUPS - 1) out[end++] = COLON;
  }
  return mapped ? writeIpv4(out, end, bytes, address + 12) : end;
}
