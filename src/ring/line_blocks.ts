// Line blocks: where a parsing worker writes record lines and the log writer reads them. Each worker owns a few blocks;
// a full block, or the last one of a batch, is handed over by its number and comes back when its lines are in the file.
//
// Everything about a block is in this file. One SharedArrayBuffer each for
//
//   words     Int32Array    | STATE, BATCH, LAST, SOURCE, SEGMENTS, RECORDS, PASSES | segment 0 | segment 1 | ... |
//                             segment: REGION, PERIOD, OFFSET, LENGTH, LINES
//   numbers   Float64Array  | WATERMARK_SECONDS, WATERMARK_NANOSECONDS, counters of the batch so far |
//   bytes     Uint8Array    | region 0 | region 1 | ... |    one region a file kind: 1, or 4 with -log_split
//   records   Uint32Array   | record 0 | record 1 | ... |    only when several sources are merged by time
//                             record: SECONDS, NANOSECONDS, SEGMENT, OFFSET, LENGTH
//
// A segment is a run of whole lines of one file: one region, one period (a day, or as -rotate says). Lines of a region stand in capture order.
//
//   free --worker fills, then hand over: STATE = FULL, message with its number--> full --writer: STATE = FREE--> free

import { COUNTERS } from '../record/counters.js';

/** Segment words. */
export const SEGMENT = {
  /** 0 to regions - 1; with -log_split the record kind (record/kinds.ts) */
  REGION: 0,
  /** of the lines: periods of the length of -rotate, else days, since 1970-01-01 in the zone the format prints */
  PERIOD: 1,
  /** first byte in the block's bytes */
  OFFSET: 2,
  LENGTH: 3,
  LINES: 4,
} as const;
export const SEGMENT_WORDS = 5;
export const MAX_SEGMENTS = 256;

/** Record words, kept only when sources are merged. */
export const RECORD = {
  SECONDS: 0,
  NANOSECONDS: 1,
  SEGMENT: 2,
  /** first byte of its line in the block's bytes */
  OFFSET: 3,
  LENGTH: 4,
} as const;
export const RECORD_WORDS = 5;
export const MAX_RECORDS = 16384;

/** Header words of a block. */
export const BLOCK = {
  STATE: 0,
  /** batch number, modulo 2^32 */
  BATCH: 1,
  /** 1: nothing of this batch follows, the counters are those of the whole batch */
  LAST: 2,
  /** row of the source board */
  SOURCE: 3,
  SEGMENTS: 4,
  RECORDS: 5,
  /** how often it was handed over, modulo 2^32: a worker may die before it has said so */
  PASSES: 6,
} as const;
const HEADER_WORDS = 8;

/** Numbers of a block. */
export const BLOCK_NUMBER = {
  WATERMARK_SECONDS: 0,
  WATERMARK_NANOSECONDS: 1,
  COUNTERS: 2,
} as const;

const FREE = 0;
const FULL = 1;

/** The shared memory of one block, as it travels to worker and writer. */
export interface LineBlockMemory {
  readonly regions: number;
  readonly regionBytes: number;
  readonly words: SharedArrayBuffer;
  readonly numbers: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
  readonly records: SharedArrayBuffer;
}

/**
 * @param regions 1, or 4 with -log_split
 * @param regionBytes bytes a region; more than the longest record line
 * @param merging keep the record index
 */
export function allocateLineBlock(regions: number, regionBytes: number, merging: boolean): LineBlockMemory {
  return {
    regions,
    regionBytes,
    words: new SharedArrayBuffer((HEADER_WORDS + MAX_SEGMENTS * SEGMENT_WORDS) * 4),
    numbers: new SharedArrayBuffer((BLOCK_NUMBER.COUNTERS + COUNTERS) * 8),
    bytes: new SharedArrayBuffer(regions * regionBytes),
    records: new SharedArrayBuffer(merging ? MAX_RECORDS * RECORD_WORDS * 4 : 0),
  };
}

/** What a batch is known by. */
export interface BatchHead {
  readonly batch: number;
  readonly source: number;
  readonly watermarkSeconds: number;
  readonly watermarkNanoseconds: number;
}

/** A block seen from either end. */
export class LineBlock {
  readonly regions: number;
  readonly regionBytes: number;
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
  readonly records: Uint32Array;

  constructor(memory: LineBlockMemory) {
    this.regions = memory.regions;
    this.regionBytes = memory.regionBytes;
    this.words = new Int32Array(memory.words);
    this.numbers = new Float64Array(memory.numbers);
    this.bytes = new Uint8Array(memory.bytes);
    this.records = new Uint32Array(memory.records);
  }

  /** First word of segment number `segment`. */
  static segment(segment: number): number {
    return HEADER_WORDS + segment * SEGMENT_WORDS;
  }

  /** Whether the worker may write. */
  get isFree(): boolean {
    return Atomics.load(this.words, BLOCK.STATE) === FREE;
  }

  /**
   * The worker's: waits until the writer has given the block back.
   * @returns false when the time ran out first: look whether to go on and call again
   */
  waitFree(timeoutMs: number): boolean {
    if (Atomics.load(this.words, BLOCK.STATE) === FREE) return true;
    Atomics.wait(this.words, BLOCK.STATE, FULL, timeoutMs);
    return Atomics.load(this.words, BLOCK.STATE) === FREE;
  }

  /** The worker's: everything is written, the writer may read; its number is to be sent after this. */
  setFull(): void {
    this.words[BLOCK.PASSES]++;
    Atomics.store(this.words, BLOCK.STATE, FULL);
  }

  /**
   * Makes this, a block without lines, the last one of a batch and full.
   * @param counters of the whole batch
   */
  close(head: BatchHead, counters: Float64Array): void {
    this.setHead(head, counters, true);
    this.words[BLOCK.SEGMENTS] = 0;
    this.words[BLOCK.RECORDS] = 0;
    this.setFull();
  }

  /** The worker's: what the lines in it belong to. @param counters of the batch so far */
  setHead(head: BatchHead, counters: Float64Array, last: boolean): void {
    const { words, numbers } = this;
    words[BLOCK.BATCH] = head.batch;
    words[BLOCK.LAST] = last ? 1 : 0;
    words[BLOCK.SOURCE] = head.source;
    numbers[BLOCK_NUMBER.WATERMARK_SECONDS] = head.watermarkSeconds;
    numbers[BLOCK_NUMBER.WATERMARK_NANOSECONDS] = head.watermarkNanoseconds;
    numbers.set(counters, BLOCK_NUMBER.COUNTERS);
  }

  /** The writer's: lines are in the file (or copied), the worker may write again. */
  setFree(): void {
    Atomics.store(this.words, BLOCK.STATE, FREE);
    Atomics.notify(this.words, BLOCK.STATE, 1);
  }
}
