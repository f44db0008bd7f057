// Leaving the process at once.

import koffi from 'koffi';

const leave = koffi.load(null).func('void _exit(int status)');

/**
 * Ends the process without waiting for anything (exit(3) would join Node's thread pool, which may stand in a write to a pipe
 * that nobody reads). What streams still hold is lost: say everything synchronously before.
 */
export function exitAtOnce(status: number): void {
  leave(status);
}
