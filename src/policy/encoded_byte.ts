// Percent-encoding (RFC 3986 section 2.1) read a byte at a time, through any number of layers: `=`, `%3D`, `%253D` are all `=`.

import { hexDigit } from '../bytes/ascii.js';

const PERCENT = 0x25;
const TWO = 0x32;
const FIVE = 0x35;
/** Deeper layers count as this one: what nests in more is not told apart, so that looking ahead stays linear. */
const MAX_DEPTH = 3;

/** The byte that read() found. One object serves every value. */
export class EncodedByte {
  value = 0;
  /** layers of encoding around it: 0 for none, to 3 */
  depth = 0;
  /** offset behind it */
  next = 0;

  /** Reads the byte at `at`, which is below `end`; a `%` without two digits stands for itself. */
  read(bytes: Uint8Array, at: number, end: number): void {
    this.value = bytes[at];
    this.depth = 0;
    this.next = at + 1;
    if (this.value !== PERCENT) return;
    let digits = at + 1;
    let depth = 1;
    // A `%25` with two digits behind it is the percent sign of those.
    while (digits + 3 < end && bytes[digits] === TWO && bytes[digits + 1] === FIVE
      && hexDigit(bytes[digits + 2]) >= 0 && hexDigit(bytes[digits + 3]) >= 0) {
      digits += 2;
      depth++;
    }
    if (digits + 1 >= end) return;
    const high = hexDigit(bytes[digits]);
    const low = hexDigit(bytes[digits + 1]);
    if (high < 0 || low < 0) return;
    this.value = (high << 4) | low;
    this.depth = Math.min(depth, MAX_DEPTH);
    this.next = digits + 2;
  }
}
