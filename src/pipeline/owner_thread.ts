// -proc as the main thread sees it: the thread that finds out whose connections are, and what it shares with the parsing workers.

import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { CAPABILITY, OWNER_CAPABILITIES, capabilityNames, effectiveCapabilities, maskOf } from '../host/capabilities.js';
import { EFD_CLOEXEC_NONBLOCK, close, eventfd } from '../host/libc.js';
import { closePerfTrace, type PerfTrace } from '../host/perf_trace.js';
import { PrivilegeError } from '../host/privileges.js';
import { findTrace, openSocketPerfTrace } from '../host/socket_trace.js';
import { allowPreference } from '../host/thread_priority.js';
import { removeLeftovers, unmountTracefs } from '../host/tracefs.js';
import { allocateConnectionTable } from '../ring/connection_table.js';
import { allocateOwnerAsks } from '../ring/owner_asks.js';
import { OWNER_NUMBER, OwnerBoard, allocateOwnerBoard } from '../ring/owner_board.js';
import { OwnerReporter } from '../ring/owner_report.js';
import { allocateOwnerRows } from '../ring/owner_rows.js';
import { Breakdowns } from './breakdowns.js';
import { describeError, say } from './say.js';
import type { OwnerMemory, OwnerMessage, OwnerTask } from './tasks.js';

/**
 * Makes what the threads share.
 * @param workers parsing workers
 * @throws PrivilegeError that names the capability that is missing
 */
export function makeOwnerMemory(workers: number): OwnerMemory {
  const missing = missingCapabilities(effectiveCapabilities());
  if (missing !== 0n) {
    throw new PrivilegeError(`-proc needs ${capabilityNames(missing)}, to look into the processes of other users and to hear of new ones: start httplog with sudo, have the service manager give it (AmbientCapabilities=), or leave -proc (HTTPLOG_PROC) out`);
  }
  return {
    connections: allocateConnectionTable(),
    rows: allocateOwnerRows(),
    asks: Array.from({ length: workers }, allocateOwnerAsks),
    board: allocateOwnerBoard(),
    wakeFd: eventfd(0, EFD_CLOEXEC_NONBLOCK),
  };
}

/** @param effective a bit mask */
function missingCapabilities(effective: bigint): bigint {
  // What lets root past the permissions of any file does as well.
  const passes = (effective & maskOf(CAPABILITY.DAC_OVERRIDE)) === 0n ? 0n : maskOf(CAPABILITY.DAC_READ_SEARCH);
  return OWNER_CAPABILITIES & ~(effective | passes);
}

/** What is opened while there is root. */
export interface OwnerTrace {
  readonly trace: PerfTrace | undefined;
  /** why there is none; '' where there is */
  readonly refusal: string;
}

/**
 * Opens the kernel's trace of connections as they begin, before root is given up; and lets the thread go before others by then. The tracing
 * instance that a killed httplog left goes here, too: it records every connection of the host, and the run need not make one of its own.
 */
export function openOwnerTrace(): OwnerTrace {
  allowPreference();
  try {
    const { root, mounted } = findTrace();
    try {
      removeLeftovers(root);
      return { trace: openSocketPerfTrace(root), refusal: '' };
    } finally {
      if (mounted) unmountTracefs(root);
    }
  } catch (error) {
    return { trace: undefined, refusal: error instanceof Error ? error.message : String(error) };
  }
}

/** More than a thread opens by hand. */
const DESCRIPTORS = 4;

/** The thread, and when it breaks the next one in its place: records go on meanwhile, and tell no processes. */
export class OwnerThread {
  /** resolves when what is there already is known; rejects when the thread cannot begin */
  readonly ready: Promise<void>;
  /** it broke too often: records tell no processes any more */
  hasFailed = false;
  private readonly stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private readonly descriptors = new Int32Array(new SharedArrayBuffer(DESCRIPTORS * Int32Array.BYTES_PER_ELEMENT));
  readonly numbers: OwnerReporter;
  private readonly board: OwnerBoard;
  private readonly breakdowns = new Breakdowns();
  private readonly ended: Promise<void>;
  private readonly stopping = new AbortController();

  /**
   * @param ports service ports, undefined: every port
   * @param opened it is closed with the thread
   */
  constructor(private readonly memory: OwnerMemory, private readonly ports: OwnerTask['ports'], private readonly opened: OwnerTrace) {
    this.board = new OwnerBoard(memory.board);
    this.numbers = new OwnerReporter(memory);
    const first = this.start(false);
    this.ready = first.ready;
    this.ended = this.ready.then(() => this.supervise(first.ended), () => undefined);
  }

  private start(isSuccessor: boolean): { readonly ready: Promise<void>; readonly ended: Promise<void> } {
    const task: OwnerTask = {
      memory: this.memory, ports: this.ports, isSuccessor, trace: this.opened.trace, traceRefusal: this.opened.refusal,
      stop: this.stop.buffer as SharedArrayBuffer, descriptors: this.descriptors.buffer as SharedArrayBuffer,
    };
    const worker = new Worker(new URL('../../workers/owners.js', import.meta.url), { workerData: task });
    const ended = new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => {
        if (Atomics.load(this.stop, 0) === 1) resolve();
        else reject(new Error(`the thread ended with code ${code}`));
      });
    }).finally(() => this.tidy());
    const told = new Promise<void>((resolve) => {
      worker.on('message', (message: OwnerMessage) => {
        tell(message, isSuccessor);
        if (message.type === 'ready') resolve();
      });
    });
    return { ready: Promise.race([told, ended]), ended };
  }

  /** What a thread left that did not come to its end. */
  private tidy(): void {
    const { board, descriptors } = this;
    board.set(OWNER_NUMBER.RUNNING, 0);
    board.add(OWNER_NUMBER.AGAIN, board.get(OWNER_NUMBER.UNDER_WAY));
    board.set(OWNER_NUMBER.UNDER_WAY, 0);
    for (let i = 0; i < DESCRIPTORS; i++) {
      const fd = Atomics.exchange(descriptors, i, 0) - 1;
      if (fd >= 0) close(fd);
    }
  }

  private async supervise(first: Promise<void>): Promise<void> {
    for (let ended = first; ;) {
      try {
        return await ended;
      } catch (error) {
        const delayMs = this.breakdowns.note();
        if (delayMs === undefined) {
          this.hasFailed = true;
          say(`records do not tell processes any more: ${Breakdowns.limit('threads that find them')}; ${describeError(error)}`, 'error');
          return;
        }
        say(`the thread that finds processes broke, another takes its place, and records tell none meanwhile; ${describeError(error)}`, 'warn');
        await sleep(delayMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
        if (this.stopping.signal.aborted) return;
        this.board.add(OWNER_NUMBER.RESTARTS);
        const next = this.start(true);
        next.ready.catch(() => undefined); // its end tells
        ({ ended } = next);
      }
    }
  }

  /** Has the thread end, and waits for it. */
  async close(): Promise<void> {
    Atomics.store(this.stop, 0, 1);
    this.stopping.abort();
    writeSync(this.memory.wakeFd, new Uint8Array(new BigUint64Array([1n]).buffer));
    await this.ended;
    if (this.opened.trace !== undefined) closePerfTrace(this.opened.trace);
  }
}

function tell(message: OwnerMessage, isSuccessor: boolean): void {
  if (message.type !== 'ready') say(message.text, message.type === 'warning' ? 'warn' : 'info');
  else if (isSuccessor) say('records tell processes again');
  else say(`processes: ${message.processes} known, with ${message.connections} ends of connections on service ports`);
}
