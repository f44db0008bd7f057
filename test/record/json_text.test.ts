import assert from 'node:assert/strict';
import { ESCAPED_JSON_BYTES, writeJsonText } from '../../src/record/json_text.js';
import { latin1, readSafely } from '../support/fence.js';
import { SeededRandom } from '../support/random.js';

/** What a reader of the JSON sees of the bytes. */
function seen(content: Uint8Array): string {
  return readSafely(content, ({ bytes, at, end }) => {
    const bound = 2 + ESCAPED_JSON_BYTES * content.length;
    const out = new Uint8Array(bound + 8).fill(0xee);
    const behind = writeJsonText(out, 0, bytes, at, end);
    assert.ok(behind <= bound);
    assert.ok(out.subarray(behind).every((byte) => byte === 0xee), 'nothing behind');
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(out.subarray(0, behind))) as string;
  });
}

/** The same by the platform's decoder: characters that are whole and no controls stay, all other bytes become \xHH. */
function expected(content: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  for (let at = 0; at < content.length;) {
    let character = '';
    let length = 1;
    for (let tried = 1; tried <= 4 && at + tried <= content.length && character === ''; tried++) {
      try {
        character = decoder.decode(content.subarray(at, at + tried));
        length = tried;
      } catch {
        // not whole yet, or never
      }
    }
    const code = character.codePointAt(0) ?? -1;
    const stands = code >= 0x20 && code !== 0x5c && (code < 0x7f || code > 0x9f);
    text += stands ? character : `\\x${content[at].toString(16).padStart(2, '0')}`;
    at += stands ? length : 1;
  }
  return text;
}

describe('record: JSON strings', () => {
  const rows: readonly (readonly [title: string, bytes: readonly number[], seen: string])[] = [
    ['two bytes', [0xc3, 0xa9], 'é'],
    ['the first that stands', [0xc2, 0xa0], '\u00a0'],
    ['three bytes', [0xe2, 0x82, 0xac], '€'],
    ['four bytes', [0xf0, 0x9f, 0x98, 0x80], '😀'],
    ['the last character', [0xf4, 0x8f, 0xbf, 0xbf], '\u{10ffff}'],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
    ['line separators, which JSON allows', [0xe2, 0x80, 0xa8], '\u2028'],
    ['a lone continuation', [0x80], '\\x80'],
    ['a C1 control', [0xc2, 0x9b, 0x41], '\\xc2\\x9bA'],
    ['an overlong slash', [0xc0, 0xaf], '\\xc0\\xaf'],
    ['an overlong form of three', [0xe0, 0x80, 0xaf], '\\xe0\\x80\\xaf'],
    ['an overlong form of four', [0xf0, 0x80, 0x80, 0xaf], '\\xf0\\x80\\x80\\xaf'],
    ['a surrogate', [0xed, 0xa0, 0x80], '\\xed\\xa0\\x80'],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80], '\\xf4\\x90\\x80\\x80'],
    ['five bytes', [0xf8, 0x88, 0x80, 0x80, 0x80], '\\xf8\\x88\\x80\\x80\\x80'],
    ['a cut character', [0xe2, 0x82], '\\xe2\\x82'],
    ['a character broken by a quote', [0xe2, 0x22, 0xac], '\\xe2"\\xac'],
    ['quote and backslash', [0x22, 0x5c, 0x22], '"\\x5c"'],
    ['the text \\x41', Array.from('\\x41', (character) => character.charCodeAt(0)), '\\x5cx41'],
  ];
  for (const [title, bytes, text] of rows) {
    it(title, () => {
      assert.equal(seen(Uint8Array.from(bytes)), text);
      assert.equal(expected(Uint8Array.from(bytes)), text);
    });
  }

  it('every pair of bytes', () => {
    const out = new Uint8Array(12);
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second += first < 0xc0 ? 17 : 1) {
        const pair = Uint8Array.of(first, second);
        const end = writeJsonText(out, 0, pair, 0, 2);
        assert.equal(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(out.subarray(0, end))), expected(pair));
      }
    }
  });

  it('random bytes of the kinds that matter, at every cut', () => {
    const random = new SeededRandom(8259);
    const kinds = [0x00, 0x22, 0x41, 0x5c, 0x7f, 0x80, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xc3, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf3, 0xf4, 0xf5];
    for (let round = 0; round < 400; round++) {
      const content = Uint8Array.from({ length: 12 }, () => kinds[random.below(kinds.length)]);
      const cut = content.subarray(0, random.below(13));
      assert.equal(seen(cut), expected(cut));
    }
  });

  it('an empty value', () => assert.equal(seen(latin1('')), ''));
});
