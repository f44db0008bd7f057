import assert from 'node:assert/strict';
import fc from 'fast-check';
import { writeDecimal16, writeOctets, writePadded3 } from '../../src/bytes/decimal_words.js';

const AT = 3;

/** What a writer wrote at AT: from there to where it says it ended. */
function written(write: (words: DataView) => number): string {
  const out = Buffer.alloc(40, '?');
  const end = write(new DataView(out.buffer, out.byteOffset, out.length));
  assert.equal(out.toString('latin1', 0, AT), '???');
  return out.toString('latin1', AT, end);
}

describe('decimal words', () => {
  it('writes every number of 16 bits, and a blank', () => {
    for (let value = 0; value <= 0xffff; value++) assert.equal(written((words) => writeDecimal16(words, AT, value)), `${value} `);
  });

  it('writes three digits, and a blank', () => {
    for (let value = 0; value <= 999; value++) {
      assert.equal(written((words) => writePadded3(words, AT, value)), `${String(value).padStart(3, '0')} `);
    }
  });

  it('writes the octets of an address, a dot behind each', () => {
    const octet = fc.nat(255);
    fc.assert(fc.property(octet, octet, octet, octet, (...octets) => {
      const bytes = Uint8Array.of(9, ...octets);
      assert.equal(written((words) => writeOctets(words, AT, bytes, 1)), octets.map((value) => `${value}.`).join(''));
    }));
  });
});
