// The addresses of this network namespace, from rtnetlink: what counts as local.

import { formatNetwork, maskAddress } from '../config/network.js';
import type { Network } from '../config/settings.js';
import { LITTLE_ENDIAN } from './libc.js';
import type { Link } from './links.js';
import { forEachAttribute } from './netlink.js';
import { RTM, type RouteSocket } from './route_socket.js';

/** An address on a link, with the prefix length of its network. */
export interface LinkAddress extends Network {
  /** the link's index */
  readonly link: number;
}

// struct ifaddrmsg (linux/if_addr.h)
const FAMILY = 0;
const PREFIX = 1;
const INDEX = 4;
const IFADDRMSG_BYTES = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const AF_INET = 2;
const AF_INET6 = 10;

/** Reads one RTM_NEWADDR body, or undefined when it holds no IPv4 or IPv6 address of this host. */
export function readAddress(view: DataView, at: number, end: number): LinkAddress | undefined {
  if (end - at < IFADDRMSG_BYTES) return undefined;
  const family = view.getUint8(at + FAMILY);
  const length = family === AF_INET ? 4 : family === AF_INET6 ? 16 : 0;
  const prefix = view.getUint8(at + PREFIX);
  if (length === 0 || prefix > length * 8) return undefined;
  let local: Uint8Array | undefined;
  let address: Uint8Array | undefined;
  forEachAttribute(view, at + IFADDRMSG_BYTES, end, (type, from, to) => {
    if (to - from !== length) return;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + from, length).slice();
    if (type === IFA_LOCAL) local = bytes;
    if (type === IFA_ADDRESS) address = bytes;
  });
  // On point-to-point links IFA_ADDRESS is the other end; IFA_LOCAL, where there is one, is always ours.
  const bytes = local ?? address;
  return bytes === undefined ? undefined : { link: view.getInt32(at + INDEX, LITTLE_ENDIAN), bytes, prefix };
}

/**
 * Every address of every link.
 * @throws Error when rtnetlink does not answer
 */
export function listAddresses(socket: RouteSocket): LinkAddress[] {
  let addresses: LinkAddress[] = [];
  socket.dump(
    RTM.GETADDR,
    () => {
      addresses = [];
    },
    (type, view, at, end) => {
      const address = type === RTM.NEWADDR ? readAddress(view, at, end) : undefined;
      if (address !== undefined) addresses.push(address);
    },
  );
  return addresses;
}

/** What counts as local: each address by itself, and on loopback links the whole IPv4 network (127.0.0.0/8), once each. */
export function localNetworks(links: readonly Link[], addresses: readonly LinkAddress[]): Network[] {
  const loopbacks = new Set(links.filter((link) => link.loopback).map((link) => link.index));
  const networks = new Map<string, Network>();
  for (const { link, bytes, prefix } of addresses) {
    const whole = bytes.length === 4 && loopbacks.has(link);
    const network = whole ? { bytes: maskAddress(bytes, prefix), prefix } : { bytes, prefix: bytes.length * 8 };
    networks.set(formatNetwork(network), network);
  }
  return [...networks.values()];
}
