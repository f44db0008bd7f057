// rtnetlink: asking the kernel for its links and addresses, and hearing when they change.
// Messages as in linux/netlink.h and linux/rtnetlink.h; every length is checked against the bytes received.

import { constants } from 'node:os';
import { LITTLE_ENDIAN, bindSocket, close, errno, errnoText, receive, send, setSocketOption, socket } from './libc.js';

/** Message types (linux/rtnetlink.h). */
export const RTM = { NEWLINK: 16, DELLINK: 17, GETLINK: 18, NEWADDR: 20, DELADDR: 21, GETADDR: 22 } as const;
/** Notification groups (linux/rtnetlink.h). */
export const RTMGRP = { LINK: 0x1, IPV4_IFADDR: 0x10, IPV6_IFADDR: 0x100 } as const;

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

// struct nlmsghdr
const LENGTH = 0;
const TYPE = 4;
const FLAGS = 6;
const SEQUENCE = 8;
const HEADER_BYTES = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 0x1;
const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x10;

// struct rtattr
const ATTRIBUTE_TYPE = 2;
const ATTRIBUTE_HEADER_BYTES = 4;

/** The longest body a dump request has here: struct ifinfomsg. All zero asks for everything. */
const REQUEST_BODY_BYTES = 16;
/** The kernel packs dumps into what one recv can take, 32 KiB at most. */
const RECEIVE_BYTES = 64 << 10;
const DUMP_ATTEMPTS = 10;
const DUMP_TIMEOUT_SECONDS = 5;

/** Called for a message: its type and where its body lies. */
export type MessageVisitor = (type: number, view: DataView, at: number, end: number) => void;

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
  while (at + HEADER_BYTES <= bytes) {
    const length = view.getUint32(at + LENGTH, LITTLE_ENDIAN);
    if (length < HEADER_BYTES || at + length > bytes) return;
    const type = view.getUint16(at + TYPE, LITTLE_ENDIAN);
    visit(type, at + HEADER_BYTES, at + length, view.getUint16(at + FLAGS, LITTLE_ENDIAN), view.getUint32(at + SEQUENCE, LITTLE_ENDIAN));
    at += (length + 3) & ~3;
  }
}

/** The kernel does not do what was asked of it. `message` is one line for the user. */
class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
}

/** One rtnetlink socket: for dumps (groups 0), or for notifications. */
export class RouteSocket {
  /** for poll() */
  readonly fd: number;
  private readonly bytes = new Uint8Array(RECEIVE_BYTES);
  private readonly view = new DataView(this.bytes.buffer);
  private sequence = 0;

  /**
   * @param groups RTMGRP bits to hear
   * @throws NetlinkError when the kernel refuses
   */
  constructor(groups: number) {
    this.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (this.fd < 0) throw new NetlinkError(`cannot open an rtnetlink socket: ${errnoText()}`);
    const address = new Uint8Array(12); // struct sockaddr_nl: family, padding, port (the kernel chooses), groups
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
    view.setUint32(8, groups, LITTLE_ENDIAN);
    const timeout = new BigInt64Array([BigInt(DUMP_TIMEOUT_SECONDS), 0n]); // struct timeval of 64-bit systems; others ignore it
    setSocketOption(this.fd, SOL_SOCKET, SO_RCVTIMEO, new Uint8Array(timeout.buffer), 16);
    if (bindSocket(this.fd, address, address.length) < 0) {
      const reason = errnoText();
      this.close();
      throw new NetlinkError(`cannot listen to rtnetlink: ${reason}`);
    }
  }

  /**
   * Asks for all objects of a kind; asks again when they changed meanwhile.
   * @param request RTM.GETLINK or RTM.GETADDR
   * @param restart called before each attempt: forget what was visited
   * @throws NetlinkError when the kernel refuses or does not answer
   */
  dump(request: number, restart: () => void, visit: MessageVisitor): void {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      restart();
      if (this.dumpOnce(request, visit)) return;
    }
    // Changing all the time: what the last attempt saw is as true as anything; the next notification brings another dump.
  }

  /** @returns false when the objects changed during the dump */
  private dumpOnce(request: number, visit: MessageVisitor): boolean {
    const sequence = ++this.sequence;
    const message = new Uint8Array(HEADER_BYTES + REQUEST_BODY_BYTES);
    const header = new DataView(message.buffer);
    header.setUint32(LENGTH, message.length, LITTLE_ENDIAN);
    header.setUint16(TYPE, request, LITTLE_ENDIAN);
    header.setUint16(FLAGS, NLM_F_REQUEST | NLM_F_DUMP, LITTLE_ENDIAN);
    header.setUint32(SEQUENCE, sequence, LITTLE_ENDIAN);
    if (send(this.fd, message, message.length, 0) < 0) throw new NetlinkError(`cannot ask rtnetlink: ${errnoText()}`);
    let done = false;
    let steady = true;
    let refusal = 0;
    while (!done) {
      const bytes = this.receive(0);
      if (bytes < 0) throw new NetlinkError(`rtnetlink does not answer: ${errnoText()}`);
      forEachMessage(this.view, bytes, (type, at, end, flags, answered) => {
        if (answered !== sequence) return;
        if ((flags & NLM_F_DUMP_INTR) !== 0) steady = false;
        if (type === NLMSG_DONE) done = true;
        else if (type === NLMSG_ERROR) {
          done = true;
          refusal = end - at >= 4 ? -this.view.getInt32(at, LITTLE_ENDIAN) : -1;
        } else visit(type, this.view, at, end);
      });
    }
    if (refusal !== 0) throw new NetlinkError(`rtnetlink refuses with error ${refusal}`);
    return steady;
  }

  /**
   * Reads the notifications that are waiting.
   * @param visit gets the type of each
   * @returns false when the kernel had to drop some: anything may have changed
   */
  readNotifications(visit: (type: number) => void): boolean {
    let complete = true;
    for (;;) {
      const bytes = this.receive(MSG_DONTWAIT);
      if (bytes < 0) {
        if (errno() !== constants.errno.ENOBUFS) return complete;
        complete = false;
        continue;
      }
      if (bytes > RECEIVE_BYTES) complete = false;
      forEachMessage(this.view, Math.min(bytes, RECEIVE_BYTES), visit);
    }
  }

  /** One datagram; @returns its whole length, -1 on error */
  private receive(flags: number): number {
    for (;;) {
      const bytes = receive(this.fd, this.bytes, RECEIVE_BYTES, flags | MSG_TRUNC);
      if (bytes >= 0 || errno() !== constants.errno.EINTR) return bytes;
    }
  }

  close(): void {
    close(this.fd);
  }
}
