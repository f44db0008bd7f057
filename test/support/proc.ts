// What /proc says of a process that may end at any moment.

import { readFileSync } from 'node:fs';

/** A file below /proc, undefined when its process, or thread, is gone. */
export function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch (error) {
    // Gone before it is opened, or between that and the reading.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Whether a process runs: one that has ended and that nobody has waited for does not. */
export function isAlive(pid: number): boolean {
  const status = readProc(`${pid}/status`);
  return status !== undefined && !/^State:\s+[ZX]/m.test(status);
}

/** Whether a process has a handler for the signal with this number. */
export function catches(pid: number, signal: number): boolean {
  const [, mask] = /^SigCgt:\s*([0-9a-f]+)/m.exec(readProc(`${pid}/status`) ?? '') ?? [, '0'];
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}
