import assert from 'node:assert/strict';
import { be16 } from '../../../src/bytes/read.js';
import { EXTENSION, asIpv4Fragments, putIpv4Checksum, withIpv4Options, withIpv6Extensions } from './ip_headers.js';
import { join } from './link_layer.js';

const ETHERNET = new Uint8Array(12);
const BODY = Uint8Array.from({ length: 40 }, (_, index) => index);
const IPV4 = Uint8Array.of(0x45, 0, 0, 60, 0, 1, 0, 0, 64, 6, 0, 0, 198, 18, 1, 1, 198, 18, 1, 2);
const FRAME4 = join(ETHERNET, Uint8Array.of(0x08, 0), IPV4, BODY);
const IPV6 = join(Uint8Array.of(0x60, 0, 0, 0, 0, 40, 6, 64), new Uint8Array(32));
const FRAME6 = join(ETHERNET, Uint8Array.of(0x86, 0xdd), IPV6, BODY);

/** RFC 1071: over a header with its checksum the sum is all ones. */
function sumOf(header: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) {
    sum += be16(header, at);
  }
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return sum;
}

describe('test support: IP headers', () => {
  it('puts the checksum of RFC 1071', () => {
    const header = Uint8Array.of(0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 9, 9, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7);
    putIpv4Checksum(header, 0);
    assert.equal(be16(header, 10), 0xb861);
  });

  it('adds IPv4 options: header length, total length, checksum', () => {
    const made = withIpv4Options(FRAME4, Uint8Array.of(0x94, 4, 0, 0));
    assert.equal(made[14], 0x46);
    assert.equal(be16(made, 16), 64);
    assert.equal(sumOf(made.subarray(14, 38)), 0xffff);
    assert.deepEqual(made.slice(38), BODY);
  });

  it('chains IPv6 extension headers', () => {
    const hop = { type: EXTENSION.HOP_BY_HOP, bytes: Uint8Array.of(99, 0, 1, 4, 0, 0, 0, 0) };
    const routing = { type: EXTENSION.ROUTING, bytes: new Uint8Array(8) };
    const made = withIpv6Extensions(FRAME6, [hop, routing]);
    assert.equal(be16(made, 18), 56);
    assert.deepEqual([made[20], made[54], made[62]], [EXTENSION.HOP_BY_HOP, EXTENSION.ROUTING, 6]);
    assert.deepEqual(made.slice(70), BODY);
  });

  it('cuts IPv4 into fragments that join to the whole', () => {
    const [first, second, ...more] = asIpv4Fragments(FRAME4, 24);
    assert.deepEqual(more, []);
    assert.deepEqual([be16(first, 16), be16(first, 20)], [44, 0x2000]);
    assert.deepEqual([be16(second, 16), be16(second, 20)], [36, 3]);
    assert.deepEqual(join(first.subarray(34), second.subarray(34)), BODY);
    assert.equal(sumOf(second.subarray(14, 34)), 0xffff);
  });

  it('returns what has no whole header of that version as it came, at every length', () => {
    for (let length = 0; length < FRAME4.length; length++) {
      const cut = FRAME4.subarray(0, length);
      assert.deepEqual(asIpv4Fragments(cut, 24), [cut], `fragments of ${length}`);
      assert.equal(withIpv4Options(cut, new Uint8Array(4)).length, length < 34 ? length : length + 4);
      assert.equal(withIpv6Extensions(cut, [{ type: 0, bytes: new Uint8Array(8) }]), cut);
    }
    for (let length = 0; length < FRAME6.length; length++) {
      const cut = FRAME6.subarray(0, length);
      assert.equal(withIpv4Options(cut, new Uint8Array(4)), cut);
      assert.equal(withIpv6Extensions(cut, [{ type: 0, bytes: new Uint8Array(8) }]).length, length < 54 ? length : length + 8);
    }
  });
});
