// What the raw code of an exit event says: the status of wait(2).

import { constants } from 'node:os';

const SIGNAL_MASK = 0x7f;
const STATUS_SHIFT = 8;
const STATUS_MASK = 0xff;
/** glibc keeps the first two real-time signals for itself. */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** The first name of each number: SIGABRT, not SIGIOT. */
const NAMES = new Map<number, string>();
for (const [name, number] of Object.entries(constants.signals)) if (!NAMES.has(number)) NAMES.set(number, name);

/** What the program gave to exit(2), 0 to 255; -1 when a signal ended it. */
export function exitStatusOf(code: number): number {
  return (code & SIGNAL_MASK) === 0 ? (code >>> STATUS_SHIFT) & STATUS_MASK : -1;
}

/** The signal that ended it, such as SIGKILL or SIGRTMIN+2; '' when none did. */
export function signalOf(code: number): string {
  const number = code & SIGNAL_MASK;
  if (number === 0) return '';
  if (number >= SIGRTMIN && number <= SIGRTMAX) return number === SIGRTMIN ? 'SIGRTMIN' : `SIGRTMIN+${number - SIGRTMIN}`;
  return NAMES.get(number) ?? `SIG${number}`;
}
