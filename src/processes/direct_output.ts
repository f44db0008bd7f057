// -d: events on standard output. A reader that does not keep up has a bounded buffer; beyond it events are lost, and a line tells how
// many once there is room again.

import { StandardOutput } from '../log/standard_output.js';
import { wholeLines } from '../log/lines.js';
import type { LogError } from '../log/log_error.js';
import { WriteLedger } from '../log/write_ledger.js';
import { ClientQueue } from './client_queue.js';
import { lostLine, type EventSink } from './event_sink.js';

/** Ten thousands of events: a reader that stops for some seconds loses none. */
const MOST_BYTES = 16 << 20;
const WRITE_BYTES = 1 << 20;
/** How long the end waits for the reader. */
const CLOSE_MS = 5000;

export interface DirectOptions {
  /** nobody reads any more; called once */
  readonly onClosed: () => void;
  /** lines cannot be written; at most once a minute */
  readonly onError: (error: LogError) => void;
  /** lines are written again */
  readonly onRecovery: () => void;
}

export class DirectOutput implements EventSink {
  /** a write is under way, perhaps waiting for a reader who does not read */
  isWriting = false;
  readonly ledger: WriteLedger;
  private readonly queue = new ClientQueue(MOST_BYTES, (count) => Buffer.from(lostLine(count)));
  private readonly sink: StandardOutput;
  private isClosed = false;
  private idle: Promise<void> = Promise.resolve();

  constructor({ onClosed, onError, onRecovery }: DirectOptions) {
    this.ledger = new WriteLedger({ onError, onRecovery });
    this.sink = new StandardOutput({ ledger: this.ledger, onClosed });
  }

  /** Events for which there was no room here. */
  get eventsLost(): number {
    return this.queue.eventsLost;
  }

  publish(lines: Uint8Array, events: number): void {
    if (this.isClosed) return;
    this.queue.push(lines, events);
    this.pump();
  }

  lost(count: number): void {
    if (this.isClosed) return;
    this.queue.lost(count);
    this.pump();
  }

  /** Writes what waits, for some seconds at most. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.queue.close();
    this.pump();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.idle, new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))]);
    clearTimeout(timer);
    if (!this.isWriting) await this.sink.close();
  }

  private pump(): void {
    if (this.isWriting || this.queue.bytes === 0) return;
    this.isWriting = true;
    this.idle = this.write().finally(() => {
      this.isWriting = false;
    });
  }

  private async write(): Promise<void> {
    while (this.queue.bytes > 0) {
      const parts = this.queue.take(WRITE_BYTES);
      const runs = parts.map((bytes) => ({ region: 0, period: 0, bytes, lines: wholeLines([bytes], bytes.length).lines }));
      await this.sink.write(runs);
      this.queue.done(runs.reduce((sum, { bytes }) => sum + bytes.length, 0));
    }
  }
}
