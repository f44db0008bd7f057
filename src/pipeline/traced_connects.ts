// Who connected, by the kernel's trace: connect(2) changes a socket's state in the caller's own context, so its thread is the one,
// whatever becomes of it. The port is told by the socket's next change.

import type { SockStateChange } from '../host/sock_state.js';
import type { Process } from '../host/process_table.js';
import { TCP_STATE } from '../host/socket_rows.js';
import type { ThreadProcesses } from '../host/thread_processes.js';
import { ConnectionKey } from '../ring/connection_key.js';

/** Connections that wait to stand. A host that has more waits for hosts that do not answer: the oldest leave. */
const MOST_CONNECTING = 65_536;

/**
 * Called for a connection that stands, with who opened it; undefined: it was gone and never seen. The key is used again.
 * @param fromNs when connect(2) was called, and
 * @param untilNs when the connection stood, CLOCK_MONOTONIC
 */
export type ConnectVisitor = (key: ConnectionKey, process: Process | undefined, fromNs: number, untilNs: number) => void;

interface Connect {
  readonly process: Process | undefined;
  readonly ns: number;
}

export class TracedConnects {
  private readonly connecting = new Map<number, Connect>();
  private readonly key = new ConnectionKey();
  private readonly addresses = new Uint8Array(32);

  constructor(private readonly threads: ThreadProcesses) {}

  /**
   * Takes a change, in order of time, between the process events before and after it.
   * @param accepted called for a connection that came in and stands; who takes it nobody knows yet; with the time, CLOCK_MONOTONIC
   */
  apply(change: SockStateChange, visit: ConnectVisitor, accepted: (key: ConnectionKey, ns: number) => void): void {
    const { connecting } = this;
    const { socket, from, to } = change;
    if (from === TCP_STATE.CLOSE && to === TCP_STATE.SYN_SENT) {
      connecting.delete(socket);
      if (connecting.size >= MOST_CONNECTING) connecting.delete(connecting.keys().next().value as number);
      connecting.set(socket, { process: this.threads.at(change.threadId, BigInt(Math.round(change.timeNs))), ns: change.timeNs });
      return;
    }
    if (from === TCP_STATE.SYN_RECV && to === TCP_STATE.ESTABLISHED) {
      accepted(this.keyOf(change), change.timeNs);
      return;
    }
    const connect = connecting.get(socket);
    if (from !== TCP_STATE.SYN_SENT || connect === undefined) return;
    connecting.delete(socket);
    if (to === TCP_STATE.CLOSE) return;
    visit(this.keyOf(change), connect.process, connect.ns, change.timeNs);
  }

  private keyOf({ localAddress, remoteAddress, localPort, remotePort }: SockStateChange): ConnectionKey {
    this.addresses.set(localAddress, 0);
    this.addresses.set(remoteAddress, 16);
    this.key.set(this.addresses, 0, 16, localAddress.length, localPort, remotePort);
    return this.key;
  }
}
