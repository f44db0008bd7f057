// One look at sockets and at who holds them, for all who want to know something at this moment: what was read is not read again.

import { ForkCopies } from './fork_copies.js';
import { readFamily, type Namespace } from './network_namespaces.js';
import { ProcessFiles } from './process_files.js';
import type { ProcessTable } from './process_table.js';
import { IPPROTO_TCP, type SockDiag } from './sock_diag.js';
import { endsKey, endsOfRow, socketEnds, type Ends } from './socket_ends.js';
import { DescriptorReader } from './socket_holders.js';
import { AF_INET, AF_INET6, SocketRows, TCP_STATE } from './socket_rows.js';

/** Where a connection is, and what socket it has. */
export interface FoundSocket {
  readonly namespace: Namespace;
  /** 0: nobody has accepted it, or nobody has it any more */
  readonly inode: number;
  /** its program has closed it, or the other end has and nobody will accept it */
  readonly isOver: boolean;
}

/** As a listener made it, and no program has closed it. */
const OPEN = new Set<number>([TCP_STATE.ESTABLISHED, TCP_STATE.CLOSE_WAIT, TCP_STATE.SYN_RECV, TCP_STATE.NEW_SYN_RECV]);

interface SocketNow {
  readonly inode: number;
  readonly state: number;
}

/** What a process was seen to hold. */
interface Held {
  readonly inodes: ReadonlySet<number>;
  /** it may have begun no program yet since its fork: what it holds may be copies (fork_copies.ts) */
  readonly mayBeCopies: boolean;
}

const reader = new DescriptorReader();
const files = new ProcessFiles();
const NOTHING: Held = { inodes: new Set(), mayBeCopies: false };

export class DescriptorLook {
  private readonly rows = new SocketRows();
  /** by family and namespace */
  private readonly sockets = new Map<string, ReadonlyMap<string, SocketNow>>();
  private readonly held = new Map<number, Held>();

  /** @param breathe called before each list of another namespace is read, which takes milliseconds */
  constructor(private readonly diag: SockDiag, private readonly table: ProcessTable, private readonly breathe: () => void) {}

  /** The one of these namespaces in which there is such a connection; undefined: none, or several. */
  locate(ends: Ends, namespaces: readonly Namespace[]): FoundSocket | undefined {
    const found: FoundSocket[] = [];
    for (const namespace of namespaces) {
      const socket = namespace.pid === undefined ? this.here(ends) : this.there(namespace, ends);
      if (socket !== undefined) found.push({ namespace, inode: socket.inode, isOver: !OPEN.has(socket.state) });
    }
    return found.length === 1 ? found[0] : undefined;
  }

  holds(pid: number, inode: number): boolean {
    return this.heldBy(pid).inodes.has(inode);
  }

  /** Whether what a process holds may be copies of what its parent holds: it was just forked, and may begin a program. */
  mayHoldCopies(pid: number): boolean {
    return this.heldBy(pid).mayBeCopies;
  }

  private heldBy(pid: number): Held {
    let held = this.held.get(pid);
    if (held === undefined) this.held.set(pid, held = this.readHeld(pid));
    return held;
  }

  private readHeld(pid: number): Held {
    const before = files.stat(pid);
    const inodes = new Set<number>();
    reader.sockets(pid, (one) => inodes.add(one) !== undefined);
    const after = files.stat(pid);
    if (before === undefined || after?.startTicks !== before.startTicks) return NOTHING;
    return { inodes, mayBeCopies: new ForkCopies(this.table, files).until(pid, before, after) !== -Infinity };
  }

  private here(ends: Ends): SocketNow | undefined {
    this.rows.clear();
    const row = this.diag.find(IPPROTO_TCP, socketEnds(ends), this.rows);
    if (row < 0 || this.rows.state[row] === TCP_STATE.LISTEN) return undefined;
    return { inode: this.rows.inode[row], state: this.rows.state[row] };
  }

  /** An IPv4 connection of a dual-stack server is in the list of IPv6. */
  private there(namespace: Namespace, ends: Ends): SocketNow | undefined {
    const key = endsKey(ends);
    const asIpv4 = ends.local.includes(':') ? undefined : this.listed(namespace, AF_INET).get(key);
    return asIpv4 ?? this.listed(namespace, AF_INET6).get(key);
  }

  private listed(namespace: Namespace, family: typeof AF_INET | typeof AF_INET6): ReadonlyMap<string, SocketNow> {
    const name = `${family} ${namespace.id}`;
    let sockets = this.sockets.get(name);
    if (sockets === undefined) {
      this.breathe();
      sockets = this.read(namespace, family);
      this.sockets.set(name, sockets);
    }
    return sockets;
  }

  private read(namespace: Namespace, family: typeof AF_INET | typeof AF_INET6): ReadonlyMap<string, SocketNow> {
    const { rows } = this;
    const sockets = new Map<string, SocketNow>();
    rows.clear();
    readFamily(namespace, family, rows);
    for (let row = 0; row < rows.count; row++) sockets.set(endsKey(endsOfRow(rows, row)), { inode: rows.inode[row], state: rows.state[row] });
    return sockets;
  }
}
