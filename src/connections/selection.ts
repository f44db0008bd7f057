// Which connections are wanted.

import { parseAddress, parseNetwork } from '../config/network.js';
import type { ConnectionSelection } from '../config/connections_settings.js';
import type { Network } from '../config/settings.js';
import { isIpv6, type ConnectionEvent } from './connection.js';

/** RFC 1918; RFC 4193 unique local and RFC 4291 link-local addresses. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fe80::/10']
  .map(parseNetwork).filter((network) => network !== undefined);

export class Selection {
  constructor(private readonly wanted: ConnectionSelection) {}

  includes(event: ConnectionEvent): boolean {
    const { ipVersion, protocol, omitSelf, omitPrivate, localAddress, localPort, remoteAddress, remotePort } = this.wanted;
    if (ipVersion !== undefined && isIpv6(event) !== (ipVersion === 6)) return false;
    if (protocol !== undefined && event.protocol !== protocol) return false;
    if (omitSelf && event.remote === '') return false;
    if (localAddress !== '' && event.local !== localAddress) return false;
    if (localPort !== 0 && event.localPort !== localPort) return false;
    if (remoteAddress !== '' && event.remote !== remoteAddress) return false;
    if (remotePort !== 0 && event.remotePort !== remotePort) return false;
    return !omitPrivate || event.remote === '' || !isPrivate(event.remote);
  }
}

function isPrivate(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && PRIVATE.some((network) => contains(network, address));
}

function contains({ bytes, prefix }: Network, address: Uint8Array): boolean {
  if (bytes.length !== address.length) return false;
  for (let bit = 0; bit < prefix; bit += 8) {
    const mask = (0xff00 >> Math.min(8, prefix - bit)) & 0xff;
    if (((bytes[bit >> 3] ^ address[bit >> 3]) & mask) !== 0) return false;
  }
  return true;
}
