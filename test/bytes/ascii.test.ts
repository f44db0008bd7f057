import assert from 'node:assert/strict';
import { ascii, isDigit } from '../../src/bytes/ascii.js';

describe('bytes: ASCII', () => {
  it('knows the ten digits among all bytes', () => {
    const digits = Array.from({ length: 256 }, (_, byte) => byte).filter(isDigit);
    assert.equal(String.fromCharCode(...digits), '0123456789');
  });

  it('makes bytes of text', () => {
    assert.deepEqual(ascii('HTTP/1.'), Uint8Array.of(0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e));
  });
});
