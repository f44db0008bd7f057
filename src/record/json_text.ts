// Bytes of a message as a JSON string. Valid UTF-8 (RFC 3629) stays; everything that is not, the controls C0, DEL and C1, and
// the backslash become the text \xHH, whose own backslash JSON doubles.

import { writeHexEscape } from '../bytes/write.js';
import { utf8Length } from './utf8.js';

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
