// The ordered asynchronous log writer, on the main thread. Parsing workers fill line blocks and main delivers their numbers;
// the writer hands their lines to the sink in capture order and gives the blocks back.
//
//   deliver(n) --> BatchOrder --> sink.write(lines as they lie in the blocks) --> onBatch, setFree
//                     several sources: --> TimeMerge (copies; onBatch, setFree) --> sink.write
//
// One loop, one write at a time. Nothing here queues without bound: there are only so many blocks, and the merge has its
// window. While the sink waits (slow disk, full pipe) blocks stay full and the workers wait for them.

import { BLOCK, BLOCK_NUMBER, type LineBlock } from '../ring/line_blocks.js';
import { BatchOrder } from './batch_order.js';
import { appendRuns, linesOf } from './block_runs.js';
import type { LineSink } from './line_sink.js';
import type { LineRun } from './lines.js';
import type { TimeMerge } from './time_merge.js';
import type { WriteTotals } from './write_ledger.js';

/** Enough for one write; blocks behind it wait for the next, so that the first ones return to their workers soon. */
const GATHER_BYTES = 1 << 20;

export interface LogWriterOptions {
  /** every worker's, by the numbers they are delivered under */
  readonly blocks: readonly LineBlock[];
  readonly sink: LineSink;
  /**
   * A batch is through: in order of the batches, when its lines are written or lost (merging: copied).
   * @param source row of the source board
   * @param counters its counters (record/counters.ts), valid until this returns
   */
  readonly onBatch: (source: number, counters: Float64Array) => void;
  /** with several sources: puts their lines into order of time */
  readonly merge?: TimeMerge;
  /** number of the first batch; default 0 */
  readonly firstBatch?: number;
  /** a monotonic clock, milliseconds */
  readonly now?: () => number;
}

export class LogWriter {
  /** Rejects with what a sink or a callback threw at the loop, which none should; what it was writing then is lost. */
  readonly broken: Promise<never>;
  private breakDown: (error: unknown) => void = () => undefined;
  private readonly blocks: readonly LineBlock[];
  private readonly sink: LineSink;
  private readonly merge: TimeMerge | undefined;
  private readonly onBatch: (source: number, counters: Float64Array) => void;
  private readonly now: () => number;
  private readonly order: BatchOrder;
  private working = false;
  /** something has changed since the loop last looked */
  private stirred = false;
  /** lines that went into the merge */
  private copied = 0;
  private ticked = false;
  private draining = false;
  private closed = false;
  private idleWaiters: (() => void)[] = [];
  private reopenWaiters: (() => void)[] = [];

  constructor({ blocks, sink, onBatch, merge, firstBatch = 0, now = () => performance.now() }: LogWriterOptions) {
    this.blocks = blocks;
    this.sink = sink;
    this.merge = merge;
    this.onBatch = onBatch;
    this.now = now;
    this.order = new BatchOrder(firstBatch);
    this.broken = new Promise((_, reject) => (this.breakDown = reject));
    this.broken.catch(() => undefined); // whoever wants to know waits for it
  }

  get totals(): WriteTotals {
    return this.sink.ledger;
  }

  /**
   * A worker has filled a block. Returns at once.
   * @param number of the block, as the worker's message says; blocks of one batch in their order
   */
  deliver(number: number): void {
    const block = this.blocks[number];
    const lines = linesOf(block);
    this.sink.ledger.delivered(lines);
    if (this.closed) {
      this.sink.ledger.discarded(lines);
      block.setFree();
      return;
    }
    this.order.add(block);
    this.stir();
  }

  /** Merging: the source is there, maybe long before its first batch. */
  sourceOpened(source: number): void {
    this.merge?.sourceOpened(source);
  }

  /** Merging: the source is at its end; the others need not wait for it any more. */
  sourceEnded(source: number): void {
    this.merge?.sourceEnded(source);
    this.stir();
  }

  /** Housekeeping: call it a few times a second when live. Lets aged lines out of the merge, closes files long unused. */
  tick(): void {
    if (this.closed) return;
    this.ticked = true;
    this.stir();
  }

  /** Resolves when nothing more can be written of what was delivered: what is left waits for an earlier batch or the merge. */
  idle(): Promise<void> {
    if (!this.working) return Promise.resolve();
    return new Promise((resolve) => this.idleWaiters.push(resolve));
  }

  /** SIGHUP: closes the files after what is being written; the next lines open them anew. Resolves when they are closed. */
  reopen(): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      this.reopenWaiters.push(resolve);
      this.stir();
    });
  }

  /**
   * Writes everything that was delivered, also what waits for a batch that never came or for the merge, and closes the
   * sink. Blocks delivered later are given back, their lines counted as lost.
   */
  async close(): Promise<void> {
    if (this.closed) return;
    this.draining = true;
    this.stir();
    await this.idle();
    this.closed = true;
    await this.sink.close();
  }

  /**
   * The run ends here, written or not: counts as lost what the merge holds, for its batches have been counted. Lines that wait in
   * blocks fall with the frames of theirs, which have not.
   */
  abandon(): void {
    const { ledger } = this.sink;
    ledger.discarded(Math.max(0, this.copied - ledger.linesWritten - ledger.linesLost));
  }

  private stir(): void {
    this.stirred = true;
    if (!this.working) void this.work();
  }

  private async work(): Promise<void> {
    this.working = true;
    try {
      while (this.stirred) {
        this.stirred = false;
        await this.keepHouse();
        while (await this.writeSome()) await this.keepHouse();
      }
    } catch (error) {
      this.breakDown(error);
    } finally {
      // Whatever happens, close() must not wait for ever.
      this.working = false;
      const waiters = this.idleWaiters;
      this.idleWaiters = [];
      for (const resolve of waiters) resolve();
    }
  }

  private async keepHouse(): Promise<void> {
    if (this.ticked) {
      this.ticked = false;
      this.merge?.expire(this.now());
      await this.sink.tend(this.now());
    }
    if (this.reopenWaiters.length > 0) {
      const waiters = this.reopenWaiters;
      this.reopenWaiters = [];
      await this.sink.reopen();
      for (const resolve of waiters) resolve();
    }
  }

  /** @returns false when there was nothing to do */
  private writeSome(): Promise<boolean> {
    return this.merge === undefined ? this.writeBlocks() : this.writeMerged(this.merge);
  }

  private async writeBlocks(): Promise<boolean> {
    const taken: LineBlock[] = [];
    const runs: LineRun[] = [];
    let bytes = 0;
    while (bytes < GATHER_BYTES) {
      const block = this.take();
      if (block === undefined) break;
      taken.push(block);
      bytes += appendRuns(block, runs);
    }
    await this.write(runs);
    for (const block of taken) this.giveBack(block);
    return taken.length > 0;
  }

  private async writeMerged(merge: TimeMerge): Promise<boolean> {
    let took = false;
    while (!merge.isFull) {
      const block = this.take();
      if (block === undefined) {
        if (this.draining) merge.flush();
        break;
      }
      took = true;
      merge.add(block, this.now());
      this.copied += linesOf(block);
      this.giveBack(block);
    }
    const runs = merge.take();
    await this.write(runs);
    return took || runs.length > 0;
  }

  private async write(runs: readonly LineRun[]): Promise<void> {
    if (runs.length === 0) return;
    const beganMs = performance.now();
    await this.sink.write(runs);
    this.sink.ledger.latency.observe((performance.now() - beganMs) / 1000);
  }

  private take(): LineBlock | undefined {
    const block = this.order.take();
    if (block !== undefined || !this.draining) return block;
    this.order.skipMissing();
    return this.order.take();
  }

  private giveBack(block: LineBlock): void {
    const { words, numbers } = block;
    if (words[BLOCK.LAST] === 1) this.onBatch(words[BLOCK.SOURCE], numbers.subarray(BLOCK_NUMBER.COUNTERS));
    block.setFree();
  }
}
