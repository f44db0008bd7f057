// The VLAN tag that the kernel has taken off a frame counts as its outermost.

import assert from 'node:assert/strict';
import { utcOffset } from '../../src/record/clock.js';
import { TextFormat } from '../../src/record/text.js';
import { request } from '../live/libpcap_frames.js';
import { ParserRig } from '../support/parser_rig.js';

/** A frame with tags in its bytes. */
function tagged(...ids: readonly number[]): Uint8Array {
  const frame = request(100);
  return Uint8Array.of(...frame.subarray(0, 12), ...ids.flatMap((id) => [0x81, 0, id >> 8, id & 0xff]), ...frame.subarray(12));
}

describe('a tag the kernel took off', () => {
  const format = new TextFormat({ zone: utcOffset, addVlan: true, addInterface: false });
  for (const [title, bytes, tag, ids] of [
    ['alone', tagged(), 0x81000007, '7'],
    ['outside one in the frame', tagged(9), 0x88a80007, '7.9'],
    ['with priority and DEI: they are no part of the id', tagged(), 0x8100f007, '7'],
    ['with a priority only: the id is 0', tagged(), 0x8100e000, '0'],
    ['none', tagged(9), 0, '9'],
    ['none at all', tagged(), 0, '-'],
  ] as const) {
    it(title, () => {
      const rig = new ParserRig({ format });
      rig.frame(bytes, { tag });
      rig.frame(tagged()); // it does not stick
      rig.parse();
      assert.deepEqual(rig.lines.map((line) => /vlan=(\S+) GET/.exec(line)?.[1]), [ids, '-']);
    });
  }
});
