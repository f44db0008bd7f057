import assert from 'node:assert/strict';
import { writeBytes, writeDecimal, writeHex16, writeHexEscape, writePadded } from '../../src/bytes/write.js';
import { latin1Text } from '../support/fence.js';

/** What `write` writes at offset 3, after a check that it touched nothing else. */
function written(write: (out: Uint8Array, at: number) => number): string {
  const out = new Uint8Array(64).fill(0xee);
  const end = write(out, 3);
  assert.ok(out.subarray(0, 3).every((byte) => byte === 0xee), 'nothing before');
  assert.ok(out.subarray(end).every((byte) => byte === 0xee), 'nothing behind');
  return latin1Text(out.subarray(3, end));
}

describe('bytes: writing text', () => {
  it('writes whole numbers around every power of ten up to 2^53 - 1', () => {
    const numbers = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
    for (let power = 10; power < Number.MAX_SAFE_INTEGER; power *= 10) numbers.push(power - 1, power, power + 1);
    for (const number of numbers) {
      assert.equal(written((out, at) => writeDecimal(out, at, number)), String(number));
    }
  });

  it('pads with zeros', () => {
    assert.equal(written((out, at) => writePadded(out, at, 7, 3)), '007');
    assert.equal(written((out, at) => writePadded(out, at, 0, 9)), '000000000');
    assert.equal(written((out, at) => writePadded(out, at, 999_999_999, 9)), '999999999');
  });

  it('escapes each byte as four', () => {
    for (let byte = 0; byte < 256; byte++) {
      assert.equal(written((out, at) => writeHexEscape(out, at, byte)), `\\x${byte.toString(16).padStart(2, '0')}`);
    }
  });

  it('writes every 16-bit number in lower-case hexadecimal without leading zeros', () => {
    const out = new Uint8Array(4);
    for (let value = 0; value < 65536; value++) {
      const end = writeHex16(out, 0, value);
      assert.equal(String.fromCharCode(...out.subarray(0, end)), value.toString(16));
    }
  });

  it('copies bytes', () => {
    assert.equal(written((out, at) => writeBytes(out, at, Uint8Array.of(0x61, 0x62))), 'ab');
    assert.equal(written((out, at) => writeBytes(out, at, new Uint8Array(0))), '');
  });
});
