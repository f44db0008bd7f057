// Every TCP socket of this host that changes its state, as the kernel records it (trace event sock:inet_sock_set_state), in all
// network namespaces. Whoever reads it merges it with process events by time: applyUntil() hands over what happened until a moment.

import { readlinkSync } from 'node:fs';
import { openPerfTrace, PerfRecords, type PerfTrace } from './perf_trace.js';
import { SockStateReader, type SockStateChange } from './sock_state.js';
import { parseTraceFormat, type TraceFormat } from './trace_format.js';
import type { TraceRecordVisitor } from './trace_page.js';
import { TraceError, findTracefs } from './tracefs.js';
import { TracefsRecords } from './tracefs_records.js';

const EVENT = 'sock/inet_sock_set_state';
/** SCTP and MPTCP have the event, too; the subflows of MPTCP are TCP. */
const TCP_ONLY = 'protocol == 6';
/** Of those, what tells who connected and that a connection was accepted: CLOSE to SYN_SENT, then from there, and from SYN_RECV (TCP_STATE). */
const BEGINNINGS = `${TCP_ONLY} && (newstate == 2 || oldstate == 2 || oldstate == 3)`;
/** PROC_PID_INIT_INO of linux/proc_ns.h: what the kernel calls the first PID namespace */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

/** Where records of the event come from: one after the other of each processor. */
export interface TraceRecords {
  /** for poll() */
  readonly fds: readonly number[];
  read(visit: TraceRecordVisitor): boolean;
  lost(): number;
  stop(): void;
  close(): void;
}

export class SocketTrace {
  private readonly reader: SockStateReader;
  private waiting: SockStateChange[] = [];
  private next = 0;

  /**
   * @param format layout of the event's records
   * @throws Error when the kernel's event is not one we know: the records are then closed
   */
  constructor(private readonly records: TraceRecords, format: TraceFormat) {
    try {
      this.reader = new SockStateReader(format);
    } catch (error) {
      records.close();
      throw error;
    }
  }

  /** Through a tracing instance. @param root of tracefs @throws TraceError, Error when the kernel's event is not one we know */
  static ofInstance(root: string): SocketTrace {
    const records = new TracefsRecords(root, EVENT, TCP_ONLY);
    return new SocketTrace(records, records.format);
  }

  /** Through what openSocketPerfTrace() opened. @throws Error when the kernel's event is not one we know */
  static ofPerf(trace: PerfTrace): SocketTrace {
    return new SocketTrace(new PerfRecords(trace), parseTraceFormat(trace.format));
  }

  /** for poll() */
  get fds(): readonly number[] {
    return this.records.fds;
  }

  /** Takes what the kernel recorded, in order of time. @returns whether more may be waiting */
  read(): boolean {
    const more = this.records.read(this.take);
    this.waiting.sort((a, b) => a.timeNs - b.timeNs);
    return more;
  }

  private readonly take: TraceRecordVisitor = (view, at, end, timeNs) => {
    const change = this.reader.read(view, at, end, timeNs);
    if (change !== undefined) this.waiting.push(change);
  };

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
    return this.records.lost();
  }

  /** No more of it, but for what the kernel holds. */
  stop(): void {
    this.records.stop();
  }

  close(): void {
    this.records.close();
  }
}

/**
 * Has the kernel record how TCP connections begin, in buffers that any thread of this process may read from now on, whatever privileges it
 * has by then.
 * @param root of tracefs
 * @throws TraceError
 */
export function openSocketPerfTrace(root: string): PerfTrace {
  return openPerfTrace(root, EVENT, BEGINNINGS);
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
