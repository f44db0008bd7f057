// The thread that hears process events, as the main thread sees it.

import { writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ProcessesSettings } from '../config/processes_settings.js';
import { EFD_CLOEXEC_NONBLOCK, close, eventfd } from '../host/libc.js';
import { openProcSocket, type ProcSocket } from '../host/proc_connector.js';
import { PROC_EVENT } from '../host/proc_event.js';
import { TABLE_EVENTS } from '../host/process_watch.js';
import type { EventMessage, EventTask, EventTotals } from './tasks.js';

const BITS = {
  fork: PROC_EVENT.FORK, exec: PROC_EVENT.EXEC, exit: PROC_EVENT.EXIT, uid: PROC_EVENT.UID, gid: PROC_EVENT.GID, sid: PROC_EVENT.SID,
  ptrace: PROC_EVENT.PTRACE, comm: PROC_EVENT.COMM, coredump: PROC_EVENT.COREDUMP,
} as const;

/** What it tells. */
export interface EventListener {
  ready(processes: number): void;
  /** @param lines of this batch alone, each ended by LF */
  batch(lines: Uint8Array, events: number): void;
  lost(count: number): void;
}

export class EventSource {
  /** what the kernel keeps for events that are not read yet */
  readonly bufferBytes: number;
  private readonly socket: ProcSocket;
  private readonly stopFd: number;
  private isEnded = false;

  /**
   * Asks the kernel for events; they wait until run().
   * @throws ProcConnectorError
   */
  constructor(private readonly settings: Pick<ProcessesSettings, 'events' | 'threads' | 'format'>) {
    this.socket = openProcSocket(settings.events.reduce((mask, name) => mask | BITS[name], TABLE_EVENTS));
    this.bufferBytes = this.socket.bufferBytes;
    this.stopFd = eventfd(0, EFD_CLOEXEC_NONBLOCK);
  }

  /**
   * Hears events until stop().
   * @returns the totals
   * @throws Error when the thread breaks
   */
  async run(listener: EventListener): Promise<EventTotals> {
    const backlog = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const taken = new Int32Array(backlog);
    const { events, threads, format } = this.settings;
    const task: EventTask = { socket: this.socket, stopFd: this.stopFd, events, threads, format, hostname: hostname(), backlog };
    const worker = new Worker(new URL('../../workers/processes.js', import.meta.url), { workerData: task });
    try {
      return await new Promise<EventTotals>((resolve, reject) => {
        worker.on('error', reject);
        worker.on('exit', (code) => reject(new Error(`the thread that hears process events ended with ${code}`)));
        worker.on('message', (message: EventMessage) => {
          switch (message.type) {
            case 'ready': listener.ready(message.processes); break;
            case 'lost': listener.lost(message.count); break;
            case 'ended': resolve(message.totals); break;
            case 'batch':
              Atomics.sub(taken, 0, message.lines.length);
              listener.batch(message.lines, message.events);
          }
        });
      });
    } finally {
      this.isEnded = true;
      await worker.terminate();
      close(this.stopFd);
      close(this.socket.fd);
    }
  }

  /** Has the thread hand over what the kernel still holds, and end. */
  stop(): void {
    if (!this.isEnded) writeSync(this.stopFd, new Uint8Array(new BigUint64Array([1n]).buffer));
  }
}
