// Every socket there is now: of this network namespace from sock_diag, of others from /proc/PID/net.

import { otherNamespaces, readSockets } from '../host/network_namespaces.js';
import { IPPROTO_TCP, IPPROTO_UDP, type SockDiag } from '../host/sock_diag.js';
import { AF_INET, AF_INET6, SocketRows, TCP_STATE } from '../host/socket_rows.js';
import { endsOfRow, type Ends } from '../host/socket_ends.js';
import { DescriptorReader, readHolders } from '../host/socket_holders.js';
import type { Owner, Protocol } from './connection.js';
import type { Processes } from './processes.js';

export interface ListedSocket {
  readonly protocol: Protocol;
  readonly ends: Ends;
  /** TCP_STATE */
  readonly state: number;
  /** 0: no process has it */
  readonly inode: number;
  /** network namespace, '' for our own */
  readonly namespace: string;
}

/** States in which a socket is over, or not yet one of a process. */
const OVER = new Set<number>([TCP_STATE.TIME_WAIT, TCP_STATE.NEW_SYN_RECV, TCP_STATE.SYN_RECV]);

/** @param others list those of the other network namespaces of processes we see, too: TCP */
export function listSockets(diag: SockDiag, processes: Processes, others: boolean): ListedSocket[] {
  const rows = new SocketRows();
  const states = ~(1 << TCP_STATE.TIME_WAIT) >>> 0;
  for (const protocol of [IPPROTO_TCP, IPPROTO_UDP]) {
    for (const family of [AF_INET, AF_INET6]) diag.dump(family, protocol, states, rows);
  }
  const listed: ListedSocket[] = [];
  for (let row = 0; row < rows.count; row++) {
    const state = rows.state[row];
    const protocol = rows.protocol[row] === IPPROTO_TCP ? 'tcp' : 'udp';
    if (protocol === 'udp' || (!OVER.has(state) && state !== TCP_STATE.CLOSE)) {
      listed.push({ protocol, ends: endsOfRow(rows, row), state, inode: rows.inode[row], namespace: '' });
    }
  }
  if (!others) return listed;
  for (const namespace of otherNamespaces(processes.pids())) {
    rows.clear();
    readSockets(namespace, rows);
    for (let row = 0; row < rows.count; row++) {
      const state = rows.state[row];
      if (OVER.has(state) || state === TCP_STATE.CLOSE) continue;
      listed.push({ protocol: 'tcp', ends: endsOfRow(rows, row), state, inode: rows.inode[row], namespace: namespace.id });
    }
  }
  return listed;
}

/** Who holds a socket, of those that are shared the one that the others come from. */
export interface SocketHolder {
  readonly owner: Owner | undefined;
  /** how many processes hold it */
  readonly shared: number;
}

/** Who holds which socket at one moment. */
export class HolderList {
  private readonly holders: ReadonlyMap<number, number | number[]>;
  /** by number: a process may hold thousands of sockets */
  private readonly owners = new Map<number, Owner | undefined>();

  constructor(private readonly processes: Processes, private readonly ns: bigint) {
    this.holders = readHolders(new DescriptorReader(), [...processes.pids()].sort((a, b) => a - b)).holders;
  }

  of(inode: number): SocketHolder {
    const holders = this.holders.get(inode);
    if (holders === undefined) return { owner: undefined, shared: 0 };
    if (typeof holders === 'number') return { owner: this.ownerOf(holders), shared: 1 };
    const root = this.rootOf(holders);
    return { owner: root === undefined ? undefined : this.ownerOf(root), shared: holders.length };
  }

  private ownerOf(pid: number): Owner | undefined {
    if (!this.owners.has(pid)) this.owners.set(pid, this.processes.ofPid(pid, this.ns));
    return this.owners.get(pid);
  }

  /** The one process whose parent holds it not; undefined when there are several. */
  private rootOf(pids: readonly number[]): number | undefined {
    const roots = pids.filter((pid) => !pids.includes(this.processes.table.get(pid)?.ppid ?? 0));
    return roots.length === 1 ? roots[0] : undefined;
  }
}
