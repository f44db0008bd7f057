// The TCP sockets of this network namespace, by the key of their connection.

import { ConnectionKey } from '../ring/connection_key.js';
import { IPPROTO_TCP, type SockDiag } from './sock_diag.js';
import { ADDRESS_BYTES, AF_INET, AF_INET6, SocketRows, TCP_STATE } from './socket_rows.js';

/** Every state but those without another end, and without a socket. */
const CONNECTED = ~((1 << TCP_STATE.LISTEN) | (1 << TCP_STATE.CLOSE) | (1 << TCP_STATE.TIME_WAIT)) >>> 0;

export class OwnSockets {
  /** of what inodeOf() found last, TCP_STATE; LISTEN: what listens at the local end, and no connection; 0: nothing */
  state = 0;
  private readonly rows = new SocketRows();
  private readonly ends = { bytes: new Uint8Array(2 * ADDRESS_BYTES), at: 0, localPort: 0, remotePort: 0 };

  constructor(private readonly diag: SockDiag) {}

  /** @returns 0: no process has it, or it is what listens there; -1: this namespace does not know it */
  inodeOf(key: ConnectionKey): number {
    const { rows, ends } = this;
    key.writeAddresses(ends.bytes, 0);
    ends.localPort = key.localPort;
    ends.remotePort = key.remotePort;
    rows.clear();
    const row = this.diag.find(IPPROTO_TCP, ends, rows);
    this.state = row < 0 ? 0 : rows.state[row];
    if (row < 0) return -1;
    return this.state === TCP_STATE.LISTEN ? 0 : rows.inode[row];
  }

  /** Inodes of what listens on some ports. */
  listenersOn(wantsPort: (port: number) => boolean): Set<number> {
    const { rows } = this;
    const inodes = new Set<number>();
    rows.clear();
    for (const family of [AF_INET, AF_INET6]) this.diag.dump(family, IPPROTO_TCP, 1 << TCP_STATE.LISTEN, rows);
    for (let row = 0; row < rows.count; row++) if (wantsPort(rows.localPort[row])) inodes.add(rows.inode[row]);
    return inodes;
  }

  /** Connections, by their own end. */
  *established(wants: (localPort: number, remotePort: number) => boolean): Generator<{ key: ConnectionKey; inode: number }> {
    const rows = new SocketRows();
    for (const family of [AF_INET, AF_INET6]) this.diag.dump(family, IPPROTO_TCP, CONNECTED, rows);
    for (let row = 0; row < rows.count; row++) {
      const [localPort, remotePort] = [rows.localPort[row], rows.remotePort[row]];
      if (!wants(localPort, remotePort)) continue;
      const key = new ConnectionKey();
      key.set(rows.addresses, rows.localAt(row), rows.remoteAt(row), ADDRESS_BYTES, localPort, remotePort);
      yield { key, inode: rows.inode[row] };
    }
  }
}
