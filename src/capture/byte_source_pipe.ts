// Bytes of a pipe, FIFO or socket. They come through the event loop (net.Socket puts the descriptor into non-blocking mode): a
// blocking read, in this thread or in libuv's pool, would hold up a stop request and even process exit.

import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { asSourceError, READ, type ByteSource, type Stopping } from './byte_source.js';

/** How long a read waits for bytes: what has arrived is published after this silence. */
const SILENCE_MS = 50;
/** How often a FIFO nobody has opened for writing is looked at. */
const WRITER_POLL_MS = 50;
const FIRST_BYTES = 65536;

/**
 * Waits until somebody writes to a FIFO; until then a non-blocking read says "end".
 * @param fd opened with O_NONBLOCK
 * @returns the first bytes, or undefined when none are there yet
 */
export async function waitForWriter(fd: number, stopping: Stopping): Promise<Uint8Array | undefined> {
  const first = new Uint8Array(FIRST_BYTES);
  while (!stopping()) {
    try {
      const got = readSync(fd, first);
      if (got > 0) return first.subarray(0, got);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
      throw error;
    }
    await sleep(WRITER_POLL_MS);
  }
  return undefined;
}

export class PipeByteSource implements ByteSource {
  bytesRead = 0;
  readonly bytesTotal = 0;
  readonly cutOff = false;
  private readonly socket: Socket;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  /**
   * @param fd an open descriptor; from now on owned by this source
   * @param name for messages
   * @param chunk bytes already taken from it; then those that did not fit the last read
   */
  constructor(
    fd: number,
    private readonly name: string,
    private chunk: Uint8Array | undefined,
  ) {
    const wake = (): void => this.wake?.();
    // Loaded only here: every start would wait for it.
    this.socket = new (process.getBuiltinModule('node:net').Socket)({ fd, readable: true, writable: false });
    this.socket.on('readable', wake).on('end', wake).on('close', wake);
    this.socket.on('error', (error) => {
      this.failure = error;
      wake();
    });
  }

  async read(into: Uint8Array, start: number, end: number): Promise<number> {
    const { socket } = this;
    for (let waited = false; ; waited = true) {
      this.chunk ??= (socket.read() as Uint8Array | null) ?? undefined;
      if (this.chunk !== undefined) return this.take(this.chunk, into, start, end);
      if (this.failure !== undefined) throw asSourceError(this.failure, this.name);
      if (socket.readableEnded || socket.destroyed) return READ.END;
      if (waited) return READ.NOTHING;
      await this.arrival();
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Uint8Array, into: Uint8Array, start: number, end: number): number {
    const count = Math.min(chunk.length, end - start);
    into.set(chunk.subarray(0, count), start);
    this.chunk = count < chunk.length ? chunk.subarray(count) : undefined;
    this.bytesRead += count;
    return count;
  }

  /** The next event of the socket, or SILENCE_MS. */
  private arrival(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.wake?.(), SILENCE_MS);
      this.wake = () => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
    });
  }
}
