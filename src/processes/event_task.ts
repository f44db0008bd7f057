// The life of the thread that hears process events: waits for the kernel, keeps the table, writes lines, hands them over in batches.

import type { ProcessEventName } from '../config/processes_settings.js';
import { monotonicNs } from '../host/clocks.js';
import { LITTLE_ENDIAN, POLLFD_BYTES, POLLIN, poll, setThreadNice } from '../host/libc.js';
import { ProcConnector } from '../host/proc_connector.js';
import { PROC_EVENT, type ProcEvent } from '../host/proc_event.js';
import { UNKNOWN_IMAGE } from '../host/process_image.js';
import { ProcessTable, startOf, type Process } from '../host/process_table.js';
import { ProcessWatch } from '../host/process_watch.js';
import { UserNames } from '../host/user_names.js';
import { EventBatch } from './event_batch.js';
import { formatterOf } from './formatters.js';
import type { ProcessRecord } from './process_record.js';
import type { EventMessage, EventTask } from './tasks.js';

/** With nothing to do, losses and the clock are looked at this often. */
const IDLE_MS = 1000;
/** A stop takes the events that are waiting, but does not run after new ones for ever. */
const MOST_FINAL_DRAINS = 4096;
/** Then it hears for so long what may cast doubt on the last ones (event_batch.ts), but tells no more. */
const LAST_DOUBTS_NS = 10_000_000n;

const PREFERRED = -10;

const NAMES: Readonly<Record<number, ProcessEventName>> = {
  [PROC_EVENT.FORK]: 'fork', [PROC_EVENT.EXEC]: 'exec', [PROC_EVENT.EXIT]: 'exit', [PROC_EVENT.UID]: 'uid', [PROC_EVENT.GID]: 'gid',
  [PROC_EVENT.SID]: 'sid', [PROC_EVENT.PTRACE]: 'ptrace', [PROC_EVENT.COMM]: 'comm', [PROC_EVENT.COREDUMP]: 'coredump',
};
const NO_NAME = new Uint8Array(0);

/** Hears events until the task's stopFd is readable. */
export function runEventTask(task: EventTask, report: (message: EventMessage, transfer?: readonly ArrayBuffer[]) => void): void {
  new EventThread(task, report).run();
}

class EventThread {
  private readonly wanted: ReadonlySet<ProcessEventName>;
  private readonly connector: ProcConnector;
  private readonly watch: ProcessWatch;
  private readonly batch: EventBatch;
  private readonly counts: Partial<Record<ProcessEventName, number>> = {};
  private threadsLeftOut = 0;
  /** time of the last event, CLOCK_MONOTONIC */
  private heardNs = 0n;
  /** events go into the table alone */
  private isEnding = false;
  private readonly pollEntries = new Uint8Array(2 * POLLFD_BYTES);
  private readonly pollView = new DataView(this.pollEntries.buffer);

  constructor(private readonly task: EventTask, private readonly report: (message: EventMessage, transfer?: readonly ArrayBuffer[]) => void) {
    this.wanted = new Set(task.events);
    this.connector = new ProcConnector(task.socket);
    this.watch = new ProcessWatch(this.connector, new ProcessTable());
    this.batch = new EventBatch(formatterOf(task.format, new UserNames(), task.hostname), task.backlog, report);
    [task.socket.fd, task.stopFd].forEach((fd, i) => {
      this.pollView.setInt32(i * POLLFD_BYTES, fd, LITTLE_ENDIAN);
      this.pollView.setInt16(i * POLLFD_BYTES + 4, POLLIN, LITTLE_ENDIAN);
    });
  }

  run(): void {
    // What a process was can be read while it lives: on a busy host it matters who comes first.
    setThreadNice(PREFERRED);
    this.report({ type: 'ready', processes: this.watch.table.size });
    while (!this.wait()) this.step();
    this.finish();
    const { lost, table: { overflow } } = this.watch;
    const { dropped } = this.batch;
    this.report({
      type: 'ended',
      totals: { events: this.counts, threads: this.threadsLeftOut, lost, dropped, strange: this.connector.strange, overflow },
    });
  }

  /** @returns whether to stop */
  private wait(): boolean {
    const { dueNs } = this.batch;
    poll(this.pollEntries, 2, dueNs === undefined ? IDLE_MS : msUntil(dueNs));
    return (this.pollView.getInt16(POLLFD_BYTES + 6, LITTLE_ENDIAN) & POLLIN) !== 0;
  }

  private step(): void {
    const beganNs = monotonicNs();
    const more = this.drain();
    // A loss is told at its place: behind what was there before, as near as it is known.
    if (!more) this.tellLost();
    this.batch.release(more ? this.heardNs : beganNs);
  }

  private finish(): void {
    for (let i = 0; i < MOST_FINAL_DRAINS && this.drain(); i++) this.batch.release(this.heardNs);
    this.tellLost();
    this.isEnding = true;
    const endNs = monotonicNs() + LAST_DOUBTS_NS;
    for (let i = 0; i < MOST_FINAL_DRAINS && monotonicNs() < endNs; i++) {
      poll(this.pollEntries, 1, msUntil(endNs));
      this.drain();
    }
    this.batch.flush();
  }

  private drain(): boolean {
    return this.watch.drain(
      (event, process) => this.take(event, process),
      (event, process) => {
        if (this.task.threads) this.take(event, process);
        else this.threadsLeftOut++;
      },
      (ns) => {
        this.heardNs = ns;
      },
    );
  }

  private tellLost(): void {
    const lost = this.watch.takeLost();
    if (lost > 0) this.batch.lost(lost, monotonicNs());
  }

  private take(event: ProcEvent, process: Process | undefined): void {
    const name = NAMES[event.what];
    if (this.isEnding || !this.wanted.has(name)) return;
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    this.batch.add(recordOf(name, event, process), monotonicNs());
  }
}

/** Milliseconds for poll(). @param ns CLOCK_MONOTONIC */
function msUntil(ns: bigint): number {
  return Math.max(0, Math.ceil(Number(ns - monotonicNs()) / 1e6));
}

function recordOf(name: ProcessEventName, event: ProcEvent, process: Process | undefined): ProcessRecord {
  const { pid, tgid, timestampNs, otherTgid, realId, effectiveId, exitCode, comm } = event;
  // Whoever lost the parent has another one: at its end the kernel names the one of that moment, unless it has been reaped already.
  const ppid = name === 'exit' && pid === tgid && otherTgid !== 0 ? otherTgid : process?.ppid;
  return {
    name, pid, tgid, ppid,
    timeNs: timestampNs,
    otherPid: otherTgid,
    realId, effectiveId, exitCode,
    comm: name === 'comm' ? comm.slice() : NO_NAME,
    isKernelThread: process?.isKernelThread ?? false,
    image: process?.image ?? UNKNOWN_IMAGE,
    cwd: process?.cwd,
    uid: process?.uid,
    guid: process?.guid,
    container: process?.container,
    startNs: process === undefined || process.guid === undefined ? undefined : startOf(process),
    startIsExact: process?.startNs !== undefined,
  };
}

