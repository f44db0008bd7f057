import assert from 'node:assert/strict';
import { ascii, hexDigit, isBlank, isDigit, startsWith } from '../../src/bytes/ascii.js';

describe('bytes: ASCII', () => {
  it('knows the ten digits among all bytes', () => {
    const digits = Array.from({ length: 256 }, (_, byte) => byte).filter(isDigit);
    assert.equal(String.fromCharCode(...digits), '0123456789');
  });

  it('makes bytes of text', () => {
    assert.deepEqual(ascii('HTTP/1.'), Uint8Array.of(0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e));
  });

  it('tells blanks and hexadecimal digits from every other byte', () => {
    for (let byte = 0; byte < 256; byte++) {
      const text = String.fromCharCode(byte);
      assert.equal(isBlank(byte), text === ' ' || text === '\t', `${byte}`);
      assert.equal(hexDigit(byte), /^[0-9a-fA-F]$/.test(text) ? parseInt(text, 16) : -1, `${byte}`);
    }
  });

  it('finds a prefix only where all of it stands before the end', () => {
    const bytes = ascii('xrtsp:');
    assert.equal(startsWith(bytes, 1, 6, ascii('rtsp')), true);
    assert.equal(startsWith(bytes, 1, 5, ascii('rtsp')), true);
    assert.equal(startsWith(bytes, 1, 4, ascii('rtsp')), false);
    assert.equal(startsWith(bytes, 0, 6, ascii('rtsp')), false);
    assert.equal(startsWith(bytes, 6, 6, ascii('')), true);
  });
});
