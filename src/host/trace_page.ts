// A page of the kernel's trace ring buffer, as per_cpu/cpuN/trace_pipe_raw gives it (kernel/trace/ring_buffer.c,
// include/linux/ring_buffer.h).
//
//     page    | time of the first record | commit: bytes of data, and flags | data …
//     record  | type_len 5 bits, time since the last one 27 bits | array: 32-bit words
//
//     type_len 0        array[0] is the length of array, itself too; the event's record is behind it
//              1 to 28  the event's record is as many words of array
//              29       padding: to the end of the page when its time is 0, else array[0] bytes
//              30       the clock goes on by array[0] << 27, too
//              31       the clock is array[0] << 27 plus the time, with the page's uppermost bits

import { LITTLE_ENDIAN } from './libc.js';
import { needField, type TraceFormat } from './trace_format.js';

const TYPE_BITS = 5;
const TYPE_MASK = 31;
const DELTA_BITS = 27;
const DELTA_MASK = 2 ** DELTA_BITS - 1;
const DELTA_RANGE = 2 ** DELTA_BITS;
const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;
const WORD = 4;
/** bits of an absolute time that its record has no room for */
const STAMP_RANGE = 2 ** 59;

/** Flags of the commit field: records were lost before this page; how many stands behind its data. */
const MISSED_EVENTS = 2 ** 31;
const MISSED_STORED = 2 ** 30;
const LENGTH_MASK = 2 ** 30 - 1;

/** Called for each event: where its record lies, and when it happened, nanoseconds of the instance's clock. */
export type TraceRecordVisitor = (view: DataView, at: number, end: number, timeNs: number) => void;

/** Where things lie on a page, from events/header_page. */
export class TracePageReader {
  /** bytes of a whole page */
  readonly pageBytes: number;
  private readonly timeAt: number;
  private readonly commitAt: number;
  private readonly commitBytes: number;
  private readonly dataAt: number;

  /** @throws Error when the format is not one we know */
  constructor(header: TraceFormat) {
    const data = header.fields.get('data');
    if (data === undefined) throw new Error('the trace page has no data');
    const commit = needField(header, 'commit', 4, 8);
    this.timeAt = needField(header, 'timestamp', 8).offset;
    this.commitAt = commit.offset;
    this.commitBytes = commit.size;
    this.dataAt = data.offset;
    this.pageBytes = data.offset + data.size;
  }

  /**
   * Walks the records of a page.
   * @param bytes how much of it was read
   * @returns events the kernel says it lost before this page; 1 when it does not say how many
   */
  forEach(view: DataView, bytes: number, visit: TraceRecordVisitor): number {
    const { dataAt } = this;
    if (bytes < dataAt) return 0;
    const commit = this.commit(view);
    const end = Math.min(bytes, dataAt + (commit % (LENGTH_MASK + 1)));
    const firstNs = Number(view.getBigUint64(this.timeAt, LITTLE_ENDIAN));
    walk(view, dataAt, end, firstNs, visit);
    if (Math.floor(commit / MISSED_EVENTS) % 2 === 0) return 0;
    const counted = Math.floor(commit / MISSED_STORED) % 2 === 1 && end + this.commitBytes <= bytes;
    return counted ? Math.max(1, this.word(view, end)) : 1;
  }

  private commit(view: DataView): number {
    return this.word(view, this.commitAt);
  }

  /** A C long. */
  private word(view: DataView, at: number): number {
    return this.commitBytes === 8 ? Number(view.getBigUint64(at, LITTLE_ENDIAN)) : view.getUint32(at, LITTLE_ENDIAN);
  }
}

function walk(view: DataView, from: number, end: number, firstNs: number, visit: TraceRecordVisitor): void {
  let at = from;
  let timeNs = firstNs;
  while (at + WORD <= end) {
    const word = view.getUint32(at, LITTLE_ENDIAN);
    const type = LITTLE_ENDIAN ? word & TYPE_MASK : word >>> DELTA_BITS;
    const delta = LITTLE_ENDIAN ? word >>> TYPE_BITS : word & DELTA_MASK;
    const array = at + WORD;
    if (type === PADDING && delta === 0) return;
    const hasLength = type === 0 || type >= PADDING;
    if (hasLength && array + WORD > end) return;
    const first = hasLength ? view.getUint32(array, LITTLE_ENDIAN) : 0;
    if (type === TIME_STAMP) timeNs = first * DELTA_RANGE + delta + Math.floor(firstNs / STAMP_RANGE) * STAMP_RANGE;
    else timeNs += delta;
    if (type === TIME_EXTEND || type === TIME_STAMP) {
      if (type === TIME_EXTEND) timeNs += first * DELTA_RANGE;
      at = array + WORD;
      continue;
    }
    const next = array + (hasLength ? first : type * WORD);
    // A length that leads nowhere is no record.
    if (next <= array || next > end) return;
    if (type !== PADDING) visit(view, hasLength ? array + WORD : array, next, timeNs);
    at = next;
  }
}
