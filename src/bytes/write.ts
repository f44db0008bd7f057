// Writing text into an output buffer. Every function writes at `at` and returns the offset behind; the caller has made sure
// that the longest possible text fits.

import { ZERO } from './ascii.js';

const HEX = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const BACKSLASH = 0x5c;
const MAX_INT32 = 0x7fffffff;

/** Bytes as they are. */
export function writeBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i];
  return at + bytes.length;
}

/** A whole number, 0 to 2^53 - 1, in decimal. */
export function writeDecimal(out: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    out[at] = ZERO + value;
    return at + 1;
  }
  let digits = 2;
  for (let bound = 100; value >= bound; bound *= 10) digits++;
  return writePadded(out, at, value, digits);
}

/** The last `digits` decimal digits of a whole number, 0 to 2^53 - 1, with leading zeros. */
export function writePadded(out: Uint8Array, at: number, value: number, digits: number): number {
  let last = at + digits - 1;
  let large = value;
  // Digits beyond the 32-bit range, where division has to be that of doubles.
  for (; large > MAX_INT32 && last >= at; last--) {
    const tenth = Math.floor(large / 10);
    out[last] = ZERO + (large - tenth * 10); // the difference first: beyond 2^53 a sum would be rounded
    large = tenth;
  }
  let rest = large | 0;
  for (; last >= at; last--) {
    const tenth = (rest / 10) | 0;
    out[last] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + digits;
}

/** A byte as `\xHH`: four bytes. */
export function writeHexEscape(out: Uint8Array, at: number, byte: number): number {
  out[at] = BACKSLASH;
  out[at + 1] = 0x78;
  out[at + 2] = HEX[byte >> 4];
  out[at + 3] = HEX[byte & 15];
  return at + 4;
}

/** A number below 65536 in hexadecimal without leading zeros. */
export function writeHex16(out: Uint8Array, at: number, value: number): number {
  let end = at;
  if (value >= 0x1000) out[end++] = HEX[value >> 12];
  if (value >= 0x100) out[end++] = HEX[(value >> 8) & 15];
  if (value >= 0x10) out[end++] = HEX[(value >> 4) & 15];
  out[end] = HEX[value & 15];
  return end + 1;
}
