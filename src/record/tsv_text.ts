// Bytes of a message as a string of Zeek's log format. Valid UTF-8 stays, as since Zeek 4; everything that is not, control characters
// and the backslash become \xHH, and so does the first byte of a value that would read as something else.

import { SPACE, ascii } from '../bytes/ascii.js';
import { writeBytes, writeHexEscape } from '../bytes/write.js';
import { utf8Length } from './utf8.js';

/** What stands for an absent value and for an empty one. */
export const TSV_UNSET = '-';
export const TSV_EMPTY = '(empty)';

const DASH = 0x2d;
const HASH = 0x23;
const BACKSLASH = 0x5c;
const EMPTY = ascii(TSV_EMPTY);

/** Most bytes one byte of a message becomes. */
export const ESCAPED_TSV_BYTES = 4;

const plain = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= SPACE && byte < 0x7f && byte !== BACKSLASH ? 1 : 0));

/**
 * Writes `from` to `to`.
 * @param beginsLine the value is the first of its line, where a `#` would make it a comment
 * @returns the offset behind, at most EMPTY's length or ESCAPED_TSV_BYTES * (to - from) further
 */
export function writeTsvText(out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number, beginsLine: boolean): number {
  if (from === to) return writeBytes(out, at, EMPTY);
  let end = at;
  let i = from;
  if (isReserved(bytes, from, to) || (beginsLine && bytes[from] === HASH)) end = writeHexEscape(out, end, bytes[i++]);
  while (i < to) {
    const byte = bytes[i];
    if (plain[byte] === 1) {
      out[end++] = byte;
      i++;
      continue;
    }
    const length = utf8Length(bytes, i, to);
    if (length === 0) end = writeHexEscape(out, end, bytes[i++]);
    else for (const behind = i + length; i < behind; i++) out[end++] = bytes[i];
  }
  return end;
}

/** Whether the value is literally what stands for an absent or an empty one. */
function isReserved(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from === 1) return bytes[from] === DASH;
  if (to - from !== EMPTY.length) return false;
  for (let i = 0; i < EMPTY.length; i++) if (bytes[from + i] !== EMPTY[i]) return false;
  return true;
}
