// The end of a line, looked for eight bytes at a time: header sections are the longest thing that is read of most messages.

import { LF } from './ascii.js';
import { wordsOfFrames } from './words.js';

const WORD_BYTES = 4;
const STEP_BYTES = 8;
const LINE_FEEDS = 0x0a0a0a0a;
const ONES = 0x01010101;
const TOP_BITS = 0x80808080;

/** The offset of the first LF from `at` on, or `end` when there is none before it. */
export function lineFeed(bytes: Uint8Array, at: number, end: number): number {
  const words = wordsOfFrames(bytes);
  // As integers of 32 bits: the engine would keep the offset as a tagged value, and untag it for every word.
  let from = at | 0;
  for (const last = (end | 0) - STEP_BYTES; from <= last; from = (from + STEP_BYTES) | 0) {
    const low = lineFeeds(words.getInt32(from, true));
    if (low !== 0) return (from + firstOf(low)) | 0;
    const high = lineFeeds(words.getInt32(from + WORD_BYTES, true));
    if (high !== 0) return (from + WORD_BYTES + firstOf(high)) | 0;
  }
  while (from < end && bytes[from] !== LF) from++;
  return from;
}

/** The top bit of each byte that is an LF, and maybe of bytes above the lowest of those. */
function lineFeeds(word: number): number {
  const others = word ^ LINE_FEEDS;
  return (others - ONES) & ~others & TOP_BITS;
}

/** The number of the lowest byte whose top bit is set. */
function firstOf(topBits: number): number {
  return (31 - Math.clz32(topBits & -topBits)) >> 3;
}
