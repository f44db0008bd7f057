// The memory that the kernel writes samples of a perf event into (perf_event_open(2), include/uapi/linux/perf_event.h): a page of
// control, and behind it a ring of records that the reader takes at its tail. The writer overwrites nothing: what finds no room is lost, and a
// record says how much.
//
//     record  | type 32 bits | misc 16 bits | length 16 bits | …
//     sample  | … | time 64 bits | length of the tracepoint's record 32 bits | the record
//     lost    | … | id 64 bits | how many 64 bits

import { LITTLE_ENDIAN } from './libc.js';
import type { TraceRecordVisitor } from './trace_page.js';

// struct perf_event_mmap_page, in 64-bit words
const DATA_HEAD = 1024 / 8;
const DATA_TAIL = DATA_HEAD + 1;
/** Records begin behind the page of control. */
export const CONTROL_BYTES = 4096;

// struct perf_event_header
const TYPE = 0;
const LENGTH = 6;
const HEADER_BYTES = 8;
const PERF_RECORD_LOST = 2;
const PERF_RECORD_SAMPLE = 9;
const SAMPLE_TIME = HEADER_BYTES;
const SAMPLE_LENGTH = HEADER_BYTES + 8;
const SAMPLE_DATA = SAMPLE_LENGTH + 4;
const LOST_COUNT = HEADER_BYTES + 8;
const LOST_BYTES = LOST_COUNT + 8;
/** A record is no longer than its length can say. */
const MOST_RECORD_BYTES = 1 << 16;

/** Takes what the kernel wrote. One reader a ring. */
export class PerfRing {
  /** samples that found no room so far */
  lost = 0;
  private readonly words: BigInt64Array;
  private readonly data: Uint8Array;
  private readonly dataView: DataView;
  /** a record that lies around the end of the ring, in one piece */
  private readonly whole = new Uint8Array(MOST_RECORD_BYTES);
  private readonly wholeView = new DataView(this.whole.buffer);

  /** @param memory the page of control and a power of two of pages behind it */
  constructor(memory: Uint8Array) {
    this.words = new BigInt64Array(memory.buffer, memory.byteOffset, CONTROL_BYTES / 8);
    this.data = memory.subarray(CONTROL_BYTES);
    this.dataView = new DataView(memory.buffer, memory.byteOffset + CONTROL_BYTES);
  }

  /**
   * Hands over what is there, a bounded number of records.
   * @param visit gets the tracepoint's record of each sample; the view is the kernel's again when it returns
   * @returns whether more may be there
   */
  read(most: number, visit: TraceRecordVisitor): boolean {
    const { words } = this;
    // The kernel writes the head behind the records: what it counts is whole. Our tail comes behind the reading likewise.
    const head = Atomics.load(words, DATA_HEAD);
    let tail = words[DATA_TAIL];
    let records = 0;
    while (tail < head && records < most) {
      const length = this.readRecord(Number(tail % BigInt(this.data.length)), Number(head - tail), visit);
      // Nothing else has lengths like that: rather nothing than the same again and again.
      tail = length === 0 ? head : tail + BigInt(length);
      records++;
    }
    Atomics.store(words, DATA_TAIL, tail);
    return records === most && tail < head;
  }

  /** @param available bytes up to the head @returns the record's length, 0: that leads nowhere */
  private readRecord(at: number, available: number, visit: TraceRecordVisitor): number {
    const { data } = this;
    // Records are multiples of 8 bytes: their header lies in one piece.
    const length = available < HEADER_BYTES ? 0 : this.dataView.getUint16(at + LENGTH, LITTLE_ENDIAN);
    if (length < HEADER_BYTES || length % 8 !== 0 || length > available) return 0;
    if (at + length <= data.length) {
      this.take(this.dataView, at, length, visit);
    } else {
      const first = data.length - at;
      this.whole.set(data.subarray(at), 0);
      this.whole.set(data.subarray(0, length - first), first);
      this.take(this.wholeView, 0, length, visit);
    }
    return length;
  }

  private take(view: DataView, at: number, length: number, visit: TraceRecordVisitor): void {
    const type = view.getUint32(at + TYPE, LITTLE_ENDIAN);
    if (type === PERF_RECORD_LOST && length >= LOST_BYTES) {
      this.lost += Number(view.getBigUint64(at + LOST_COUNT, LITTLE_ENDIAN));
    } else if (type === PERF_RECORD_SAMPLE && length >= SAMPLE_DATA) {
      const bytes = view.getUint32(at + SAMPLE_LENGTH, LITTLE_ENDIAN);
      if (SAMPLE_DATA + bytes > length) return;
      visit(view, at + SAMPLE_DATA, at + SAMPLE_DATA + bytes, Number(view.getBigUint64(at + SAMPLE_TIME, LITTLE_ENDIAN)));
    }
  }
}
