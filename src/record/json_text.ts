// Bytes of a message as a JSON string. Valid UTF-8 (RFC 3629) stays; everything that is not, the controls C0, DEL and C1, and
// the backslash become the text \xHH, whose own backslash JSON doubles.

import { writeHexEscape } from '../bytes/write.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Most bytes one byte of a message becomes: `\\xHH`. */
export const ESCAPED_JSON_BYTES = 5;

/** 1 for bytes that stand for themselves: printable ASCII but the quote and the backslash. */
const plain = Uint8Array.from({ length: 256 }, (_, byte) => (
  byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0));

/**
 * Writes `from` to `to` as a string with its quotes.
 * @returns the offset behind, at most 2 + ESCAPED_JSON_BYTES * (to - from) further
 */
export function writeJsonText(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  let end = at;
  out[end++] = QUOTE;
  let i = from;
  while (i < to) {
    const byte = bytes[i];
    if (plain[byte] === 1) {
      out[end++] = byte;
      i++;
    } else if (byte === QUOTE) {
      out[end++] = BACKSLASH;
      out[end++] = QUOTE;
      i++;
    } else {
      const length = utf8Length(bytes, i, to);
      if (length === 0) {
        out[end++] = BACKSLASH;
        end = writeHexEscape(out, end, byte);
        i++;
      } else {
        for (const behind = i + length; i < behind; i++) out[end++] = bytes[i];
      }
    }
  }
  out[end++] = QUOTE;
  return end;
}

/** Length of the UTF-8 character at `at`, 2 to 4; 0 where there is none that may stand: invalid, cut, or a C1 control. */
function utf8Length(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at];
  if (first < 0xc2 || first > 0xf4 || at + 1 >= end) return 0;
  const second = bytes[at + 1];
  if (first < 0xe0) {
    if (first === 0xc2 && second < 0xa0) return 0;
    return isContinuation(second) ? 2 : 0;
  }
  if (at + 2 >= end || !isContinuation(second) || !isContinuation(bytes[at + 2])) return 0;
  if (first < 0xf0) {
    // Overlong forms and surrogates are no characters.
    return (first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f) ? 0 : 3;
  }
  if (at + 3 >= end || !isContinuation(bytes[at + 3])) return 0;
  return (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f) ? 0 : 4;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
