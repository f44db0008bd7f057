// Every TCP socket of this host that changes its state, as the kernel records it (trace event sock:inet_sock_set_state), in all
// network namespaces. Whoever reads it merges it with process events by time: applyUntil() hands over what happened until a moment.

import { readSync, readlinkSync } from 'node:fs';
import { SockStateReader, type SockStateChange } from './sock_state.js';
import { TraceError, TraceInstance, findTracefs } from './tracefs.js';
import { TracePageReader } from './trace_page.js';

const EVENT = 'sock/inet_sock_set_state';
/** SCTP and MPTCP have the event, too; the subflows of MPTCP are TCP. */
const TCP_ONLY = 'protocol == 6';
/** Pages read in one round of a processor: what is left stays for the next. */
const MOST_PAGES = 64;
/** PROC_PID_INIT_INO of linux/proc_ns.h: what the kernel calls the first PID namespace */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

export class SocketTrace {
  private readonly instance: TraceInstance;
  private readonly pages: TracePageReader;
  private readonly records: SockStateReader;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private waiting: SockStateChange[] = [];
  private next = 0;

  /**
   * @param root of tracefs
   * @throws TraceError, Error when the kernel's event is not one we know
   */
  constructor(root: string) {
    this.instance = new TraceInstance(root, EVENT, TCP_ONLY);
    try {
      this.pages = new TracePageReader(this.instance.pageFormat());
      this.records = new SockStateReader(this.instance.eventFormat());
    } catch (error) {
      this.instance.close();
      throw error;
    }
    this.bytes = new Uint8Array(this.pages.pageBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** for poll() */
  get fds(): readonly number[] {
    return this.instance.pipes;
  }

  /** Takes what the kernel recorded, in order of time. @returns whether more may be waiting */
  read(): boolean {
    let more = false;
    for (const fd of this.instance.pipes) {
      let pages = 0;
      while (pages < MOST_PAGES && this.readPage(fd)) pages++;
      more ||= pages === MOST_PAGES;
    }
    this.waiting.sort((a, b) => a.timeNs - b.timeNs);
    return more;
  }

  private readPage(fd: number): boolean {
    let bytes = 0;
    try {
      bytes = readSync(fd, this.bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
    if (bytes === 0) return false;
    // How many records were lost the statistics count; a page only says that there were some.
    this.pages.forEach(this.view, bytes, (view, at, end, timeNs) => {
      const change = this.records.read(view, at, end, timeNs);
      if (change !== undefined) this.waiting.push(change);
    });
    return true;
  }

  /** Hands over what happened until a moment, CLOCK_MONOTONIC, and was read; undefined: all that was read. */
  applyUntil(ns: bigint | undefined, apply: (change: SockStateChange) => void): void {
    const { waiting } = this;
    const until = ns === undefined ? Infinity : Number(ns);
    while (this.next < waiting.length && waiting[this.next].timeNs <= until) apply(waiting[this.next++]);
    if (this.next === waiting.length && this.next > 0) {
      this.waiting = [];
      this.next = 0;
    }
  }

  /** Records that the kernel lost so far. */
  lost(): number {
    const { overrun, dropped } = this.instance.losses();
    return overrun + dropped;
  }

  /** No more of it, but for what the kernel holds. */
  stop(): void {
    this.instance.stop();
  }

  close(): void {
    this.instance.close();
  }
}

/**
 * Where a trace can be had: threads have their numbers of the host's own PID namespace in it.
 * @returns the directory of tracefs, and whether it was mounted here
 * @throws TraceError
 */
export function findTrace(): { readonly root: string; readonly mounted: boolean } {
  if (readlinkSync('/proc/self/ns/pid') !== INITIAL_PID_NAMESPACE) {
    throw new TraceError("its numbers are those of the host's own PID namespace, and this is another one");
  }
  return findTracefs();
}
