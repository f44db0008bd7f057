// Values that may not stand in a line as they are: the bytes that may are copied four at a time, up to the first that may not.

import { areFrames, wordsOfFrames } from './words.js';

const WORD_BYTES = 4;
const ONES = 0x01010101;
const TOP_BITS = 0x80808080;
const BACKSLASHES = 0x5c5c5c5c;

/** The lowest bytes that stand for themselves, as a word of four. */
export const FROM_BLANK = 0x20202020;
export const ABOVE_BLANK = 0x21212121;

/**
 * Copies visible ASCII without a backslash, from the frames of a batch.
 * @param lowest FROM_BLANK or ABOVE_BLANK: whether a blank is copied, too
 * @returns bytes copied: fewer than there are when one of the next four may not be, or the value is no frame's, or there are less than four
 */
export function copyPlain(out: DataView, at: number, bytes: Uint8Array, from: number, to: number, lowest: number): number {
  if (!areFrames(bytes)) return 0;
  const words = wordsOfFrames(bytes);
  const first = from | 0;
  const behind = to | 0;
  const shift = (at - first) | 0;
  let read = first;
  for (; read <= behind - 2 * WORD_BYTES; read = (read + 2 * WORD_BYTES) | 0) {
    const low = words.getInt32(read, true);
    const high = words.getInt32(read + WORD_BYTES, true);
    if (((others(low, lowest) | others(high, lowest)) & TOP_BITS) !== 0) return read - first;
    out.setInt32(read + shift, low, true);
    out.setInt32(read + shift + WORD_BYTES, high, true);
  }
  if (behind - first < WORD_BYTES) return 0;
  // What is left is the last word of the value and the one before it, which may overlap what was copied.
  for (let last = behind - WORD_BYTES; read < behind; read = (read + WORD_BYTES) | 0) {
    const next = read < last ? read : last;
    const word = words.getInt32(next, true);
    if ((others(word, lowest) & TOP_BITS) !== 0) return read - first;
    out.setInt32(next + shift, word, true);
  }
  return behind - first;
}

/** The top bit of each byte that is above ASCII, DEL, below the lowest or a backslash; then maybe of bytes above that one, too. */
function others(word: number, lowest: number): number {
  return word | (word + ONES) | (word - lowest) | ((word ^ BACKSLASHES) - ONES);
}
