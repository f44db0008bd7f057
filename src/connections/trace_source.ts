// Source (a): the kernel's own record of every TCP socket that changes its state, in every network namespace of the host.
//
//     CLOSE → SYN_SENT           connect(2), in the caller's own context: its thread names the process, whatever becomes of it
//     CLOSE → LISTEN             listen(2), likewise
//     SYN_SENT → ESTABLISHED     the port is known now; the context is anybody's
//     SYN_RECV → ESTABLISHED     a connection that waits to be accepted; who will, accepted_owner.ts finds out
//     any → CLOSE                the end, but for a SYN_SENT that came to nothing

import { readSync } from 'node:fs';
import { formatAddress } from '../config/network.js';
import { SockStateReader, type SockStateChange } from '../host/sock_state.js';
import { TCP_STATE } from '../host/socket_rows.js';
import { TraceInstance } from '../host/tracefs.js';
import { TracePageReader } from '../host/trace_page.js';
import type { Book, Entry } from './book.js';
import type { Ends } from './connection.js';
import type { Closings } from './closings.js';
import type { Processes } from './processes.js';
import type { AcceptedOwners } from './accepted_owner.js';
import type { LiveSource } from './open_source.js';

const EVENT = 'sock/inet_sock_set_state';
/** SCTP and MPTCP have the event, too; the subflows of MPTCP are TCP. */
const TCP_ONLY = 'protocol == 6';
/** Pages read in one round of a processor: what is left stays for the next. */
const MOST_PAGES = 64;

export class TraceSource implements LiveSource {
  /** transitions read */
  changes = 0;
  private readonly instance: TraceInstance;
  private readonly pages: TracePageReader;
  private readonly records: SockStateReader;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private waiting: SockStateChange[] = [];
  private next = 0;

  /**
   * @param release called when tracing is over
   * @throws TraceError, Error when the kernel's event is not one we know
   */
  constructor(
    root: string, private readonly book: Book, private readonly processes: Processes,
    private readonly accepted: AcceptedOwners, private readonly closings: Closings, private readonly release: () => void,
  ) {
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

  readonly dueMs = undefined;

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

  /** Books what happened until a moment, CLOCK_MONOTONIC; undefined: everything that was read. */
  applyUntil(ns: bigint | undefined): void {
    const { waiting } = this;
    const until = ns === undefined ? Infinity : Number(ns);
    while (this.next < waiting.length && waiting[this.next].timeNs <= until) this.apply(waiting[this.next++]);
    if (this.next === waiting.length && this.next > 0) {
      this.waiting = [];
      this.next = 0;
    }
  }

  tend(): void {
    // nothing ages here
  }

  lost(): Record<string, number> {
    const { overrun, dropped } = this.instance.losses();
    return { 'changes of TCP state': overrun + dropped };
  }

  stop(): void {
    this.instance.stop();
  }

  close(): void {
    this.instance.close();
    this.release();
  }

  private apply(change: SockStateChange): void {
    this.changes++;
    const { from, to } = change;
    if (from === TCP_STATE.CLOSE) {
      if (to === TCP_STATE.SYN_SENT) this.opened(change);
      else if (to === TCP_STATE.LISTEN) this.listens(change);
    } else if (to === TCP_STATE.ESTABLISHED) {
      this.established(change);
    } else if (to === TCP_STATE.CLOSE) {
      this.closed(change);
    }
  }

  private opened(change: SockStateChange): void {
    const { socket, threadId, timeNs } = change;
    this.forget(socket);
    const owner = this.processes.ofThread(threadId, BigInt(Math.round(timeNs)));
    this.book.add({ protocol: 'tcp', ends: endsOf(change), direction: 'out', owner, via: viaOf(owner, 'connect'), sinceNs: timeNs, socket });
  }

  private listens(change: SockStateChange): void {
    const { socket, threadId, timeNs } = change;
    this.forget(socket);
    const owner = this.processes.ofThread(threadId, BigInt(Math.round(timeNs)));
    const ends = { ...endsOf(change), remote: '', remotePort: 0 };
    const entry = this.book.add({ protocol: 'tcp', ends, direction: undefined, owner, via: viaOf(owner, 'listen'), sinceNs: timeNs, socket });
    this.accepted.listens();
    this.book.tell(entry, 'listen', timeNs);
  }

  private established(change: SockStateChange): void {
    const { socket, timeNs, from } = change;
    const known = this.book.ofSocket(socket);
    if (known !== undefined && from !== TCP_STATE.SYN_RECV) {
      this.openTold(known, change);
      known.isEstablished = true;
      this.book.tell(known, 'established', timeNs);
      return;
    }
    this.forget(socket);
    if (from === TCP_STATE.SYN_SENT) {
      // Its connect(2) was lost.
      const entry = this.book.add({ protocol: 'tcp', ends: endsOf(change), direction: 'out', sinceNs: timeNs, socket });
      entry.isEstablished = true;
      this.book.tell(entry, 'established', timeNs);
      return;
    }
    const entry = this.book.add({ protocol: 'tcp', ends: endsOf(change), direction: 'in', sinceNs: timeNs, socket, isPending: true });
    entry.isEstablished = true;
    this.book.tell(entry, 'established', timeNs);
    this.accepted.find(entry);
  }

  private closed(change: SockStateChange): void {
    const { socket, timeNs, from } = change;
    const entry = this.book.ofSocket(socket) ?? this.adopt(change);
    if (entry === undefined) return;
    if (from === TCP_STATE.LISTEN) {
      this.book.tell(entry, 'close', timeNs);
      this.book.remove(entry);
      return;
    }
    this.openTold(entry, change);
    const hasFailed = !entry.isEstablished && !entry.isOld;
    this.closings.add(entry, timeNs, hasFailed);
  }

  /** The connection was there before us: the list at the start has it, or it is in a network namespace that we did not list. */
  private adopt(change: SockStateChange): Entry | undefined {
    const ends = change.from === TCP_STATE.LISTEN ? { ...endsOf(change), remote: '', remotePort: 0 } : endsOf(change);
    const old = this.book.withEnds('tcp', ends).find(({ socket }) => socket === undefined);
    if (old !== undefined || change.from === TCP_STATE.SYN_RECV || change.from === TCP_STATE.LISTEN) return old;
    return this.book.add({ protocol: 'tcp', ends, direction: undefined, isOld: true, socket: change.socket });
  }

  /** The port of a connection that was opened is known now, or never will be. */
  private openTold(entry: Entry, change: SockStateChange): void {
    if (entry.direction !== 'out' || entry.hasOpened || entry.isOld) return;
    entry.hasOpened = true;
    // A connection that found no port has none.
    if (change.localPort !== 0) this.book.setEnds(entry, endsOf(change));
    this.book.tell(entry, 'open', entry.sinceNs ?? change.timeNs);
  }

  /** The kernel's memory has another socket: the end of the last one was lost. */
  private forget(socket: number): void {
    const entry = this.book.ofSocket(socket);
    if (entry !== undefined && !this.closings.has(entry)) this.book.remove(entry);
  }
}

function viaOf<T>(owner: unknown, via: T): T | undefined {
  return owner === undefined ? undefined : via;
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: SockStateChange): Ends {
  return { local: formatAddress(localAddress), localPort, remote: formatAddress(remoteAddress), remotePort };
}
