// The end of a line, looked for four bytes at a time: header sections are the longest thing that is read of most messages.

import { LF } from './ascii.js';

const WORD_BYTES = 4;
const LINE_FEEDS = 0x0a0a0a0a;
const ONES = 0x01010101;
const TOP_BITS = 0x80808080;

/** The array looked into last, and words of it: the frames of a batch lie in one. */
let known: Uint8Array = new Uint8Array(0);
let words: DataView = new DataView(known.buffer);

/** The offset of the first LF from `at` on, or `end` when there is none before it. */
export function lineFeed(bytes: Uint8Array, at: number, end: number): number {
  if (bytes !== known) {
    known = bytes;
    words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  let from = at;
  for (const last = end - WORD_BYTES; from <= last; from += WORD_BYTES) {
    // A byte of `word` is 0 where there is an LF; `found` has the top bit of the first such byte as its lowest bit.
    const word = words.getInt32(from, true) ^ LINE_FEEDS;
    const found = (word - ONES) & ~word & TOP_BITS;
    if (found !== 0) return from + ((31 - Math.clz32(found & -found)) >> 3);
  }
  while (from < end && bytes[from] !== LF) from++;
  return from;
}
