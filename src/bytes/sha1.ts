// SHA-1 (FIPS 180-4 section 6.1.2) of inputs that fit one block, such as the tuples of community ids: no allocation, and no node:
// module. Not for anything that has to withstand an attacker.

import { be32 } from './read.js';

export const SHA1_BYTES = 20;
/** Longest input: a block of 64 bytes less the padding's first byte and the length. */
export const SHA1_MOST_INPUT_BYTES = 55;

const BLOCK_BYTES = 64;
const ROUNDS = 80;

const schedule = new Int32Array(ROUNDS);
const block = new Uint8Array(BLOCK_BYTES);

/**
 * Writes the hash of the first `length` bytes.
 * @param length 0 to SHA1_MOST_INPUT_BYTES
 * @param out takes SHA1_BYTES from 0 on
 */
export function sha1(bytes: Uint8Array, length: number, out: Uint8Array): void {
  for (let i = 0; i < length; i++) block[i] = bytes[i];
  block[length] = 0x80;
  block.fill(0, length + 1);
  block[BLOCK_BYTES - 2] = length >> 5;
  block[BLOCK_BYTES - 1] = length << 3;
  for (let t = 0; t < 16; t++) schedule[t] = be32(block, 4 * t);
  for (let t = 16; t < ROUNDS; t++) {
    schedule[t] = rotate(schedule[t - 3] ^ schedule[t - 8] ^ schedule[t - 14] ^ schedule[t - 16], 1);
  }
  let a = 0x67452301 | 0;
  let b = 0xefcdab89 | 0;
  let c = 0x98badcfe | 0;
  let d = 0x10325476 | 0;
  let e = 0xc3d2e1f0 | 0;
  for (let t = 0; t < ROUNDS; t++) {
    const next = (rotate(a, 5) + mix(t, b, c, d) + e + schedule[t]) | 0;
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next;
  }
  put(out, 0, a + 0x67452301);
  put(out, 4, b + 0xefcdab89);
  put(out, 8, c + 0x98badcfe);
  put(out, 12, d + 0x10325476);
  put(out, 16, e + 0xc3d2e1f0);
}

/** The function and the constant of a round. */
function mix(round: number, b: number, c: number, d: number): number {
  if (round < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (round < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (round < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function put(out: Uint8Array, at: number, word: number): void {
  out[at] = word >>> 24;
  out[at + 1] = word >>> 16;
  out[at + 2] = word >>> 8;
  out[at + 3] = word;
}
