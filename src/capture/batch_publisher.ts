// Publishes batches of several sources, one open slot at a time, and moves the watermarks of those that have nothing to say:
// the writer merges sources by time and would else wait for an idle one.

import type { BatchProducer } from '../ring/batch_producer.js';
import type { BatchTaker } from './batch_taker.js';
import { BLOCK_TIMEOUT_MS } from './live_handle.js';
import type { LiveSource } from './live_source.js';

/** How long an idle source's frames may still be on their way to us: two block time-outs, and one for a busy machine. */
const WATERMARK_LAG_MS = 3 * BLOCK_TIMEOUT_MS;

export class BatchPublisher {
  /** whose frames the open slot holds */
  private owner: LiveSource | undefined;
  /** watermark of each row's last batch, seconds */
  private readonly watermarks: number[] = [];
  /** time of the newest frame published, seconds */
  private newest = 0;

  /** @param taker who parses each batch at once in this thread; undefined: workers take them */
  constructor(private readonly producer: BatchProducer, private readonly taker: BatchTaker | undefined) {}

  /** Frames in the open slot that wait for publish(). */
  get pending(): number {
    return this.owner === undefined ? 0 : this.producer.frames;
  }

  /**
   * Has a slot open for a source; publishes what another one left in it.
   * @returns false when the workers have every slot: try again
   */
  open(source: LiveSource, timeoutMs: number): boolean {
    if (this.owner !== source) this.publish();
    if (!this.producer.acquire(timeoutMs)) return false;
    this.owner = source;
    return true;
  }

  /** Hands over the open slot if it holds frames. */
  publish(): void {
    const { owner, producer } = this;
    this.owner = undefined;
    if (owner === undefined || producer.frames === 0) return;
    const seconds = owner.newestSeconds;
    producer.publish(owner.row, owner.nextFrame - producer.frames, seconds, owner.newestNanoseconds);
    this.taker?.take();
    this.watermarks[owner.row] = seconds + owner.newestNanoseconds / 1e9;
    this.newest = Math.max(this.newest, this.watermarks[owner.row]);
  }

  /** Moves the watermark of a source that just had nothing (or is closed), if frames of others wait for that and a slot is free. */
  advance(source: LiveSource): void {
    const before = this.watermarks[source.row] ?? 0;
    const milliseconds = Date.now() - WATERMARK_LAG_MS;
    // Its own frames may be newer than the lag: the watermark never goes back.
    if (before >= this.newest || milliseconds / 1000 <= before) return;
    const seconds = Math.floor(milliseconds / 1000);
    this.empty(source, seconds, (milliseconds - seconds * 1000) * 1e6);
  }

  /**
   * Tells by an endless watermark that a source is closed for good: nobody waits for it any more, even should it come back.
   * @returns false when the workers have every slot: try again
   */
  finish(source: LiveSource): boolean {
    return this.empty(source, Infinity, 0);
  }

  private empty(source: LiveSource, seconds: number, nanoseconds: number): boolean {
    this.publish();
    if (!this.producer.acquire(0)) return false;
    this.producer.publish(source.row, source.nextFrame, seconds, nanoseconds);
    this.taker?.take();
    this.watermarks[source.row] = seconds + nanoseconds / 1e9;
    return true;
  }
}
