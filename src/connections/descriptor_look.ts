// One look at sockets and at who holds them, for all who want to know something at this moment: what was read is not read again.

import { IPPROTO_TCP, type SockDiag } from '../host/sock_diag.js';
import { DescriptorReader } from '../host/socket_holders.js';
import { SocketRows, TCP_STATE } from '../host/socket_rows.js';
import { endsKey, type Ends } from './connection.js';
import { readSockets, type Namespace } from './listeners.js';
import { socketEnds } from './sockets.js';

/** Where a connection is, and what socket it has. */
export interface FoundSocket {
  readonly namespace: Namespace;
  /** 0: nobody has accepted it, or nobody has it any more */
  readonly inode: number;
}

const reader = new DescriptorReader();

export class DescriptorLook {
  private readonly rows = new SocketRows();
  private readonly inodes = new Map<string, ReadonlyMap<string, number>>();
  private readonly held = new Map<number, ReadonlySet<number>>();

  constructor(private readonly diag: SockDiag) {}

  /** The one of these namespaces in which there is such a connection; undefined: none, or several. */
  locate(ends: Ends, namespaces: readonly Namespace[]): FoundSocket | undefined {
    const found: FoundSocket[] = [];
    for (const namespace of namespaces) {
      const inode = namespace.pid === undefined ? this.inodeHere(ends) : this.inodesThere(namespace).get(endsKey(ends));
      if (inode !== undefined) found.push({ namespace, inode });
    }
    return found.length === 1 ? found[0] : undefined;
  }

  holds(pid: number, inode: number): boolean {
    let held = this.held.get(pid);
    if (held === undefined) {
      const inodes = new Set<number>();
      reader.sockets(pid, (one) => inodes.add(one) !== undefined);
      held = inodes;
      this.held.set(pid, held);
    }
    return held.has(inode);
  }

  private inodeHere(ends: Ends): number | undefined {
    this.rows.clear();
    const row = this.diag.find(IPPROTO_TCP, socketEnds(ends), this.rows);
    return row < 0 || this.rows.state[row] === TCP_STATE.LISTEN ? undefined : this.rows.inode[row];
  }

  private inodesThere(namespace: Namespace): ReadonlyMap<string, number> {
    let inodes = this.inodes.get(namespace.id);
    if (inodes === undefined) {
      inodes = new Map(readSockets(namespace).map(({ ends, inode }) => [endsKey(ends), inode]));
      this.inodes.set(namespace.id, inodes);
    }
    return inodes;
  }
}
