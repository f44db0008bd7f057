// The life of the thread that follows connections: opens the best source there is, waits for the kernel, keeps the book.
//
// The kernel's records of connections are read first, then the process events: a process is always told before what it does. In
// this order no connection is asked for a process that the table does not know yet, and applyUntil() keeps it from asking for one
// that the table has forgotten.

import { holdCapabilities, permittedCapabilities, useCapabilities } from '../host/capabilities.js';
import { realTimeAheadNs } from '../host/clocks.js';
import { Holders } from '../host/holders.js';
import { LITTLE_ENDIAN, POLLFD_BYTES, POLLIN, errnoText, poll, readFile, setThreadNice } from '../host/libc.js';
import { SockDiag } from '../host/sock_diag.js';
import { PrivilegeError } from '../host/privileges.js';
import { DESTROY_GROUP, SocketDestruction, type CarriedBytes } from '../host/socket_destruction.js';
import { endsOfRow, type Ends } from '../host/socket_ends.js';
import { SocketRows } from '../host/socket_rows.js';
import { AcceptedOwners } from './accepted_owner.js';
import { Book } from './book.js';
import { Closings } from './closings.js';
import { EventLines } from './event_lines.js';
import { formatOf } from './formats/formats.js';
import { PollSource } from './poll_source.js';
import { Processes } from './processes.js';
import { Selection } from './selection.js';
import { openSource, type LiveSource } from './open_source.js';
import { ASKED, SHARED, type ConnectionMessage, type ConnectionTask, type ConnectionTotals } from './tasks.js';

/** What a program runs has to be read before it is gone, however busy the host is. */
const PREFERRED = -10;
/** With nothing to do, losses are looked at this often. */
const IDLE_MS = 1000;
/** A stop takes what is waiting, but does not run after new records for ever. */
const MOST_FINAL_ROUNDS = 256;

/** Follows connections until it is asked to stop. */
export function followConnections(task: ConnectionTask, report: (message: ConnectionMessage) => void): void {
  const { capabilities } = task;
  if (capabilities !== undefined) useCapabilities(permittedCapabilities());
  setThreadNice(PREFERRED);
  const follower = new Follower(task, report);
  try {
    if (capabilities !== undefined && !holdCapabilities(capabilities)) throw new PrivilegeError(`cannot give up what opening sources took: ${errnoText()}`);
    follower.run();
  } finally {
    follower.close();
  }
}

class Follower {
  private readonly shared: Int32Array;
  private readonly processes: Processes;
  private readonly lines: EventLines;
  private readonly book: Book;
  private readonly diag = new SockDiag();
  private readonly destruction: SocketDestruction | undefined;
  private readonly destroyed = new SocketRows();
  private readonly closings: Closings;
  private readonly accepted: AcceptedOwners;
  private readonly source: LiveSource | undefined;
  private readonly poller: PollSource;
  private readonly warnings: string[] = [];
  private readonly said: string[] = [];
  private readonly entries: Uint8Array;
  private readonly entriesView: DataView;
  /** What the time of day is ahead of CLOCK_MONOTONIC, asked once a round: a list of all sockets has tens of thousands of events. */
  private aheadNs = realTimeAheadNs();
  private nextLookMs = Infinity;
  private checkedMs = 0;
  private destructionLost = 0;
  private toldLost = 0;

  constructor(private readonly task: ConnectionTask, private readonly report: (message: ConnectionMessage) => void) {
    this.shared = new Int32Array(task.shared);
    this.processes = new Processes(task.processes);
    this.lines = new EventLines(new Selection(task.selection), formatOf(task.format, task.hostname), this.shared, report);
    this.book = new Book((event) => this.lines.add(event), () => this.aheadNs);
    const holders = new Holders(this.processes.table);
    this.processes.descriptors = holders;
    this.accepted = new AcceptedOwners(this.book, this.processes, holders, this.diag, () => void this.take());
    this.destruction = task.source === 'poll' ? undefined : this.hearDestruction();
    this.closings = new Closings(this.book, this.destruction !== undefined);
    const { book, processes, accepted, closings, diag } = this;
    this.source = openSource(task, { book, processes, accepted, closings, diag, holders }, this.said, this.warnings);
    this.poller = new PollSource(book, processes, diag, task.processes !== undefined);
    const fds = [task.wakeFd, this.processes.fd, this.destruction?.fd, ...this.source?.fds ?? []].filter((fd) => fd !== undefined);
    this.entries = new Uint8Array(fds.length * POLLFD_BYTES);
    this.entriesView = new DataView(this.entries.buffer);
    fds.forEach((fd, i) => {
      this.entriesView.setInt32(i * POLLFD_BYTES, fd, LITTLE_ENDIAN);
      this.entriesView.setInt16(i * POLLFD_BYTES + 4, POLLIN, LITTLE_ENDIAN);
    });
  }

  /** It takes CAP_NET_ADMIN. */
  private hearDestruction(): SocketDestruction | undefined {
    try {
      return new SocketDestruction(DESTROY_GROUP.TCP4 | DESTROY_GROUP.TCP6);
    } catch (error) {
      this.warnings.push(`${(error as Error).message}: closes are told without bytes`);
      return undefined;
    }
  }

  run(): void {
    this.poller.look(true);
    if (this.source === undefined) this.nextLookMs = performance.now() + this.task.pollSeconds * 1000;
    else this.poller.forget();
    this.report({ type: 'ready', said: this.said, warnings: this.warnings });
    while (!this.isAskedToStop()) {
      poll(this.entries, this.entries.length / POLLFD_BYTES, this.timeoutMs());
      this.round();
    }
    this.end();
  }

  /** How long there is nothing to do but to wait for the kernel. */
  private timeoutMs(): number {
    const nowMs = performance.now();
    const dues = [this.lines.dueMs, this.closings.dueMs, this.accepted.dueMs, this.source?.dueMs, this.nextLookMs, this.checkedMs + IDLE_MS];
    return Math.max(0, Math.ceil(Math.min(...dues.map((dueMs) => dueMs ?? Infinity)) - nowMs));
  }

  /** @returns whether more may be waiting */
  private round(): boolean {
    this.aheadNs = realTimeAheadNs();
    // What waited long enough goes out when the process events of that time are in the table, too: they may take back what is run.
    const isDue = this.lines.dueMs !== undefined && performance.now() >= this.lines.dueMs;
    // Ends that are told here are in the source's buffers already.
    const destroyed: [Ends, CarriedBytes][] = [];
    this.destruction?.read(this.destroyed, (row, carried) => destroyed.push([endsOfRow(this.destroyed, row), carried]));
    this.destroyed.clear();
    const more = this.take();
    for (const [ends, carried] of destroyed) this.closings.destroyed(ends, carried);
    this.accepted.again();
    this.closings.expire();
    this.source?.tend();
    const nowMs = performance.now();
    if (nowMs >= this.nextLookMs) {
      this.poller.look();
      this.nextLookMs = nowMs + this.task.pollSeconds * 1000;
    }
    if (nowMs - this.checkedMs >= IDLE_MS) this.check(nowMs);
    if (isDue) this.lines.flush();
    return more;
  }

  /** Takes what the kernel has told of connections and processes. @returns whether more may be waiting */
  private take(): boolean {
    const { source } = this;
    const more = source?.read() ?? false;
    this.processes.update((ns) => source?.applyUntil(ns));
    source?.applyUntil(undefined);
    return more;
  }

  private isAskedToStop(): boolean {
    const asked = Atomics.exchange(this.shared, SHARED.ASKED, 0);
    if (asked !== 0) readFile(this.task.wakeFd, new Uint8Array(8), 8);
    if ((asked & ASKED.RESTART) !== 0) this.lines.restart();
    if ((asked & ASKED.TOTALS) !== 0) this.report({ type: 'totals', totals: this.totals(), isLast: false });
    return (asked & ASKED.STOP) !== 0;
  }

  /** Tells what was lost since the last time. */
  private check(nowMs: number): void {
    this.checkedMs = nowMs;
    if (this.destruction !== undefined) this.destructionLost = this.destruction.overruns;
    const lost = Object.entries(this.lost()).filter(([, count]) => count > 0);
    const sum = lost.reduce((total, [, count]) => total + count, 0);
    if (sum > this.toldLost) this.report({ type: 'warning', text: `lost: ${lost.map(([what, count]) => `${count} ${what}`).join(', ')}` });
    this.toldLost = sum;
  }

  private end(): void {
    this.source?.stop();
    for (let i = 0; i < MOST_FINAL_ROUNDS && this.round(); i++);
    this.accepted.again(true);
    this.closings.expire(true);
    this.lines.flush();
    this.report({ type: 'totals', totals: this.totals(), isLast: true });
  }

  private lost(): Record<string, number> {
    return {
      ...this.source?.lost(),
      'process events': this.processes.lost,
      'times socket ends': this.destructionLost,
      'connections for want of room': this.book.evicted,
      'accepted connections not looked for': this.accepted.overflow,
      'lines between threads': this.lines.dropped,
    };
  }

  private totals(): ConnectionTotals {
    const { events, known, unknown, omitted } = this.lines;
    return { events, known, unknown, omitted, open: this.book.size, lost: this.lost() };
  }

  close(): void {
    this.source?.close();
    this.destruction?.close();
    this.diag.close();
  }
}

