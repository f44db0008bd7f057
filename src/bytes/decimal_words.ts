// Decimal numbers of up to five digits in one or two stores: octets of addresses, ports, milliseconds. Each text is a word of four
// bytes; what stands behind the digits is overwritten by what follows, so the caller leaves four bytes of room.

import { asciiWord } from './words.js';

const DOT = '.';

/** by number, 0 to 999: its digits without leading zeros, then blanks */
const PLAIN = Int32Array.from({ length: 1000 }, (_, value) => asciiWord(String(value)));
/** by number, 0 to 999: three digits and a blank */
const PADDED = Int32Array.from({ length: 1000 }, (_, value) => asciiWord(String(value).padStart(3, '0')));
/** by octet: its digits and a dot */
const OCTETS = Int32Array.from({ length: 256 }, (_, value) => asciiWord(`${value}${DOT}`));
const DIGITS = Uint8Array.from({ length: 1000 }, (_, value) => String(value).length);

/** A number from 0 to 65535 and a blank. @returns the offset behind the blank */
export function writeDecimal16(words: DataView, at: number, value: number): number {
  if (value < 1000) {
    words.setInt32(at, PLAIN[value], true);
    return at + DIGITS[value] + 1;
  }
  const thousands = (value / 1000) | 0;
  words.setInt32(at, PLAIN[thousands], true);
  const end = at + DIGITS[thousands];
  words.setInt32(end, PADDED[value - thousands * 1000], true);
  return end + 4;
}

/** A number from 0 to 999 as three digits and a blank. @returns the offset behind the blank */
export function writePadded3(words: DataView, at: number, value: number): number {
  words.setInt32(at, PADDED[value], true);
  return at + 4;
}

/** The four octets of an IPv4 address at `address` in `bytes`, each with a dot behind it. @returns the offset behind the last dot */
export function writeOctets(words: DataView, at: number, bytes: Uint8Array, address: number): number {
  const first = bytes[address];
  const second = bytes[address + 1];
  const third = bytes[address + 2];
  const fourth = bytes[address + 3];
  words.setInt32(at, OCTETS[first], true);
  let end = at + DIGITS[first] + 1;
  words.setInt32(end, OCTETS[second], true);
  end += DIGITS[second] + 1;
  words.setInt32(end, OCTETS[third], true);
  end += DIGITS[third] + 1;
  words.setInt32(end, OCTETS[fourth], true);
  return end + DIGITS[fourth] + 1;
}
