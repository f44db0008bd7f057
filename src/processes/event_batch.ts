// Events on their way to the main thread: held until what they say is sure, written as lines, handed
// over together.

import type { ProcessFormatter, ProcessRecord } from './process_record.js';
import type { EventMessage } from './tasks.js';

/** What was read of a program is in doubt for so long: the next one may have begun already (host/process_image.ts). */
const HOLD_NS = 10_000_000n;
/** Lines are handed over together, so often at most. */
const GATHER_NS = 10_000_000n;
/** Events that wait at most: seconds of them where the kernel's buffer is full. */
const MOST_WAITING = 32_768;
const MOST_A_BATCH = 1024;
const FIRST_BYTES = 64 << 10;
/** Lines that the main thread has not taken yet; what comes on top is dropped, and counted. */
const MOST_BACKLOG_BYTES = 32 << 20;

/** An event, or a place where some are missing. */
type Waiting = { readonly record: ProcessRecord; readonly addedNs: bigint } | { readonly lost: number; readonly addedNs: bigint };

export class EventBatch {
  /** events that the main thread did not take in time */
  dropped = 0;
  private waiting: Waiting[] = [];
  private releasedNs = 0n;
  private buffer = new Uint8Array(FIRST_BYTES);
  private readonly backlog: Int32Array;
  /** dropped, and not yet told */
  private untold = 0;

  /** @param backlog one Int32: bytes handed over that the main thread has not taken yet */
  constructor(
    private readonly formatter: ProcessFormatter,
    backlog: SharedArrayBuffer,
    private readonly report: (message: EventMessage, transfer?: readonly ArrayBuffer[]) => void,
  ) {
    this.backlog = new Int32Array(backlog);
  }

  /** When something that waits is to be released, CLOCK_MONOTONIC; undefined: nothing waits. */
  get dueNs(): bigint | undefined {
    if (this.waiting.length === 0) return undefined;
    const heldNs = this.waiting[0].addedNs + HOLD_NS;
    const gatheredNs = this.releasedNs + GATHER_NS;
    return heldNs > gatheredNs ? heldNs : gatheredNs;
  }

  /** @param addedNs now, CLOCK_MONOTONIC: what the record says was read before */
  add(record: ProcessRecord, addedNs: bigint): void {
    if (this.waiting.length >= MOST_WAITING) {
      this.leaveInDoubt();
      this.flush();
    }
    this.waiting.push({ record, addedNs });
  }

  /** Events are missing behind those that wait: the one that would have cast doubt on these may be among them. */
  lost(count: number, addedNs: bigint): void {
    this.leaveInDoubt();
    this.waiting.push({ lost: count, addedNs });
  }

  /**
   * Hands over what no event can cast doubt on any more.
   * @param heardNs every event up to this moment was added, CLOCK_MONOTONIC
   */
  release(heardNs: bigint): void {
    const { dueNs, waiting } = this;
    if (dueNs === undefined || heardNs < dueNs) return;
    const inDoubt = waiting.findIndex(({ addedNs }) => addedNs + HOLD_NS > heardNs);
    this.handOver(inDoubt < 0 ? waiting.length : inDoubt);
    this.releasedNs = heardNs;
  }

  /** Hands over everything that waits. */
  flush(): void {
    this.handOver(this.waiting.length);
  }

  /** Programs that were read lately are not known for sure, and will not be. */
  private leaveInDoubt(): void {
    let sinceNs: bigint | undefined;
    for (const item of this.waiting) {
      if (!('record' in item)) continue;
      sinceNs ??= item.record.timeNs;
      item.record.image.doubtedSince(sinceNs);
    }
  }

  /** @param count of those that wait, the oldest */
  private handOver(count: number): void {
    let records: ProcessRecord[] = [];
    for (const item of this.waiting.splice(0, count)) {
      if ('record' in item) records.push(item.record);
      if (records.length < MOST_A_BATCH && 'record' in item) continue;
      this.write(records);
      records = [];
      if ('lost' in item) this.report({ type: 'lost', count: item.lost });
    }
    this.write(records);
  }

  private write(records: readonly ProcessRecord[]): void {
    const events = records.length;
    if (events === 0) return;
    let end = 0;
    for (const record of records) {
      this.makeRoom(end, this.formatter.bound(record));
      end = this.formatter.write(this.buffer, end, record);
    }
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
