// The TCP sockets of this network namespace, as the thread that finds owners wants them.

import { IPPROTO_TCP, type SockDiag } from '../host/sock_diag.js';
import { AF_INET, AF_INET6, SocketRows, TCP_STATE } from '../host/socket_rows.js';
import { ConnectionKey } from '../ring/connection_key.js';

/** Every state but those without another end, and without a socket. */
const CONNECTED = ~((1 << TCP_STATE.LISTEN) | (1 << TCP_STATE.CLOSE) | (1 << TCP_STATE.TIME_WAIT)) >>> 0;

/** Connections, by their own end. Socket lists are read once, before the first is handed over. */
export function* establishedOf(diag: SockDiag, wants: (localPort: number, remotePort: number) => boolean): Generator<{ key: ConnectionKey; inode: number }> {
  const rows = new SocketRows();
  for (const family of [AF_INET, AF_INET6]) diag.dump(family, IPPROTO_TCP, CONNECTED, rows);
  for (let row = 0; row < rows.count; row++) {
    const [localPort, remotePort] = [rows.localPort[row], rows.remotePort[row]];
    if (!wants(localPort, remotePort)) continue;
    const key = new ConnectionKey();
    key.set(rows.addresses, rows.localAt(row), rows.remoteAt(row), 16, localPort, remotePort);
    yield { key, inode: rows.inode[row] };
  }
}

/** Inodes of the sockets that listen on ports. */
export function listenersOf(diag: SockDiag, wantsPort: (port: number) => boolean): Set<number> {
  const rows = new SocketRows();
  const inodes = new Set<number>();
  for (const family of [AF_INET, AF_INET6]) diag.dump(family, IPPROTO_TCP, 1 << TCP_STATE.LISTEN, rows);
  for (let row = 0; row < rows.count; row++) if (wantsPort(rows.localPort[row])) inodes.add(rows.inode[row]);
  return inodes;
}
