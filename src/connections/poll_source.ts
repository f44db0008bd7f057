// Source (c), and the list that every source begins with: looks at all sockets and tells what is new and what is gone since the
// last look. What opens and closes in between is not heard of.

import { monotonicNs } from '../host/clocks.js';
import type { SockDiag } from '../host/sock_diag.js';
import { endsKey } from '../host/socket_ends.js';
import { TCP_STATE } from '../host/socket_rows.js';
import type { Book, Entry } from './book.js';
import type { Processes } from './processes.js';
import { HolderList, listSockets, type ListedSocket } from './socket_list.js';

export class PollSource {
  private readonly known = new Map<string, Entry>();

  /** @param others look into the network namespaces of other processes, too */
  constructor(private readonly book: Book, private readonly processes: Processes, private readonly diag: SockDiag, private readonly others: boolean) {}

  /**
   * Compares with the last look.
   * @param isOld what is new was there before us
   */
  look(isOld = false): void {
    this.processes.rescan();
    const sockets = listSockets(this.diag, this.processes, this.others);
    const ns = monotonicNs();
    const listening = new Set(sockets.filter(({ state, protocol }) => protocol === 'tcp' && state === TCP_STATE.LISTEN)
      .map(({ ends, namespace }) => `${namespace} ${ends.localPort}`));
    const present = this.known.size === 0 ? undefined : new Set<string>(); // the first look finds nothing gone
    let holders: HolderList | undefined;
    for (const socket of sockets) {
      // Two sockets may listen at one place (SO_REUSEPORT): those have a number each.
      const key = `${socket.namespace} ${socket.protocol} ${endsKey(socket.ends)} ${socket.ends.remote === '' ? socket.inode : ''}`;
      present?.add(key);
      const entry = this.known.get(key);
      if (entry === undefined) {
        holders ??= new HolderList(this.processes, ns);
        this.known.set(key, this.begin(socket, holders, listening, Number(ns), isOld));
      } else if (!entry.isEstablished && entry.protocol === 'tcp' && isEstablished(socket)) {
        entry.isEstablished = true;
        this.book.tell(entry, 'established', Number(ns));
      }
    }
    if (present === undefined) return;
    for (const [key, entry] of this.known) {
      if (!present.has(key)) this.end(key, entry, Number(ns));
    }
  }

  private begin(socket: ListedSocket, holders: HolderList, listening: ReadonlySet<string>, ns: number, isOld: boolean): Entry {
    const { protocol, ends, namespace, inode } = socket;
    const { owner, shared } = holders.of(inode);
    const called = listening.has(`${namespace} ${ends.localPort}`);
    const direction = ends.remote === '' || protocol === 'udp' ? undefined : called ? 'in' as const : 'out' as const;
    const entry = this.book.add({
      protocol, ends, direction, owner, via: owner === undefined ? undefined : 'scan', shared, isOld, sinceNs: isOld ? undefined : ns,
    });
    entry.isEstablished = isEstablished(socket);
    const event = ends.remote === '' ? 'listen' : protocol === 'tcp' && entry.isEstablished ? 'established' : 'open';
    this.book.tell(entry, event, ns);
    return entry;
  }

  private end(key: string, entry: Entry, ns: number): void {
    this.known.delete(key);
    const hasFailed = entry.protocol === 'tcp' && entry.ends.remote !== '' && !entry.isEstablished;
    this.book.tell(entry, 'close', ns, { hasFailed });
    this.book.remove(entry);
  }

  /** Another source goes on from here. */
  forget(): void {
    this.known.clear();
  }
}

function isEstablished({ state, protocol }: ListedSocket): boolean {
  return protocol === 'tcp' && state !== TCP_STATE.SYN_SENT && state !== TCP_STATE.LISTEN;
}
