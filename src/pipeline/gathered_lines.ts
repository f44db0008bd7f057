// Lines of many small batches in one block: handing a block to the writer wakes two threads, whatever it holds. To the writer a
// block's batches are one; it gets them under numbers of their own.

import { COUNTER, COUNTERS } from '../record/counters.js';
import type { BatchHead } from '../ring/line_blocks.js';
import { LineOutput } from './line_output.js';

/** Lines wait this long, and their batches' counters with them. */
export const GATHER_MS = 50;
/** So many bytes do not wait. */
export const GATHER_BYTES = 1 << 20;

export class GatheredLines extends LineOutput {
  private readonly head = { batch: 0, source: 0, watermarkSeconds: 0, watermarkNanoseconds: 0 };
  private readonly sums = new Float64Array(COUNTERS);
  private gathering = false;
  private dueMs = Infinity;

  override reserve(head: BatchHead, counters: Float64Array, region: number, day: number, bound: number): number {
    return this.begin(head) ? super.reserve(this.head, counters, region, day, bound) : -1;
  }

  override finish(head: BatchHead, counters: Float64Array): boolean {
    if (!this.begin(head)) return false;
    const { sums } = this;
    for (let counter = 0; counter < sums.length; counter++) sums[counter] += counters[counter];
    this.head.watermarkSeconds = head.watermarkSeconds;
    this.head.watermarkNanoseconds = head.watermarkNanoseconds;
    return sums[COUNTER.LINE_BYTES] < GATHER_BYTES || this.handOn();
  }

  /** A block is of one source. @returns false when waiting for a block was given up */
  private begin(head: BatchHead): boolean {
    if (this.gathering && head.source === this.head.source) return true;
    if (!this.handOn()) return false;
    this.head.source = head.source;
    this.gathering = true;
    this.dueMs = performance.now() + GATHER_MS;
    return true;
  }

  /** When what is gathered should be handed on, by performance.now(); Infinity when there is nothing. */
  get due(): number {
    return this.dueMs;
  }

  /** Hands everything to the writer. @returns false when waiting for a block was given up */
  handOn(): boolean {
    if (!this.gathering) return true;
    const { head, sums } = this;
    const handed = super.finish(head, sums);
    this.gathering = false;
    this.dueMs = Infinity;
    head.batch = (head.batch + 1) | 0;
    for (let counter = 0; counter < sums.length; counter++) sums[counter] = 0;
    return handed;
  }
}
