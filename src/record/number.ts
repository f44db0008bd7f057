// Numbers as messages write them.

import { ZERO, ascii, isDigit } from '../bytes/ascii.js';

/** 2^53 - 1 has 16 digits. */
const MAX_SAFE = ascii(String(Number.MAX_SAFE_INTEGER));

/** Whether the bytes are a decimal number in its canonical form (no sign, no leading zero) that is safe to read as a double. */
export function isCanonicalNumber(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length <= 0 || length > MAX_SAFE.length || (length > 1 && bytes[from] === ZERO)) return false;
  for (let i = from; i < to; i++) if (!isDigit(bytes[i])) return false;
  if (length < MAX_SAFE.length) return true;
  let same = 0;
  while (same < length - 1 && bytes[from + same] === MAX_SAFE[same]) same++;
  return bytes[from + same] <= MAX_SAFE[same];
}
