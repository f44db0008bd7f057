// Bytes with hostile neighbours. What a parser answers about `at` to `end` must not depend on what lies around it: in the ring
// that is the frame before and the frame behind.

import assert from 'node:assert/strict';

const MARGIN_BYTES = 80;

/** What stands around the bytes: line ends, digits and blanks are what a parser that reads too far would take for its own. */
export const POISONS = [0x0a, 0x31, 0x20, 0x00, 0xff] as const;

export interface Fenced {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
}

/** The bytes with a margin of `poison` on both sides. */
export function fenced(content: Uint8Array, poison: number): Fenced {
  const bytes = new Uint8Array(content.length + 2 * MARGIN_BYTES).fill(poison);
  bytes.set(content, MARGIN_BYTES);
  return { bytes, at: MARGIN_BYTES, end: MARGIN_BYTES + content.length };
}

/**
 * The same array, but reading outside `at` to `end` throws. Who reads words from its buffer gets one that ends at `end`, so that
 * a DataView throws there; reads before `at` show by the poison.
 */
export function guarded({ bytes, at, end }: Fenced): Fenced {
  const whole = bytes.slice(0, end);
  const guard = new Proxy(bytes, {
    get(target, key) {
      if (key === 'buffer' || key === 'byteOffset' || key === 'length') return whole[key];
      const index = Number(key);
      if (index < at || index >= end) throw new RangeError(`read at ${index}, outside ${at} to ${end}`);
      return target[index];
    },
  });
  return { bytes: guard, at, end };
}

/**
 * What `read` answers about `content`: the same with every poison around it, and without a read outside.
 * @param read returns plain values, offsets relative to `at`
 */
export function readSafely<T>(content: Uint8Array, read: (fence: Fenced) => T): T {
  const answer = read(guarded(fenced(content, 0)));
  for (const poison of POISONS) {
    assert.deepEqual(read(fenced(content, poison)), answer, `poison ${poison} around ${JSON.stringify(latin1Text(content))}`);
  }
  return answer;
}

/** Text of one byte a character as bytes. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Bytes as text of one character each. */
export function latin1Text(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
