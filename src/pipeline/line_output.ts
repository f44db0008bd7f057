// A parsing worker's end of the line blocks (ring/line_blocks.ts): gives room for a line, keeps segments and the record index,
// hands full blocks to the log writer.

import { type BatchHead, BLOCK, LineBlock, MAX_RECORDS, MAX_SEGMENTS, RECORD, RECORD_WORDS, SEGMENT } from '../ring/line_blocks.js';

const WAIT_MS = 1000;
const NO_SEGMENT = -1;

export class LineOutput {
  /** where reserve() gives room: the open block's bytes */
  bytes: Uint8Array;
  private block: LineBlock;
  private opened = false;
  private segments = 0;
  private records = 0;
  /** by region: bytes used, number of the segment lines are added to, its period */
  private readonly used: Int32Array;
  private readonly segmentOf: Int32Array;
  private readonly periodOf: Int32Array;
  private region = 0;
  private lineStart = 0;
  /** number of the open block, or of the one that was passed last */
  protected current = -1;
  private passes = 0;
  /** by block: the how manieth pass its last one was */
  private readonly passedAs: Float64Array;

  /**
   * @param blocks this worker's own blocks, at least 2
   * @param handOver tells the writer the number (index in `blocks`) of a full block
   * @param abandoned asked while waiting for a free block: true gives up
   */
  constructor(
    protected readonly blocks: readonly LineBlock[],
    private readonly merging: boolean,
    private readonly handOver: (block: number) => void,
    private readonly abandoned: () => boolean,
  ) {
    this.block = blocks[0];
    this.bytes = this.block.bytes;
    this.passedAs = new Float64Array(blocks.length);
    const { regions } = this.block;
    this.used = new Int32Array(regions);
    this.segmentOf = new Int32Array(regions);
    this.periodOf = new Int32Array(regions);
  }

  /**
   * Room for one line; commit() follows.
   * @param counters of the batch so far: what became of the frames whose lines are in the block, should that be passed now
   * @param region file kind: 0, or the record kind with -log_split
   * @param period of LineFormat.period(): names the file
   * @param bound the longest the line can be; at most the bytes of a region
   * @returns offset in `bytes`, or -1 when waiting for the writer was given up
   */
  reserve(head: BatchHead, counters: Float64Array, region: number, period: number, bound: number): number {
    if (!this.opened && !this.open()) return -1;
    if (!this.fits(region, period, bound)) {
      this.pass(head, counters, false);
      if (!this.open()) return -1;
    }
    if (this.segmentOf[region] === NO_SEGMENT || this.periodOf[region] !== period) this.beginSegment(region, period);
    this.region = region;
    this.lineStart = region * this.block.regionBytes + this.used[region];
    return this.lineStart;
  }

  private fits(region: number, period: number, bound: number): boolean {
    if (this.used[region] + bound > this.block.regionBytes) return false;
    if (this.merging && this.records === MAX_RECORDS) return false;
    return this.segments < MAX_SEGMENTS || (this.segmentOf[region] !== NO_SEGMENT && this.periodOf[region] === period);
  }

  private beginSegment(region: number, period: number): void {
    const segment = this.segments++;
    const { words, regionBytes } = this.block;
    const at = LineBlock.segment(segment);
    words[at + SEGMENT.REGION] = region;
    words[at + SEGMENT.PERIOD] = period;
    words[at + SEGMENT.OFFSET] = region * regionBytes + this.used[region];
    words[at + SEGMENT.LENGTH] = 0;
    words[at + SEGMENT.LINES] = 0;
    this.segmentOf[region] = segment;
    this.periodOf[region] = period;
  }

  /**
   * Keeps the line written at the reserved offset.
   * @param end offset behind its newline
   */
  commit(end: number, seconds: number, nanoseconds: number): void {
    const length = end - this.lineStart;
    const { words, records } = this.block;
    const segment = this.segmentOf[this.region];
    const at = LineBlock.segment(segment);
    words[at + SEGMENT.LENGTH] += length;
    words[at + SEGMENT.LINES]++;
    this.used[this.region] += length;
    if (!this.merging) return;
    const record = this.records++ * RECORD_WORDS;
    records[record + RECORD.SECONDS] = seconds;
    records[record + RECORD.NANOSECONDS] = nanoseconds;
    records[record + RECORD.SEGMENT] = segment;
    records[record + RECORD.OFFSET] = this.lineStart;
    records[record + RECORD.LENGTH] = length;
  }

  /** Ends the batch: its last lines and its counters go to the writer. @returns false when waiting for a block was given up */
  finish(head: BatchHead, counters: Float64Array): boolean {
    if (!this.opened && !this.open()) return false;
    this.pass(head, counters, true);
    return true;
  }

  /**
   * The number of a block that is free, waiting for it if need be; -1 when waiting was given up. The first free one is taken, not
   * each in its turn: only so many blocks are ever touched, and cost memory, as the writer was behind. The one passed last is
   * left alone: should this worker die, its head and counters are still asked for (worker_books.ts).
   */
  protected obtain(): number {
    const { blocks } = this;
    for (let number = 0; number < blocks.length; number++) if (number !== this.current && blocks[number].isFree) return number;
    const next = this.passedLongestAgo();
    while (!blocks[next].waitFree(WAIT_MS)) if (this.abandoned()) return -1;
    return next;
  }

  /** The writer gives blocks back in the order they were passed. */
  private passedLongestAgo(): number {
    let longest = 0;
    for (let number = 1; number < this.blocks.length; number++) if (this.passedAs[number] < this.passedAs[longest]) longest = number;
    return longest;
  }

  private open(): boolean {
    const number = this.obtain();
    if (number < 0) return false;
    this.current = number;
    const block = this.blocks[number];
    this.block = block;
    this.bytes = block.bytes;
    this.segments = 0;
    this.records = 0;
    this.used.fill(0);
    this.segmentOf.fill(NO_SEGMENT);
    this.opened = true;
    return true;
  }

  private pass(head: BatchHead, counters: Float64Array, last: boolean): void {
    const { block } = this;
    block.setHead(head, counters, last);
    block.words[BLOCK.SEGMENTS] = this.segments;
    block.words[BLOCK.RECORDS] = this.records;
    block.setFull();
    this.passedAs[this.current] = ++this.passes;
    this.handOver(this.current);
    this.opened = false;
  }
}
