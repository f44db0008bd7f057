// Who is behind a thread: the process table, kept by the proc connector where we may listen to it, and the threads that are no
// process of their own.

import { realTimeAheadNs } from '../host/clocks.js';
import { ProcConnector, type ProcSocket } from '../host/proc_connector.js';
import { PROC_EVENT, type ProcEvent } from '../host/proc_event.js';
import { ProcessFiles } from '../host/process_files.js';
import { ProcessTable, startOf, type Process } from '../host/process_table.js';
import { ProcessWatch } from '../host/process_watch.js';
import { ThreadProcesses } from '../host/thread_processes.js';
import type { Owner } from './connection.js';

/** Drains that one look takes: a host that forks faster than we read must not hold up its connections for ever. */
const MOST_DRAINS = 256;
/** Without events the table is compared with /proc this often at most. */
const SCAN_EVERY_MS = 1000;

/** Called before an event changes the table: what happened until then is asked of it now. @param ns CLOCK_MONOTONIC */
export type BeforeChange = (ns: bigint) => void;

/** Hears what changes who holds which descriptors. */
export interface DescriptorWatch {
  /** a process has a child, which holds what it holds */
  forked(pid: number, parent: number): void;
  executed(pid: number): void;
  ended(pid: number): void;
}

export class Processes {
  readonly table = new ProcessTable();
  /** process events lost so far */
  lost = 0;
  descriptors: DescriptorWatch | undefined;
  private readonly files = new ProcessFiles();
  private readonly watch: ProcessWatch | undefined;
  private readonly threads = new ThreadProcesses(this.table);
  private scannedMs = performance.now();

  /** @param socket undefined: nobody tells us events; then the table is as old as its last scan */
  constructor(socket: ProcSocket | undefined) {
    if (socket === undefined) this.table.scan();
    else this.watch = new ProcessWatch(new ProcConnector(socket), this.table);
  }

  /** for poll(); undefined: there is nothing to wait for */
  get fd(): number | undefined {
    return this.watch?.fd;
  }

  /** Brings the table up to now. */
  update(before: BeforeChange): void {
    const { watch } = this;
    if (watch === undefined) {
      if (performance.now() - this.scannedMs < SCAN_EVERY_MS) return;
      this.scannedMs = performance.now();
      this.table.scan();
      return;
    }
    for (let i = 0; i < MOST_DRAINS; i++) {
      if (!watch.drain((event) => this.heard(event), (event) => this.threads.heard(event), before)) break;
    }
    this.lost += watch.takeLost();
  }

  /** All of them. */
  *pids(): Iterable<number> {
    for (const { pid, isKernelThread } of this.table) if (!isKernelThread) yield pid;
  }

  /** Reads /proc now, where nobody tells us events. */
  rescan(): void {
    if (this.watch !== undefined) return;
    this.scannedMs = performance.now();
    this.table.scan();
  }

  /**
   * The process of a thread.
   * @param threadId in the initial PID namespace
   * @param ns a moment that is not long ago, CLOCK_MONOTONIC
   * @returns undefined: it is gone, and was never seen
   */
  ofThread(threadId: number, ns: bigint): Owner | undefined {
    const process = this.threads.at(threadId, ns);
    return process === undefined ? undefined : this.owner(process);
  }

  /** The process that has the number now, or had it at a moment, CLOCK_MONOTONIC. */
  ofPid(pid: number, ns: bigint): Owner | undefined {
    const process = this.table.get(pid) ?? this.table.at(pid, ns);
    return process === undefined ? undefined : this.owner(process);
  }

  /** The process that has the number now, if the table means the same one as /proc, or if it just ended. */
  confirmed(pid: number): Owner | undefined {
    const process = this.table.get(pid);
    if (process === undefined) return undefined;
    const stat = this.files.stat(pid);
    return stat === undefined || stat.startTicks === process.startTicks ? this.owner(process) : undefined;
  }

  /** The process that had the number at a moment, CLOCK_MONOTONIC. */
  ofPidAt(pid: number, ns: bigint): Owner | undefined {
    const process = this.table.at(pid, ns);
    return process === undefined ? undefined : this.owner(process);
  }

  private owner(process: Process): Owner {
    const { pid, ppid, image, uid, container, guid } = process;
    const parentImage = ppid === undefined ? undefined : this.table.get(ppid)?.image;
    const startNs = guid === undefined ? undefined : startOf(process) + realTimeAheadNs();
    return { pid, ppid, image, parentImage, uid, container, guid, startNs };
  }

  private heard({ what, pid, otherTgid }: ProcEvent): void {
    if (what === PROC_EVENT.FORK) this.descriptors?.forked(pid, otherTgid);
    else if (what === PROC_EVENT.EXEC) this.descriptors?.executed(pid);
    else if (what === PROC_EVENT.EXIT) this.descriptors?.ended(pid);
  }
}
