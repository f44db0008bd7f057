// One write, carried through short writes, interruptions and pipes that are full.

import { setTimeout as sleep } from 'node:timers/promises';
import type { FileAccess } from './file_access.js';
import { errorCode } from './log_error.js';

const FIRST_DELAY_MS = 1;
const LONGEST_DELAY_MS = 50;

export interface WriteEnd {
  /** bytes that went out */
  readonly written: number;
  /** undefined when everything went out, else what the system said to the rest */
  readonly error: unknown;
}

/**
 * Writes all parts one after the other.
 * @param patienceMs how long to wait for a descriptor that takes nothing (EAGAIN) before that counts as an error; starts
 *   anew with every byte it takes
 * @returns never rejects
 */
export async function writeWhole(
  files: FileAccess, fd: number, parts: readonly Uint8Array[], patienceMs: number,
): Promise<WriteEnd> {
  let rest = parts;
  let written = 0;
  let waitedMs = 0;
  let delayMs = FIRST_DELAY_MS;
  for (;;) {
    rest = withoutEmpty(rest);
    if (rest.length === 0) return { written, error: undefined };
    let taken = 0;
    let error: unknown = undefined;
    try {
      taken = await files.write(fd, rest);
    } catch (cause) {
      error = cause;
    }
    if (taken > 0) {
      written += taken;
      rest = after(rest, taken);
      waitedMs = 0;
      delayMs = FIRST_DELAY_MS;
      continue;
    }
    const code = errorCode(error);
    if (code === 'EINTR') continue;
    // A write that takes nothing and says nothing is waited for like a full pipe, and must not spin.
    if (error === undefined) error = new Error('the system accepts no bytes');
    else if (code !== 'EAGAIN') return { written, error };
    if (waitedMs >= patienceMs) return { written, error };
    await sleep(delayMs);
    waitedMs += delayMs;
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
  }
}

function withoutEmpty(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  return parts.some((part) => part.length === 0) ? parts.filter((part) => part.length > 0) : parts;
}

function after(parts: readonly Uint8Array[], taken: number): readonly Uint8Array[] {
  let first = 0;
  let left = taken;
  while (first < parts.length && left >= parts[first].length) {
    left -= parts[first].length;
    first++;
  }
  const rest = parts.slice(first);
  if (left > 0) rest[0] = rest[0].subarray(left);
  return rest;
}
