import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { SHA1_BYTES, SHA1_MOST_INPUT_BYTES, sha1 } from '../../src/bytes/sha1.js';
import { latin1 } from '../support/fence.js';
import { SeededRandom } from '../support/random.js';

function hash(input: Uint8Array, length = input.length): string {
  const out = new Uint8Array(SHA1_BYTES + 4).fill(0xee);
  sha1(input, length, out);
  assert.ok(out.subarray(SHA1_BYTES).every((byte) => byte === 0xee), 'nothing behind the hash');
  return Buffer.from(out.subarray(0, SHA1_BYTES)).toString('hex');
}

describe('bytes: SHA-1 of one block', () => {
  it('the examples of FIPS 180', () => {
    assert.equal(hash(latin1('abc')), 'a9993e364706816aba3e25717850c26c9cd0d89d');
    assert.equal(hash(latin1('')), 'da39a3ee5e6b4b0d3255bfef95601890afd80709');
  });

  it('as node:crypto has it, for every length and bytes of every kind', () => {
    const random = new SeededRandom(180);
    for (let length = 0; length <= SHA1_MOST_INPUT_BYTES; length++) {
      for (const input of [new Uint8Array(length), new Uint8Array(length).fill(0xff), Uint8Array.from({ length }, () => random.below(256))]) {
        assert.equal(hash(input), createHash('sha1').update(input).digest('hex'), `${length} bytes`);
      }
    }
  });

  it('takes no more than it was told to', () => {
    const input = latin1('the flow is in front, this is behind');
    assert.equal(hash(input, 20), createHash('sha1').update(input.subarray(0, 20)).digest('hex'));
  });
});
