// Puts the lines of several sources into order of time, within a bounded window. A source's own order is never changed, even
// when its clock goes back; at equal times the lower row comes first.
//
// A line may go out when no open source can still bring an older one: each has a line waiting (it is compared) or has said by
// its watermark that it is past that time. It goes out without that assurance when the window is full, when it has waited
// too long (live: a source may stand still), and at the end.

import { BLOCK, BLOCK_NUMBER, type LineBlock } from '../ring/line_blocks.js';
import type { LineRun } from './lines.js';
import { SourceHeap, isBefore } from './source_heap.js';
import { LineChunk, SourceLines } from './source_lines.js';

const WINDOW_BYTES = 16 << 20;
const MAX_AGE_MS = 1_000;
/** What one writev takes (IOV_MAX). */
const MAX_RUNS = 1024;

export interface TimeMergeOptions {
  /** rows 0 to this - 1 are waited for from the start; others from their first batch on */
  readonly sources: number;
  /** bytes of lines held before the oldest go out unasked; default 16 MiB. One block more may be held. */
  readonly windowBytes?: number;
  /** how long expire() lets a line wait, milliseconds; default 1000 */
  readonly maxAgeMs?: number;
}

export class TimeMerge {
  /** bytes of the lines held */
  heldBytes = 0;
  private readonly windowBytes: number;
  private readonly maxAgeMs: number;
  private readonly all = new Map<number, SourceLines>();
  /** those that are not at their end */
  private readonly open = new Map<number, SourceLines>();
  private readonly heap = new SourceHeap();
  private oldestArrival: LineChunk | undefined;
  private newestArrival: LineChunk | undefined;
  /** chunks that arrived until then go out whatever the watermarks say */
  private releaseUntilMs = -Infinity;
  // The barrier: the oldest line that an open source without waiting lines may still bring.
  private barrierSeconds = Infinity;
  private barrierNanoseconds = 0;
  private barrierRow = 0;

  constructor({ sources, windowBytes = WINDOW_BYTES, maxAgeMs = MAX_AGE_MS }: TimeMergeOptions) {
    this.windowBytes = windowBytes;
    this.maxAgeMs = maxAgeMs;
    for (let row = 0; row < sources; row++) this.source(row);
  }

  /** Whether lines have to be taken before more is added. */
  get isFull(): boolean {
    return this.heldBytes > this.windowBytes;
  }

  /**
   * Copies the lines of a block, which may be given back after this. Blocks come in order of their batches.
   * @param nowMs a monotonic clock
   */
  add(block: LineBlock, nowMs: number): void {
    const { words, numbers } = block;
    const source = this.source(words[BLOCK.SOURCE]);
    if (words[BLOCK.RECORDS] > 0) this.push(source, new LineChunk(block, nowMs));
    // The watermark is of the whole batch: its later blocks may hold older lines.
    if (words[BLOCK.LAST] !== 1) return;
    source.raiseWatermark(numbers[BLOCK_NUMBER.WATERMARK_SECONDS], numbers[BLOCK_NUMBER.WATERMARK_NANOSECONDS]);
    if (source.watermarkSeconds === Infinity) this.open.delete(source.row);
  }

  /** The source is there: lines of others wait for its word from now on, even before its first batch. */
  sourceOpened(row: number): void {
    this.source(row);
  }

  /** The source is at its end (or could not be opened): nobody waits for it. Lines of it that still come are merged. */
  sourceEnded(row: number): void {
    this.source(row).raiseWatermark(Infinity, 0);
    this.open.delete(row);
  }

  /** Live: lines that have waited too long go out with the next take(). */
  expire(nowMs: number): void {
    this.releaseUntilMs = Math.max(this.releaseUntilMs, nowMs - this.maxAgeMs);
  }

  /** Everything held goes out with the next calls of take(). */
  flush(): void {
    if (this.newestArrival !== undefined) this.releaseUntilMs = Math.max(this.releaseUntilMs, this.newestArrival.arrivedMs);
  }

  /** @returns the next lines that may go out, in their order; empty when none may. Call again for more. */
  take(): LineRun[] {
    const runs: LineRun[] = [];
    this.findBarrier();
    while (runs.length < MAX_RUNS) {
      const source = this.heap.top;
      const chunk = source?.chunk;
      if (source === undefined || chunk === undefined || !this.mayGo(source)) break;
      runs.push(this.takeRun(source, chunk));
    }
    return runs;
  }

  private source(row: number): SourceLines {
    let source = this.all.get(row);
    if (source === undefined) {
      source = new SourceLines(row);
      this.all.set(row, source);
      this.open.set(row, source);
    }
    return source;
  }

  private push(source: SourceLines, chunk: LineChunk): void {
    const waiting = source.chunk !== undefined;
    source.push(chunk);
    if (!waiting) this.heap.push(source);
    this.link(chunk);
    this.heldBytes += chunk.size;
  }

  private link(chunk: LineChunk): void {
    chunk.previousArrival = this.newestArrival;
    if (this.newestArrival === undefined) this.oldestArrival = chunk;
    else this.newestArrival.nextArrival = chunk;
    this.newestArrival = chunk;
  }

  /** An empty chunk is let go at once: one that waits long must not keep all that came after it in memory. */
  private unlink({ previousArrival, nextArrival }: LineChunk): void {
    if (previousArrival === undefined) this.oldestArrival = nextArrival;
    else previousArrival.nextArrival = nextArrival;
    if (nextArrival === undefined) this.newestArrival = previousArrival;
    else nextArrival.previousArrival = previousArrival;
  }

  private findBarrier(): void {
    this.barrierSeconds = Infinity;
    for (const source of this.open.values()) if (source.chunk === undefined) this.lowerBarrier(source);
  }

  private lowerBarrier({ watermarkSeconds, watermarkNanoseconds, row }: SourceLines): void {
    const { barrierSeconds, barrierNanoseconds, barrierRow } = this;
    if (!isBefore(watermarkSeconds, watermarkNanoseconds, row, barrierSeconds, barrierNanoseconds, barrierRow)) return;
    this.barrierSeconds = watermarkSeconds;
    this.barrierNanoseconds = watermarkNanoseconds;
    this.barrierRow = row;
  }

  private mayGo({ seconds, nanoseconds, row }: SourceLines): boolean {
    return isBefore(seconds, nanoseconds, row, this.barrierSeconds, this.barrierNanoseconds, this.barrierRow)
      || this.isFull || this.isReleased();
  }

  private isReleased(): boolean {
    return this.oldestArrival !== undefined && this.oldestArrival.arrivedMs <= this.releaseUntilMs;
  }

  /** Takes the first line of the top source, and those that follow it there in the same file while they may go out next. */
  private takeRun(source: SourceLines, chunk: LineChunk): LineRun {
    const { region, period, offset } = chunk;
    let end = offset;
    let lines = 0;
    do {
      end += chunk.length;
      lines++;
      this.heldBytes -= chunk.length;
      source.advance();
      if (source.chunk !== undefined) this.heap.topAdvanced();
      else {
        this.heap.pop();
        if (this.open.has(source.row)) this.lowerBarrier(source);
      }
    } while (
      this.heap.top === source && source.chunk === chunk && chunk.region === region && chunk.period === period
      && chunk.offset === end && this.mayGo(source)
    );
    if (chunk.isEmpty) this.unlink(chunk);
    return { region, period, bytes: chunk.bytes.subarray(offset, end), lines };
  }
}
