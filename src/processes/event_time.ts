// Times of the kernel's events as people and databases want them.

import { writePadded } from '../bytes/write.js';
import { realTimeAheadNs } from '../host/clocks.js';
import { Clock, utcOffset } from '../record/clock.js';

const T = 0x54;
const Z = 0x5a;
const DOT = 0x2e;
const SECOND_NS = 1_000_000_000n;
/** The time of day may be set at any moment: it is looked at again for events that come this much later. */
const FRESH_NS = 100_000_000n;

const SET_NS = 100_000n;

/** Bytes of a time. */
export const TIME_BYTES = 30;

/** Writes moments of CLOCK_MONOTONIC as RFC 3339 in UTC, to the nanosecond. */
export class EventTime {
  private readonly clock = new Clock(utcOffset);
  private aheadNs = 0n;
  private askedNs = -FRESH_NS;

  /** @returns the offset behind, TIME_BYTES further */
  write(out: Uint8Array, at: number, monotonicNs: bigint): number {
    if (monotonicNs - this.askedNs >= FRESH_NS) {
      this.askedNs = monotonicNs;
      const aheadNs = realTimeAheadNs();
      // Two looks at two clocks never agree to the nanosecond: one moment has one time until the clock is really another.
      if (aheadNs - this.aheadNs > SET_NS || this.aheadNs - aheadNs > SET_NS) this.aheadNs = aheadNs;
    }
    const ns = monotonicNs + this.aheadNs;
    this.clock.set(Number(ns / SECOND_NS));
    let end = this.clock.write(out, at, T);
    out[end] = DOT;
    end = writePadded(out, end + 1, Number(ns % SECOND_NS), 9);
    out[end] = Z;
    return end + 1;
  }
}
