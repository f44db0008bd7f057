// netlink(7): sockets that talk to the kernel, and the frame of their messages (linux/netlink.h). Every length is checked against the bytes
// received. What the messages say: route_socket.ts, sock_diag.ts, proc_event.ts.

import { LITTLE_ENDIAN, bindSocket, close, errno, socket } from './libc.js';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
/** Families of netlink (linux/netlink.h). */
export const NETLINK = { ROUTE: 0, SOCK_DIAG: 4, CONNECTOR: 11 } as const;

// struct sockaddr_nl: family, padding, port (0: the kernel chooses), groups
const SOCKADDR_GROUPS = 8;
const SOCKADDR_BYTES = 12;

/** struct nlmsghdr: where its members are, and its length. */
export const NLMSGHDR = { LENGTH: 0, TYPE: 4, FLAGS: 6, SEQUENCE: 8, BYTES: 16 } as const;
/** Types of messages that every family has. */
export const NLMSG = { ERROR: 2, DONE: 3 } as const;
/** Flags of messages: a question, for one thing or for all of them; an answer that others changed meanwhile. */
export const NLM_F = { REQUEST: 0x1, DUMP: 0x300, DUMP_INTR: 0x10 } as const;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;

/** The kernel packs dumps into what one recv can take, 32 KiB at most. */
export const NETLINK_RECEIVE_BYTES = 64 << 10;

// struct rtattr
const ATTRIBUTE_TYPE = 2;
const ATTRIBUTE_HEADER_BYTES = 4;

/**
 * Opens a socket of a family. What is to be received waits from joinNetlink() on.
 * @returns -1 when the kernel does not know it: errno()
 */
export function openNetlink(family: number): number {
  return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
}

/**
 * Gives the socket its port and its groups.
 * @param groups a bit mask of the family's; 0: it only asks
 * @returns 0, or the errno of a refusal: the socket is then closed
 */
export function joinNetlink(fd: number, groups: number): number {
  const address = new Uint8Array(SOCKADDR_BYTES);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
  view.setUint32(SOCKADDR_GROUPS, groups, LITTLE_ENDIAN);
  if (bindSocket(fd, address, address.length) === 0) return 0;
  const code = errno();
  close(fd);
  return code;
}

/** What the kernel says in a NLMSG_ERROR: 0 is an acknowledgement, else an errno; undefined: the message is too short to tell. */
export function refusalIn(view: DataView, at: number, end: number): number | undefined {
  return end - at >= 4 ? -view.getInt32(at, LITTLE_ENDIAN) : undefined;
}

/**
 * Walks attributes.
 * @param at first attribute, aligned
 * @param visit gets each attribute's type and where its value lies; broken ones end the walk
 */
export function forEachAttribute(view: DataView, at: number, end: number, visit: (type: number, at: number, end: number) => void): void {
  while (at + ATTRIBUTE_HEADER_BYTES <= end) {
    const length = view.getUint16(at, LITTLE_ENDIAN);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > end) return;
    visit(view.getUint16(at + ATTRIBUTE_TYPE, LITTLE_ENDIAN), at + ATTRIBUTE_HEADER_BYTES, at + length);
    at += (length + 3) & ~3;
  }
}

/**
 * Walks the messages of one datagram.
 * @param visit also gets the flags and the sequence number
 */
export function forEachMessage(
  view: DataView,
  bytes: number,
  visit: (type: number, at: number, end: number, flags: number, sequence: number) => void,
): void {
  let at = 0;
  while (at + NLMSGHDR.BYTES <= bytes) {
    const length = view.getUint32(at + NLMSGHDR.LENGTH, LITTLE_ENDIAN);
    if (length < NLMSGHDR.BYTES || at + length > bytes) return;
    const type = view.getUint16(at + NLMSGHDR.TYPE, LITTLE_ENDIAN);
    visit(type, at + NLMSGHDR.BYTES, at + length, view.getUint16(at + NLMSGHDR.FLAGS, LITTLE_ENDIAN), view.getUint32(at + NLMSGHDR.SEQUENCE, LITTLE_ENDIAN));
    at += (length + 3) & ~3;
  }
}
