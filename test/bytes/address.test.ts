import assert from 'node:assert/strict';
import { ADDRESS_TEXT_BYTES, writeAddress } from '../../src/bytes/address.js';
import { latin1Text, readSafely } from '../support/fence.js';
import { SeededRandom } from '../support/random.js';

/** The text of an address of 4 or 16 bytes. */
function text(address: Uint8Array): string {
  return readSafely(address, ({ bytes, at }) => {
    const out = new Uint8Array(ADDRESS_TEXT_BYTES + 8).fill(0xee);
    const end = writeAddress(out, 2, bytes, at, address.length);
    assert.ok(end - 2 <= ADDRESS_TEXT_BYTES);
    assert.ok(out.subarray(end).every((byte) => byte === 0xee), 'nothing behind');
    return latin1Text(out.subarray(2, end));
  });
}

/** 16 bytes of eight groups. */
function groups(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

/** Canonical text by the URL standard, whose serializer follows RFC 5952 section 4 (but writes IPv4-mapped addresses in hex). */
function urlText(address: Uint8Array): string {
  const hex = Array.from({ length: 8 }, (_, i) => ((address[2 * i] << 8) | address[2 * i + 1]).toString(16));
  return new URL(`http://[${hex.join(':')}]/`).hostname.slice(1, -1);
}

describe('bytes: addresses', () => {
  it('writes IPv4 in dotted decimal', () => {
    for (const dotted of ['0.0.0.0', '10.140.0.2', '223.39.188.71', '255.255.255.255', '1.20.100.9']) {
      assert.equal(text(Uint8Array.from(dotted.split('.'), Number)), dotted);
    }
  });

  const examples: readonly (readonly [string, readonly number[]])[] = [
    ['::', [0, 0, 0, 0, 0, 0, 0, 0]],
    ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
    ['1::', [1, 0, 0, 0, 0, 0, 0, 0]],
    ['2001:db8::1', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]],
    // 4.2.2: one zero group is not shortened
    ['2001:db8:0:1:1:1:1:1', [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1]],
    ['0:1:1:1:1:1:1:1', [0, 1, 1, 1, 1, 1, 1, 1]],
    ['1:1:1:1:1:1:1:0', [1, 1, 1, 1, 1, 1, 1, 0]],
    // 4.2.3: the longest run, of equals the first
    ['2001:0:0:1::1', [0x2001, 0, 0, 1, 0, 0, 0, 1]],
    ['2001:db8::1:0:0:1', [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1]],
    ['::1:1:0:0:1:1', [0, 0, 1, 1, 0, 0, 1, 1]],
    ['1:1::', [1, 1, 0, 0, 0, 0, 0, 0]],
    // 4.3: lower case, 4.1: no leading zeros
    ['abcd:ef01:2345:6789:abcd:ef01:23:9', [0xabcd, 0xef01, 0x2345, 0x6789, 0xabcd, 0xef01, 0x23, 9]],
    // 5: IPv4-mapped addresses in mixed notation, others not
    ['::ffff:192.0.2.1', [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201]],
    ['::ffff:0.0.0.0', [0, 0, 0, 0, 0, 0xffff, 0, 0]],
    ['::c000:201', [0, 0, 0, 0, 0, 0, 0xc000, 0x201]],
    ['::ffff:0:c000:201', [0, 0, 0, 0, 0xffff, 0, 0xc000, 0x201]],
    ['64:ff9b::c000:201', [0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x201]],
    ['::1:ffff:c000:201', [0, 0, 0, 0, 1, 0xffff, 0xc000, 0x201]],
  ];
  for (const [expected, values] of examples) {
    it(`writes ${expected} as RFC 5952 wants it`, () => assert.equal(text(groups(...values)), expected));
  }

  it('agrees with the URL standard on every pattern of zero groups', () => {
    for (let pattern = 0; pattern < 256; pattern++) {
      const address = groups(...Array.from({ length: 8 }, (_, i) => (pattern >> i) & 1));
      assert.equal(text(address), urlText(address));
    }
  });

  it('agrees with the URL standard on random addresses', () => {
    const random = new SeededRandom(5952);
    const values = [0, 0, 0, 1, 0xf, 0x10, 0xff, 0x100, 0xfff, 0x1000, 0xffff];
    for (let round = 0; round < 3000; round++) {
      const address = groups(...Array.from({ length: 8 }, () => (round % 2 ? values[random.below(values.length)] : random.below(65536))));
      const mapped = address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 0xff && address[11] === 0xff;
      const expected = mapped ? `::ffff:${address.subarray(12).join('.')}` : urlText(address);
      assert.equal(text(address), expected);
    }
  });

  it('needs no more than the promised bytes for the longest ones', () => {
    assert.equal(text(new Uint8Array(16).fill(0xff)).length, 39);
    assert.equal(text(groups(0, 0, 0, 0, 0, 0xffff, 0xffff, 0xffff)), '::ffff:255.255.255.255');
  });
});
