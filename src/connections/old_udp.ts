// UDP sockets of the list at the start, for sources that hear of packets alone: nothing is heard when such a socket is closed, so
// the list is read again now and then while there are any.

import { monotonicNs } from '../host/clocks.js';
import { IPPROTO_UDP, type SockDiag } from '../host/sock_diag.js';
import { endsKey, endsOfRow } from '../host/socket_ends.js';
import { AF_INET, AF_INET6, SocketRows } from '../host/socket_rows.js';
import type { Book, Entry } from './book.js';

const CHECK_MS = 5000;
const EVERY_STATE = 0xffffffff;

export class OldUdpSockets {
  private entries: Entry[] | undefined;
  private checkedMs = performance.now();

  constructor(private readonly book: Book, private readonly diag: SockDiag) {}

  get dueMs(): number | undefined {
    return this.entries?.length === 0 ? undefined : this.checkedMs + CHECK_MS;
  }

  /** Tells the end of those that are gone since the last look. */
  tend(): void {
    const nowMs = performance.now();
    if (nowMs - this.checkedMs < CHECK_MS) return;
    this.checkedMs = nowMs;
    this.entries ??= [...this.book].filter(({ protocol, isOld }) => protocol === 'udp' && isOld);
    if (this.entries.length === 0) return;
    const rows = new SocketRows();
    for (const family of [AF_INET, AF_INET6]) this.diag.dump(family, IPPROTO_UDP, EVERY_STATE, rows);
    const present = new Set<string>();
    for (let row = 0; row < rows.count; row++) present.add(endsKey(endsOfRow(rows, row)));
    const ns = Number(monotonicNs());
    this.entries = this.entries.filter((entry) => {
      if (present.has(endsKey(entry.ends))) return this.book.has(entry);
      // One that ended as a conversation was told already.
      if (this.book.has(entry)) this.book.tell(entry, 'close', ns);
      this.book.remove(entry);
      return false;
    });
  }
}
