// One client that may hear events: its queue on the way into its socket. Whatever it does, it costs its bound and no more.

import type { Socket } from 'node:net';
import { ClientQueue, type LostLine } from './client_queue.js';
import { discardInput, farewell } from './socket_end.js';

/** What a client that does not read makes us hold for it (docs/processes.md). */
const CLIENT_BUFFER_BYTES = 1 << 20;
/** Given to the socket at once; the rest stays where it can be counted. */
const WRITE_BYTES = 64 << 10;

export interface ClientOptions {
  readonly lostLine: LostLine;
  /** default CLIENT_BUFFER_BYTES */
  readonly limitBytes?: number;
  /** It is gone; called once. */
  readonly onGone: (client: EventClient) => void;
}

export class EventClient {
  private readonly queue: ClientQueue;
  private writing = false;
  private finishing: Promise<void> | undefined;
  private emptied: (() => void) | undefined;

  /**
   * @param socket connected; its errors are nobody's concern but this client's
   * @param name how messages call it
   */
  constructor(private readonly socket: Socket, readonly name: string, options: ClientOptions) {
    this.queue = new ClientQueue(options.limitBytes ?? CLIENT_BUFFER_BYTES, options.lostLine);
    socket.on('error', () => undefined); // a reset: 'close' follows
    socket.once('close', () => {
      this.emptied?.();
      options.onGone(this);
    });
    socket.once('end', () => void this.finish());
    discardInput(socket);
    if (socket.readableEnded) void this.finish(); // with the line that let it in
  }

  /** Events that this client did not get as it was too slow. */
  get eventsLost(): number {
    return this.queue.eventsLost;
  }

  /** @param lines whole lines, never written to again */
  push(lines: Uint8Array, events: number): void {
    if (this.finishing !== undefined) return;
    this.queue.push(lines, events);
    this.pump();
  }

  /** Events were lost before they came here. */
  lost(count: number): void {
    if (this.finishing !== undefined) return;
    this.queue.lost(count);
    this.pump();
  }

  /** Lets it have what is queued, and no more; closes the connection. A client that does not read is given FLUSH_MS. Never rejects. */
  finish(): Promise<void> {
    this.finishing ??= this.flush();
    return this.finishing;
  }

  private async flush(): Promise<void> {
    this.queue.close();
    const emptied = new Promise<void>((resolve) => (this.emptied = resolve));
    this.pump();
    await farewell(this.socket, emptied);
  }

  private pump(): void {
    if (this.writing || this.socket.destroyed) return;
    const parts = this.queue.take(WRITE_BYTES);
    if (parts.length === 0) {
      this.emptied?.();
      return;
    }
    let bytes = 0;
    this.writing = true;
    this.socket.cork();
    for (const [at, part] of parts.entries()) {
      bytes += part.length;
      if (at < parts.length - 1) this.socket.write(part);
    }
    this.socket.write(parts[parts.length - 1], () => {
      this.writing = false;
      this.queue.done(bytes);
      this.pump();
    });
    this.socket.uncork();
  }
}
