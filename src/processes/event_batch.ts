// Events on their way to the main thread: held for a moment, written as lines, handed over together.

import type { ProcessFormatter, ProcessRecord } from './process_record.js';
import type { EventMessage } from './tasks.js';

/** Records that wait at most; more go out at once. */
const MOST_WAITING = 1024;
const FIRST_BYTES = 64 << 10;
/** Lines that the main thread has not taken yet; what comes on top is dropped, and counted. */
const MOST_BACKLOG_BYTES = 32 << 20;

export class EventBatch {
  /** when what waits has to go out, by performance.now(); undefined: nothing waits */
  dueMs: number | undefined;
  /** events that the main thread did not take in time */
  dropped = 0;
  private waiting: ProcessRecord[] = [];
  private buffer = new Uint8Array(FIRST_BYTES);
  private readonly backlog: Int32Array;
  /** dropped, and not yet told */
  private untold = 0;

  constructor(
    private readonly formatter: ProcessFormatter,
    backlog: SharedArrayBuffer,
    private readonly report: (message: EventMessage, transfer?: readonly ArrayBuffer[]) => void,
  ) {
    this.backlog = new Int32Array(backlog);
  }

  /** @param dueMs when it has to go out at the latest */
  add(record: ProcessRecord, dueMs: number): void {
    this.waiting.push(record);
    this.dueMs ??= dueMs;
  }

  /** Events are missing behind those that wait. */
  lost(count: number): void {
    this.flush();
    this.report({ type: 'lost', count });
  }

  flushFull(): void {
    if (this.waiting.length >= MOST_WAITING) this.flush();
  }

  /** Hands over everything that waits. */
  flush(): void {
    const { waiting } = this;
    this.dueMs = undefined;
    if (waiting.length === 0) return;
    let end = 0;
    for (const record of waiting) {
      this.makeRoom(end, this.formatter.bound(record));
      end = this.formatter.write(this.buffer, end, record);
    }
    const events = waiting.length;
    this.waiting = [];
    if (Atomics.load(this.backlog, 0) + end > MOST_BACKLOG_BYTES) {
      this.dropped += events;
      this.untold += events;
      return;
    }
    if (this.untold > 0) {
      this.report({ type: 'lost', count: this.untold });
      this.untold = 0;
    }
    const lines = this.buffer.slice(0, end);
    Atomics.add(this.backlog, 0, end);
    this.report({ type: 'batch', lines, events }, [lines.buffer]);
  }

  private makeRoom(end: number, bytes: number): void {
    if (end + bytes <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.buffer.length, end + bytes));
    larger.set(this.buffer.subarray(0, end));
    this.buffer = larger;
  }
}
