// Connections that are over, until the kernel destroys their socket and tells what it carried. One whose program still has the
// socket is told without.

import { monotonicNs } from '../host/clocks.js';
import type { CarriedBytes } from '../host/socket_destruction.js';
import type { Ends } from '../host/socket_ends.js';
import type { Book, Entry } from './book.js';

const PATIENCE_MS = 1000;

interface Closing {
  readonly timeNs: number;
  readonly hasFailed: boolean;
  readonly dueMs: number;
}

export class Closings {
  /** a socket that is destroyed ends its connection, for sources that do not hear of every end */
  endsByDestruction = false;
  /** in the order they ended */
  private readonly closings = new Map<Entry, Closing>();

  /** @param hears whether destroyed sockets are told at all */
  constructor(private readonly book: Book, private readonly hears: boolean) {}

  /** when the first one has to be told, by performance.now() */
  get dueMs(): number | undefined {
    for (const { dueMs } of this.closings.values()) return dueMs;
    return undefined;
  }

  has(entry: Entry): boolean {
    return this.closings.has(entry);
  }

  /** @param timeNs CLOCK_MONOTONIC */
  add(entry: Entry, timeNs: number, hasFailed: boolean): void {
    if (this.closings.has(entry)) return;
    const closing = { timeNs, hasFailed, dueMs: performance.now() + PATIENCE_MS };
    if (this.hears && !hasFailed) this.closings.set(entry, closing);
    else this.tell(entry, closing, { sent: undefined, received: undefined });
  }

  /**
   * A socket was destroyed.
   * @param carried of it; with several connections of the same ends nobody knows whose
   */
  destroyed(ends: Ends, carried: CarriedBytes): void {
    const entries = this.book.withEnds('tcp', ends);
    const closing = entries.filter((entry) => this.closings.has(entry));
    if (closing.length === 0 && this.endsByDestruction && entries.length === 1) {
      this.tell(entries[0], { timeNs: Number(monotonicNs()), hasFailed: false, dueMs: 0 }, carried);
      return;
    }
    if (closing.length === 0) return;
    const [entry] = closing;
    const known = this.closings.get(entry);
    this.closings.delete(entry);
    if (known !== undefined) this.tell(entry, known, entries.length === 1 ? carried : { sent: undefined, received: undefined });
  }

  /** Tells those that have waited long enough. @param all do not wait any longer */
  expire(all = false): void {
    const nowMs = performance.now();
    for (const [entry, closing] of this.closings) {
      if (!all && closing.dueMs > nowMs) return;
      this.closings.delete(entry);
      this.tell(entry, closing, { sent: undefined, received: undefined });
    }
  }

  private tell(entry: Entry, { timeNs, hasFailed }: Closing, { sent, received }: CarriedBytes): void {
    this.book.tell(entry, 'close', timeNs, { hasFailed, sent, received });
    this.book.remove(entry);
  }
}
