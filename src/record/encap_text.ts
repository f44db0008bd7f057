// A wrapper's name as the formats write it: `gre`, or `vxlan:4096` where a number belongs to it.

import { COLON, ascii } from '../bytes/ascii.js';
import { writeBytes, writeDecimal } from '../bytes/write.js';
import { ENCAPS } from '../wire/encap.js';
import type { Frame } from '../wire/frame.js';

const NAMES = ENCAPS.map(({ name }) => ascii(name));

/** Writes wrapper number `i` of a frame. @returns the offset behind */
export function writeEncap(out: Uint8Array, at: number, frame: Frame, i: number): number {
  const encap = frame.encaps[i];
  const end = writeBytes(out, at, NAMES[encap]);
  if (!ENCAPS[encap].id) return end;
  out[end] = COLON;
  return writeDecimal(out, end + 1, frame.encapIds[i]);
}
