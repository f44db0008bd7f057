// Mutations of bytes, whatever they mean.

import { join } from '../support/frames/link_layer.js';
import type { SeededRandom } from '../support/random.js';
import { TOKENS } from './tokens.js';

type Mutation = (bytes: Uint8Array, random: SeededRandom, other: Uint8Array) => Uint8Array;

/** Lengths and counts that stand at the edges of what a parser expects. */
const NUMBERS = [0, 1, 2, 3, 4, 5, 7, 8, 12, 16, 20, 24, 28, 40, 0x7f, 0x80, 0xff, 0x100, 0x5dc, 0x600, 0x7fff, 0x8000, 0xffff, 0x10000, 0x40000,
  0x40001, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)];
}

/** A random range of at most `most` bytes. */
function range(bytes: Uint8Array, random: SeededRandom, most: number): [from: number, to: number] {
  const from = random.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + random.below(most + 1))];
}

function setByte(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

function flipBit(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  if (bytes.length > 0) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  return bytes;
}

function setNumber(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const width = pick(random, [1, 2, 2, 4]);
  if (bytes.length < width) return bytes;
  const at = random.below(bytes.length - width + 1);
  const near = random.below(4) === 0 ? bytes.length - at + random.below(9) - 4 : pick(random, NUMBERS);
  const value = (near >>> 0) % 2 ** (8 * width);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const little = random.below(2) === 0;
  if (width === 1) view.setUint8(at, value);
  else if (width === 2) view.setUint16(at, value, little);
  else view.setUint32(at, value, little);
  return bytes;
}

function cut(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  return bytes.slice(0, random.below(bytes.length + 1));
}

function remove(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const [from, to] = range(bytes, random, 64);
  return join(bytes.subarray(0, from), bytes.subarray(to));
}

function repeat(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const [from, to] = range(bytes, random, 256);
  return join(bytes.subarray(0, to), bytes.subarray(from));
}

function insertToken(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length + 1);
  return join(bytes.subarray(0, at), pick(random, TOKENS), bytes.subarray(at));
}

function overwriteWithToken(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const token = pick(random, TOKENS);
  if (bytes.length >= token.length) bytes.set(token, random.below(bytes.length - token.length + 1));
  return bytes;
}

/** The beginning of one before the end of the other. */
function splice(bytes: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  return join(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1)));
}

/** The beginning of the other (a file header, a link layer) over one's own. */
function swapHead(bytes: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  const length = pick(random, [4, 8, 14, 16, 20, 24, 28, 34]);
  bytes.set(other.subarray(0, Math.min(length, bytes.length)));
  return bytes;
}

const MUTATIONS: readonly Mutation[] = [
  setByte, setByte, flipBit, flipBit, setNumber, setNumber, setNumber, cut, remove, repeat, insertToken, overwriteWithToken, splice, swapHead,
];

/**
 * Bytes with some mutations.
 * @param bytes not changed
 * @param other what parts are taken from
 * @param most mutations, from 1
 */
export function mutate(bytes: Uint8Array, random: SeededRandom, other: Uint8Array, most: number): Uint8Array {
  let mutated: Uint8Array = bytes.slice();
  for (let count = 1 + random.below(most); count > 0; count--) mutated = pick(random, MUTATIONS)(mutated, random, other);
  return mutated;
}
