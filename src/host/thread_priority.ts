// Threads that go before others: what they wait for is there for a millisecond. Linux counts niceness by thread (setpriority(2)).

import { constants, setPriority } from 'node:os';
import { bind } from './libc.js';

const setLimit = bind<(pid: number, resource: number, limit: BigUint64Array, old: null) => number>('int prlimit64(int, int, void*, void*)');
/** linux/resource.h; of niceness N it says 20 - N */
const RLIMIT_NICE = 13;
const MOST_PREFERRED = 40n;

/** Lets threads of this process go before others whatever privileges they have by then. Takes root; without, nothing changes. */
export function allowPreference(): void {
  setLimit(0, RLIMIT_NICE, new BigUint64Array([MOST_PREFERRED, MOST_PREFERRED]), null);
}

/** Has the calling thread go before others. @returns whether that is allowed: root, CAP_SYS_NICE or a limit (RLIMIT_NICE) */
export function preferThisThread(): boolean {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
    return true;
  } catch {
    return false;
  }
}
