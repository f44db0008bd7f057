// The lines of one source that wait to be merged, in the source's own order.

import { BLOCK, LineBlock, RECORD, RECORD_WORDS, SEGMENT, SEGMENT_WORDS } from '../ring/line_blocks.js';

/** What was copied out of one block. */
export class LineChunk {
  nextOfSource: LineChunk | undefined;
  /** neighbours in the list of arrivals of all sources */
  previousArrival: LineChunk | undefined;
  nextArrival: LineChunk | undefined;
  /** the lines not yet taken: records from here to `records` */
  taken = 0;
  readonly records: number;
  readonly size: number;
  readonly bytes: Uint8Array;
  private readonly index: Uint32Array;
  private readonly segments: Int32Array;
  /** by segment: what to add to an offset in the block for the one in `bytes` */
  private readonly shifts: Int32Array;

  /** @param arrivedMs when, by the monotonic clock of the writer */
  constructor({ words, bytes, records }: LineBlock, readonly arrivedMs: number) {
    const segments = words[BLOCK.SEGMENTS];
    this.records = words[BLOCK.RECORDS];
    this.index = records.slice(0, this.records * RECORD_WORDS);
    this.segments = words.slice(LineBlock.segment(0), LineBlock.segment(segments));
    this.shifts = new Int32Array(segments);
    let size = 0;
    for (let segment = 0; segment < segments; segment++) size += this.segmentWord(segment, SEGMENT.LENGTH);
    this.size = size;
    this.bytes = new Uint8Array(size);
    let at = 0;
    for (let segment = 0; segment < segments; segment++) {
      const offset = this.segmentWord(segment, SEGMENT.OFFSET);
      const length = this.segmentWord(segment, SEGMENT.LENGTH);
      this.bytes.set(bytes.subarray(offset, offset + length), at);
      this.shifts[segment] = at - offset;
      at += length;
    }
  }

  get isEmpty(): boolean {
    return this.taken === this.records;
  }

  // The accessors below are of the first line not yet taken; the chunk must not be empty.

  get seconds(): number {
    return this.recordWord(RECORD.SECONDS);
  }

  get nanoseconds(): number {
    return this.recordWord(RECORD.NANOSECONDS);
  }

  get region(): number {
    return this.segmentWord(this.recordWord(RECORD.SEGMENT), SEGMENT.REGION);
  }

  get period(): number {
    return this.segmentWord(this.recordWord(RECORD.SEGMENT), SEGMENT.PERIOD);
  }

  /** in `bytes` */
  get offset(): number {
    return this.recordWord(RECORD.OFFSET) + this.shifts[this.recordWord(RECORD.SEGMENT)];
  }

  get length(): number {
    return this.recordWord(RECORD.LENGTH);
  }

  private recordWord(word: number): number {
    return this.index[this.taken * RECORD_WORDS + word];
  }

  private segmentWord(segment: number, word: number): number {
    return this.segments[segment * SEGMENT_WORDS + word];
  }
}

/** One source: its chunks, and how far its time has come. */
export class SourceLines {
  /** no line older than this is to come; Infinity: none at all */
  watermarkSeconds = -Infinity;
  watermarkNanoseconds = 0;
  /** time of the first waiting line, valid while there is one */
  seconds = 0;
  nanoseconds = 0;
  private first: LineChunk | undefined;
  private last: LineChunk | undefined;

  /** @param row on the source board */
  constructor(readonly row: number) {}

  /** The chunk with the first waiting line; undefined when none waits. */
  get chunk(): LineChunk | undefined {
    return this.first;
  }

  /** @param chunk not empty */
  push(chunk: LineChunk): void {
    if (this.last === undefined) {
      this.first = chunk;
      this.readTime(chunk);
    } else this.last.nextOfSource = chunk;
    this.last = chunk;
  }

  /** Takes the first waiting line away. */
  advance(): void {
    const chunk = this.first;
    if (chunk === undefined) return;
    chunk.taken++;
    if (!chunk.isEmpty) this.readTime(chunk);
    else {
      this.first = chunk.nextOfSource;
      if (this.first === undefined) this.last = undefined;
      else this.readTime(this.first);
    }
  }

  /** A watermark never goes back, whatever the source's clock does. */
  raiseWatermark(seconds: number, nanoseconds: number): void {
    if (seconds < this.watermarkSeconds) return;
    if (seconds === this.watermarkSeconds && nanoseconds <= this.watermarkNanoseconds) return;
    this.watermarkSeconds = seconds;
    this.watermarkNanoseconds = nanoseconds;
  }

  private readTime(chunk: LineChunk): void {
    this.seconds = chunk.seconds;
    this.nanoseconds = chunk.nanoseconds;
  }
}
