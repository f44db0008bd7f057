// The links (interfaces) of this network namespace, from rtnetlink.

import { LITTLE_ENDIAN } from './libc.js';
import { forEachAttribute } from './netlink.js';
import { RTM, type RouteSocket } from './route_socket.js';

export interface Link {
  readonly index: number;
  readonly name: string;
  /** administratively up */
  readonly up: boolean;
  /** has a carrier */
  readonly running: boolean;
  readonly loopback: boolean;
}

// struct ifinfomsg (linux/rtnetlink.h)
const INDEX = 4;
const FLAGS = 8;
const IFINFOMSG_BYTES = 16;
// linux/if_link.h, linux/if.h
const IFLA_IFNAME = 3;
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;

/** Reads one RTM_NEWLINK body, or undefined when it is too short or has no name. */
export function readLink(view: DataView, at: number, end: number): Link | undefined {
  if (end - at < IFINFOMSG_BYTES) return undefined;
  const flags = view.getUint32(at + FLAGS, LITTLE_ENDIAN);
  let name = '';
  forEachAttribute(view, at + IFINFOMSG_BYTES, end, (type, from, to) => {
    if (type === IFLA_IFNAME) name = text(view, from, to);
  });
  if (name === '') return undefined;
  return {
    index: view.getInt32(at + INDEX, LITTLE_ENDIAN),
    name,
    up: (flags & IFF_UP) !== 0,
    running: (flags & IFF_RUNNING) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
  };
}

function text(view: DataView, from: number, to: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + from, to - from);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * Every link, by rising index.
 * @throws Error when rtnetlink does not answer
 */
export function listLinks(socket: RouteSocket): Link[] {
  let links: Link[] = [];
  socket.dump(
    RTM.GETLINK,
    () => {
      links = [];
    },
    (type, view, at, end) => {
      const link = type === RTM.NEWLINK ? readLink(view, at, end) : undefined;
      if (link !== undefined) links.push(link);
    },
  );
  return links.sort((a, b) => a.index - b.index);
}
