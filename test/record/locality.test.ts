import assert from 'node:assert/strict';
import type { Network } from '../../src/config/settings.js';
import { KIND } from '../../src/record/kinds.js';
import { LocalAddresses, requestKind, responseKind } from '../../src/record/locality.js';
import { readSafely } from '../support/fence.js';
import { CLIENT6, SERVER6 } from '../support/packets.js';
import { SeededRandom } from '../support/random.js';

const network = (bytes: readonly number[], prefix = bytes.length * 8): Network => ({ bytes: Uint8Array.from(bytes), prefix });
const has = (local: LocalAddresses, address: readonly number[]): boolean => (
  readSafely(Uint8Array.from(address), ({ bytes, at }) => local.has(bytes, at, address.length)));

/** The definition: the first `prefix` bits agree. */
function inNetwork(address: readonly number[], { bytes, prefix }: Network): boolean {
  const bits = (from: Iterable<number>): string => Array.from(from, (byte) => byte.toString(2).padStart(8, '0')).join('').slice(0, prefix);
  return address.length === bytes.length && bits(address) === bits(bytes);
}

describe('record: local addresses', () => {
  it('an empty list has none', () => {
    assert.equal(has(new LocalAddresses([]), [0, 0, 0, 0]), false);
    assert.equal(has(new LocalAddresses([]), CLIENT6), false);
  });

  it('whole addresses', () => {
    const local = new LocalAddresses([network([10, 0, 0, 1]), network([255, 255, 255, 255]), network(CLIENT6)]);
    assert.equal(has(local, [10, 0, 0, 1]), true);
    assert.equal(has(local, [255, 255, 255, 255]), true);
    assert.equal(has(local, [10, 0, 0, 2]), false);
    assert.equal(has(local, CLIENT6), true);
    assert.equal(has(local, SERVER6), false);
  });

  it('IPv6 addresses that only hash alike are told apart', () => {
    const base = [...CLIENT6];
    const turned = [...CLIENT6.slice(4), ...CLIENT6.slice(0, 4)];
    const local = new LocalAddresses([network(base)]);
    assert.equal(has(local, turned), false);
    const both = new LocalAddresses([network(base), network(turned)]);
    assert.deepEqual([has(both, base), has(both, turned)], [true, true]);
  });

  it('an IPv4 network says nothing of IPv6, and the reverse', () => {
    assert.equal(has(new LocalAddresses([network([0, 0, 0, 0], 0)]), CLIENT6), false);
    assert.equal(has(new LocalAddresses([network(new Array<number>(16).fill(0), 0)]), [1, 2, 3, 4]), false);
  });

  for (const length of [4, 16]) {
    it(`networks of every prefix length of ${length * 8} bits`, () => {
      const random = new SeededRandom(length);
      const base = Array.from({ length }, () => random.below(256));
      for (let prefix = 0; prefix <= length * 8; prefix++) {
        const list = network(base, prefix);
        const local = new LocalAddresses([list]);
        for (let bit = 0; bit < length * 8; bit++) {
          const address = base.map((byte, i) => (i === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));
          assert.equal(local.has(Uint8Array.from(address), 0, length), inNetwork(address, list), `/${prefix}, bit ${bit}`);
        }
        assert.equal(has(local, base), true);
      }
    });
  }

  it('kinds are those of SPEC section 1', () => {
    const table = [
      // source local, destination local, request, response
      [true, false, KIND.SQ, KIND.CR],
      [false, true, KIND.CQ, KIND.SR],
      [true, true, KIND.CQ, KIND.CR],
      [false, false, KIND.CQ, KIND.CR],
    ] as const;
    for (const [source, destination, request, response] of table) {
      assert.deepEqual([requestKind(source, destination), responseKind(source, destination)], [request, response]);
    }
  });
});
