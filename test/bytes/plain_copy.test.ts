import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ABOVE_BLANK, copyPlain, FROM_BLANK } from '../../src/bytes/plain_copy.js';
import { wordsOfFrames } from '../../src/bytes/words.js';

const BEFORE = 5;
const ROOM = 80;

const isPlain = (byte: number, lowest: number): boolean => byte >= lowest && byte < 0x7f && byte !== 0x5c;

/** Copies, and checks all that must hold of any copy. @returns bytes copied */
function copied(value: Uint8Array, lowest: number): number {
  const bytes = Uint8Array.of(...new Uint8Array(BEFORE).fill(0x41), ...value, 0x41);
  wordsOfFrames(bytes);
  const out = new Uint8Array(ROOM).fill(0x3f);
  const count = copyPlain(new DataView(out.buffer), 2, bytes, BEFORE, BEFORE + value.length, lowest === 0x20 ? FROM_BLANK : ABOVE_BLANK);
  assert.deepEqual(out.subarray(2, 2 + count), value.subarray(0, count));
  assert.ok(value.subarray(0, count).every((byte) => isPlain(byte, lowest)), 'nothing else is copied');
  assert.ok(out.subarray(2 + value.length).every((byte) => byte === 0x3f) && out[1] === 0x3f, 'nothing is written beside the value');
  return count;
}

describe('copyPlain', () => {
  it('copies a value of four bytes or more that is plain to its end', () => {
    for (let length = 0; length <= 40; length++) {
      const value = Uint8Array.from({ length }, (_, at) => 0x61 + (at % 26));
      assert.equal(copied(value, 0x21), length < 4 ? 0 : length, `${length} bytes`);
    }
  });

  it('stops before any byte that is not, wherever it stands', () => {
    for (const lowest of [0x20, 0x21]) {
      for (let byte = 0; byte < 256; byte++) {
        for (let place = 0; place < 13; place++) {
          const value = new Uint8Array(13).fill(0x7e);
          value[place] = byte;
          const count = copied(value, lowest);
          if (isPlain(byte, lowest)) assert.equal(count, 13, `byte ${byte} at ${place}`);
          else assert.ok(count <= place && count >= place - 7, `byte ${byte} at ${place}: ${count} copied`);
        }
      }
    }
  });

  it('copies any bytes as far as it says', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(0x20, 0x21), (value, lowest) => {
      copied(value, lowest);
    }));
  });

  it('leaves what lies in other memory than the frames to its caller', () => {
    wordsOfFrames(new Uint8Array(8));
    assert.equal(copyPlain(new DataView(new ArrayBuffer(16)), 0, new Uint8Array(8).fill(0x61), 0, 8, ABOVE_BLANK), 0);
  });
});
