// The kernel's clocks (clock_gettime(2)) beside each other: events have one, /proc another, people a third.

import koffi from 'koffi';
import { bind } from './libc.js';

/** struct timespec: two longs */
const clockGettime = bind<(clock: number, into: Uint8Array) => number>('int clock_gettime(int, void*)');
/** linux/time.h */
const CLOCK = { REALTIME: 0, MONOTONIC: 1, BOOTTIME: 7 } as const;
const SECOND_NS = 1_000_000_000n;

const bytes = new Uint8Array(16);
const longs = koffi.sizeof('long') === 8 ? new BigInt64Array(bytes.buffer) : new Int32Array(bytes.buffer);

function clockNs(clock: number): bigint {
  clockGettime(clock, bytes);
  return BigInt(longs[0]) * SECOND_NS + BigInt(longs[1]);
}

/** CLOCK_MONOTONIC, nanoseconds: stands still while the machine sleeps. */
export function monotonicNs(): bigint {
  return clockNs(CLOCK.MONOTONIC);
}

/** How long the machine has slept since boot: what CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC. A few microseconds too much at most. */
export function sleptNs(): bigint {
  const monotonic = clockNs(CLOCK.MONOTONIC);
  return clockNs(CLOCK.BOOTTIME) - monotonic;
}

/** What the time of day is ahead of CLOCK_MONOTONIC; it changes when the clock is set. */
export function realTimeAheadNs(): bigint {
  const before = clockNs(CLOCK.MONOTONIC);
  const real = clockNs(CLOCK.REALTIME);
  const after = clockNs(CLOCK.MONOTONIC);
  return real - (before + after) / 2n;
}
