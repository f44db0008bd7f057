// TCP connections of other network namespaces of this host, by their ends. Two namespaces may use the same addresses: a connection
// that is in both is nobody's.

import { ConnectionKey } from '../ring/connection_key.js';
import { otherNamespaces, readSockets } from './network_namespaces.js';
import { processNumbers } from './process_files.js';
import { ADDRESS_BYTES, SocketRows } from './socket_rows.js';

/** Reading everything may take this share of the time. */
const LOOK_SHARE = 0.1;
const LEAST_MS = 20;

export class ForeignSockets {
  /** inode by both ends; 0: there are several */
  private inodes = new Map<string, number>();
  private readonly rows = new SocketRows();
  private readonly key = new ConnectionKey();
  private nextMs = 0;

  /** The inode of a connection's end, as of the last look; 0: it is in no other namespace, or in several. */
  find(key: ConnectionKey): number {
    return this.inodes.get(key.words.join()) ?? 0;
  }

  /**
   * Looks again, unless the last look was too lately for what it took.
   * @param nowMs performance.now()
   */
  refresh(nowMs: number): void {
    if (nowMs < this.nextMs) return;
    const { rows } = this;
    rows.clear();
    for (const namespace of otherNamespaces(processNumbers())) readSockets(namespace, rows);
    this.inodes = new Map();
    for (let row = 0; row < rows.count; row++) this.take(row);
    const endMs = performance.now();
    this.nextMs = endMs + Math.max(LEAST_MS, (endMs - nowMs) * (1 / LOOK_SHARE - 1));
  }

  private take(row: number): void {
    const { rows, key } = this;
    const inode = rows.inode[row];
    if (inode === 0) return;
    key.set(rows.addresses, rows.localAt(row), rows.remoteAt(row), ADDRESS_BYTES, rows.localPort[row], rows.remotePort[row]);
    const ends = key.words.join();
    const known = this.inodes.get(ends);
    this.inodes.set(ends, known === undefined || known === inode ? inode : 0);
  }
}
