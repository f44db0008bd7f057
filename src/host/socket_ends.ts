// The ends of a connection as text, and those of sockets as lists of the kernel have them.

import { formatAddress, parseAddress } from '../config/network.js';
import type { SocketEnds } from './sock_diag.js';
import { ADDRESS_BYTES, isMapped, TCP_STATE, writeMapped, type SocketRows } from './socket_rows.js';

/** Ends of a connection as one of them sees it: canonical text, IPv4-mapped addresses as those of IPv4. */
export interface Ends {
  readonly local: string;
  /** 0: not known yet */
  readonly localPort: number;
  /** '' and 0: there is none */
  readonly remote: string;
  readonly remotePort: number;
}

/** Names the connection among those of its protocol in one network namespace. */
export function endsKey({ local, localPort, remote, remotePort }: Ends): string {
  return `${local} ${localPort} ${remote} ${remotePort}`;
}

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

/** Most are of IPv4, and a list has tens of thousands: those without an array each. */
function addressText(bytes: Uint8Array, at: number): string {
  if (isMapped(bytes, at)) return `${bytes[at + 12]}.${bytes[at + 13]}.${bytes[at + 14]}.${bytes[at + 15]}`;
  return formatAddress(bytes.subarray(at, at + ADDRESS_BYTES));
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
