// Sockets as lists of the kernel have them, with their ends as text.

import { formatAddress, parseAddress } from '../config/network.js';
import { unmapped } from '../host/sock_state.js';
import type { SocketEnds } from '../host/sock_diag.js';
import { ADDRESS_BYTES, TCP_STATE, writeMapped, type SocketRows } from '../host/socket_rows.js';
import type { Ends } from './connection.js';

const ZERO_ADDRESS = /^(?:0\.0\.0\.0|::)$/;

/** The ends of row `row`; a socket without other end has none. */
export function endsOfRow(rows: SocketRows, row: number): Ends {
  const remotePort = rows.remotePort[row];
  const remote = addressText(rows.addresses, rows.remoteAt(row));
  const isAlone = rows.state[row] === TCP_STATE.LISTEN || (remotePort === 0 && ZERO_ADDRESS.test(remote));
  return {
    local: addressText(rows.addresses, rows.localAt(row)),
    localPort: rows.localPort[row],
    remote: isAlone ? '' : remote,
    remotePort: isAlone ? 0 : remotePort,
  };
}

function addressText(bytes: Uint8Array, at: number): string {
  return formatAddress(unmapped(bytes.subarray(at, at + ADDRESS_BYTES)));
}

/** The other way round, for a look-up. */
export function socketEnds({ local, localPort, remote, remotePort }: Ends): SocketEnds {
  const bytes = new Uint8Array(2 * ADDRESS_BYTES);
  setAddress(bytes, 0, local);
  setAddress(bytes, ADDRESS_BYTES, remote === '' ? local.replace(/[\da-f]+/gi, '0') : remote);
  return { bytes, at: 0, localPort, remotePort };
}

function setAddress(out: Uint8Array, at: number, text: string): void {
  const address = parseAddress(text);
  if (address === undefined) return;
  if (address.length === 4) writeMapped(out, at, address, 0);
  else out.set(address, at);
}
