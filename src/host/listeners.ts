// Sockets that listen, in this network namespace and in those of the processes we see.

import { otherNamespaces, readSockets, type Namespace } from './network_namespaces.js';
import { IPPROTO_TCP, type SockDiag } from './sock_diag.js';
import { endsOfRow, type Ends } from './socket_ends.js';
import { AF_INET, AF_INET6, SocketRows, TCP_STATE } from './socket_rows.js';

export interface Listener {
  readonly local: string;
  readonly port: number;
  readonly inode: number;
  readonly namespace: Namespace;
}

const OWN: Namespace = { id: 'own', pid: undefined };

export class Listeners {
  private byPort = new Map<number, Listener[]>();

  constructor(private readonly diag: SockDiag) {}

  /** Reads all of them anew. @param pids the processes there are */
  refresh(pids: Iterable<number>): void {
    this.byPort = new Map();
    const rows = new SocketRows();
    for (const family of [AF_INET, AF_INET6]) this.diag.dump(family, IPPROTO_TCP, 1 << TCP_STATE.LISTEN, rows);
    this.addRows(rows, OWN);
    for (const namespace of otherNamespaces(pids)) {
      rows.clear();
      readSockets(namespace, rows);
      this.addRows(rows, namespace);
    }
  }

  /** Those that a connection with these ends may have come to, by namespace: the address itself goes before any address. */
  matching({ local, localPort }: Ends): ReadonlyMap<Namespace, readonly Listener[]> {
    const found = new Map<Namespace, Listener[]>();
    for (const wanted of [[local], local.includes(':') ? ['::'] : ['0.0.0.0', '::']]) {
      const before = new Set(found.keys());
      for (const listener of this.byPort.get(localPort) ?? []) {
        if (!wanted.includes(listener.local) || before.has(listener.namespace)) continue;
        found.set(listener.namespace, [...found.get(listener.namespace) ?? [], listener]);
      }
    }
    return found;
  }

  private addRows(rows: SocketRows, namespace: Namespace): void {
    for (let row = 0; row < rows.count; row++) {
      if (rows.state[row] !== TCP_STATE.LISTEN) continue;
      const { local, localPort } = endsOfRow(rows, row);
      this.add({ local, port: localPort, inode: rows.inode[row], namespace });
    }
  }

  private add(listener: Listener): void {
    const known = this.byPort.get(listener.port);
    if (known === undefined) this.byPort.set(listener.port, [listener]);
    else known.push(listener);
  }
}
