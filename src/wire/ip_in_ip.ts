// IP straight in IP: IPv4 in IPv4 (RFC 2003), IPv6 in IPv4 (RFC 4213), IPv4 and IPv6 in IPv6 (RFC 2473). Each combination is
// a tunnel of its own name.

import { etherTypes } from './dispatch.js';
import { ENCAP, ENCAPS, type Tunnel } from './encap.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethertypes.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

/** By ENCAP: 1 for the combinations that are looked into. */
const followed = new Uint8Array(ENCAPS.length);

/** Chooses the combinations. */
export function followIpInIp(tunnels: readonly Tunnel[]): void {
  for (const encap of [ENCAP.IPIP, ENCAP.SIX_IN_FOUR, ENCAP.FOUR_IN_SIX, ENCAP.SIX_IN_SIX]) {
    followed[encap] = (tunnels as readonly string[]).includes(ENCAPS[encap].name) ? 1 : 0;
  }
}

/** IP protocol 4. The outer version is told by the addresses found last. */
export function carriedIpv4(_bytes: Uint8Array, frame: Frame): number {
  const encap = frame.addressLength === 4 ? ENCAP.IPIP : ENCAP.FOUR_IN_SIX;
  return followed[encap] === 1 && frame.enter(encap, 0) ? etherTypes[ETHERTYPE_IPV4] : OUTCOME.NOT_TCP;
}

/** IP protocol 41. */
export function carriedIpv6(_bytes: Uint8Array, frame: Frame): number {
  const encap = frame.addressLength === 4 ? ENCAP.SIX_IN_FOUR : ENCAP.SIX_IN_SIX;
  return followed[encap] === 1 && frame.enter(encap, 0) ? etherTypes[ETHERTYPE_IPV6] : OUTCOME.NOT_TCP;
}
