// Source (a): the kernel's own record of every TCP socket that changes its state, in every network namespace of the host.
//
//     CLOSE → SYN_SENT           connect(2), in the caller's own context: its thread names the process, whatever becomes of it
//     CLOSE → LISTEN             listen(2), likewise
//     SYN_SENT → ESTABLISHED     the port is known now; the context is anybody's
//     SYN_RECV → ESTABLISHED     a connection that waits to be accepted; who will, accepted_owner.ts finds out
//     any → CLOSE                the end, but for a SYN_SENT that came to nothing

import { formatAddress } from '../config/network.js';
import type { SockStateChange } from '../host/sock_state.js';
import type { Ends } from '../host/socket_ends.js';
import { TCP_STATE } from '../host/socket_rows.js';
import { SocketTrace } from '../host/socket_trace.js';
import type { Book, Entry } from './book.js';
import type { Closings } from './closings.js';
import type { Processes } from './processes.js';
import type { AcceptedOwners } from './accepted_owner.js';
import type { LiveSource } from './open_source.js';

export class TraceSource implements LiveSource {
  private readonly trace: SocketTrace;

  /**
   * @param release called when tracing is over
   * @throws TraceError, Error when the kernel's event is not one we know
   */
  constructor(
    root: string, private readonly book: Book, private readonly processes: Processes,
    private readonly accepted: AcceptedOwners, private readonly closings: Closings, private readonly release: () => void,
  ) {
    this.trace = SocketTrace.ofInstance(root);
  }

  readonly dueMs = undefined;

  /** for poll() */
  get fds(): readonly number[] {
    return this.trace.fds;
  }

  /** Takes what the kernel recorded, in order of time. @returns whether more may be waiting */
  read(): boolean {
    return this.trace.read();
  }

  /** Books what happened until a moment, CLOCK_MONOTONIC; undefined: everything that was read. */
  applyUntil(ns: bigint | undefined): void {
    this.trace.applyUntil(ns, this.apply);
  }

  tend(): void {
    // nothing ages here
  }

  lost(): Record<string, number> {
    return { 'changes of TCP state': this.trace.lost() };
  }

  stop(): void {
    this.trace.stop();
  }

  close(): void {
    this.trace.close();
    this.release();
  }

  private readonly apply = (change: SockStateChange): void => {
    const { from, to } = change;
    if (from === TCP_STATE.CLOSE) {
      if (to === TCP_STATE.SYN_SENT) this.opened(change);
      else if (to === TCP_STATE.LISTEN) this.listens(change);
    } else if (to === TCP_STATE.ESTABLISHED) {
      this.established(change);
    } else if (to === TCP_STATE.CLOSE) {
      this.closed(change);
    }
  };

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
