// Everybody who may hear events: each event is held once, whoever has yet to get it.
//
// Events that come within a few milliseconds are put together: fifty clients at a thousand events a second are then five thousand writes a
// second, not fifty thousand. The first event after a pause goes out at once.

import type { LostLine } from './client_queue.js';
import type { Say } from './endpoint_error.js';
import type { EventClient } from './event_client.js';

const GATHER_MS = 10;
const BLOCK_BYTES = 64 << 10;
const NEWLINE = 0x0a;

export class Broadcast {
  private readonly clients = new Set<EventClient>();
  private block = new Uint8Array(0);
  /** where in the block begins what nobody has got yet, and where it ends */
  private begin = 0;
  private end = 0;
  private events = 0;
  private timer: NodeJS.Timeout | undefined;
  private sentMs = -Infinity;
  private gone = 0;

  /** @param limit clients at a time */
  constructor(readonly limit: number, readonly lostLine: LostLine) {}

  get size(): number {
    return this.clients.size;
  }

  get isFull(): boolean {
    return this.clients.size >= this.limit;
  }

  /** Events that clients did not get, those that have left among them. */
  get eventsLost(): number {
    let sum = this.gone;
    for (const client of this.clients) sum += client.eventsLost;
    return sum;
  }

  /** It hears what comes from now on. */
  add(client: EventClient): void {
    this.flush();
    this.clients.add(client);
  }

  /** It is gone. */
  leave(client: EventClient, say: Say): void {
    if (!this.clients.delete(client)) return;
    const { eventsLost, name } = client;
    this.gone += eventsLost;
    say(`client ${name} left${eventsLost === 0 ? '' : `; ${eventsLost} events were lost for it`}, ${this.size} of ${this.limit} connected`, 'info');
  }

  /** @param lines whole lines, copied @param events how many they are */
  publish(lines: Uint8Array, events: number): void {
    if (this.clients.size === 0) return;
    if (lines.length > this.block.length - this.end) {
      this.flush();
      if (lines.length > BLOCK_BYTES) {
        this.publishLarge(lines);
        return;
      }
      this.block = new Uint8Array(BLOCK_BYTES);
      this.begin = this.end = 0;
    }
    this.block.set(lines, this.end);
    this.end += lines.length;
    this.events += events;
    this.schedule();
  }

  /** Events were lost before they came here. */
  lost(count: number): void {
    this.flush();
    for (const client of this.clients) client.lost(count);
  }

  /** Lets every client have what is queued for it, then ends its connection; bounded (FLUSH_MS). */
  async close(): Promise<void> {
    this.flush();
    await Promise.all([...this.clients].map((client) => client.finish()));
  }

  private schedule(): void {
    if (this.timer !== undefined) return;
    const waitMs = this.sentMs + GATHER_MS - performance.now();
    if (waitMs <= 0) this.flush();
    else this.timer = setTimeout(() => this.flush(), Math.ceil(waitMs));
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.end === this.begin) return;
    const { events } = this;
    const lines = this.block.subarray(this.begin, this.end);
    this.begin = this.end;
    this.events = 0;
    this.sentMs = performance.now();
    for (const client of this.clients) client.push(lines, events);
  }

  /** In parts, so that a client with some room gets some of it. A line is an event. */
  private publishLarge(lines: Uint8Array): void {
    const copy = lines.slice();
    for (let from = 0; from < copy.length;) {
      const fits = copy.lastIndexOf(NEWLINE, from + BLOCK_BYTES - 1);
      const last = fits >= from ? fits : copy.indexOf(NEWLINE, from);
      const part = copy.subarray(from, last < 0 ? copy.length : last + 1);
      for (const client of this.clients) client.push(part, countLines(part));
      from += part.length;
    }
  }
}

function countLines(lines: Uint8Array): number {
  let count = 0;
  for (let at = lines.indexOf(NEWLINE); at >= 0; at = lines.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
