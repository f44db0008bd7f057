import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LF } from '../../src/bytes/ascii.js';
import { lineFeed } from '../../src/bytes/line_feed.js';

/** Bytes around LF in value, and LF with the top bit set: what a word-wise search may take for one. */
const NEAR_MISSES = [0x00, 0x01, 0x09, 0x0b, 0x0d, 0x8a, 0xff];

describe('lineFeed', () => {
  it('finds an LF at every place of every length, behind every neighbour', () => {
    for (const neighbour of NEAR_MISSES) {
      for (let length = 0; length <= 13; length++) {
        const bytes = new Uint8Array(length + 2).fill(neighbour);
        bytes[length + 1] = LF; // behind the end: not to be seen
        assert.equal(lineFeed(bytes, 1, 1 + length), 1 + length, `${length} bytes without one`);
        for (let place = 1; place <= length; place++) {
          bytes[place] = LF;
          assert.equal(lineFeed(bytes, 1, 1 + length), place);
          bytes[place] = neighbour;
        }
      }
    }
  });

  it('agrees with indexOf on any bytes, in arrays that begin anywhere in their buffer', () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(fc.property(bytes, fc.nat(7), fc.nat(64), fc.nat(64), (content, offset, from, to) => {
      const view = new Uint8Array(new SharedArrayBuffer(content.length + offset), offset);
      view.set(content);
      const end = Math.min(to, content.length);
      const at = Math.min(from, end);
      const found = content.subarray(0, end).indexOf(LF, at);
      assert.equal(lineFeed(view, at, end), found < 0 ? end : found);
    }));
  });
});
