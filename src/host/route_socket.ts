// rtnetlink: asking the kernel for its links and addresses, and hearing when they change (linux/rtnetlink.h).

import { constants } from 'node:os';
import { LITTLE_ENDIAN, close, errno, errnoText, receive, send } from './libc.js';
import {
  MSG_DONTWAIT, MSG_TRUNC, NETLINK, NETLINK_RECEIVE_BYTES, NLMSG, NLMSGHDR, NLM_F, forEachMessage, joinNetlink, openNetlink, refusalIn,
} from './netlink.js';
import { setReceiveTimeout } from './socket_options.js';

/** Message types (linux/rtnetlink.h). */
export const RTM = { NEWLINK: 16, DELLINK: 17, GETLINK: 18, NEWADDR: 20, DELADDR: 21, GETADDR: 22 } as const;
/** Notification groups (linux/rtnetlink.h). */
export const RTMGRP = { LINK: 0x1, IPV4_IFADDR: 0x10, IPV6_IFADDR: 0x100 } as const;

/** The longest body a dump request has here: struct ifinfomsg. All zero asks for everything. */
const REQUEST_BODY_BYTES = 16;
const DUMP_ATTEMPTS = 10;
const DUMP_TIMEOUT_SECONDS = 5;

/** Called for a message: its type and where its body lies. */
export type MessageVisitor = (type: number, view: DataView, at: number, end: number) => void;

/** The kernel does not do what was asked of it. `message` is one line for the user. */
class NetlinkError extends Error {
  override readonly name = 'NetlinkError';
}

/** One rtnetlink socket: for dumps (groups 0), or for notifications. */
export class RouteSocket {
  /** for poll() */
  readonly fd: number;
  private readonly bytes = new Uint8Array(NETLINK_RECEIVE_BYTES);
  private readonly view = new DataView(this.bytes.buffer);
  private sequence = 0;

  /**
   * @param groups RTMGRP bits to hear
   * @throws NetlinkError when the kernel refuses
   */
  constructor(groups: number) {
    this.fd = openNetlink(NETLINK.ROUTE);
    if (this.fd < 0) throw new NetlinkError(`cannot open an rtnetlink socket: ${errnoText()}`);
    setReceiveTimeout(this.fd, DUMP_TIMEOUT_SECONDS);
    const refused = joinNetlink(this.fd, groups);
    if (refused !== 0) throw new NetlinkError(`cannot listen to rtnetlink: ${errnoText(refused)}`);
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
    const message = new Uint8Array(NLMSGHDR.BYTES + REQUEST_BODY_BYTES);
    const header = new DataView(message.buffer);
    header.setUint32(NLMSGHDR.LENGTH, message.length, LITTLE_ENDIAN);
    header.setUint16(NLMSGHDR.TYPE, request, LITTLE_ENDIAN);
    header.setUint16(NLMSGHDR.FLAGS, NLM_F.REQUEST | NLM_F.DUMP, LITTLE_ENDIAN);
    header.setUint32(NLMSGHDR.SEQUENCE, sequence, LITTLE_ENDIAN);
    if (send(this.fd, message, message.length, 0) < 0) throw new NetlinkError(`cannot ask rtnetlink: ${errnoText()}`);
    let done = false;
    let steady = true;
    let refusal = 0;
    while (!done) {
      const bytes = this.receive(0);
      if (bytes < 0) throw new NetlinkError(`rtnetlink does not answer: ${errnoText()}`);
      forEachMessage(this.view, bytes, (type, at, end, flags, answered) => {
        if (answered !== sequence) return;
        if ((flags & NLM_F.DUMP_INTR) !== 0) steady = false;
        if (type === NLMSG.DONE) done = true;
        else if (type === NLMSG.ERROR) {
          done = true;
          refusal = refusalIn(this.view, at, end) ?? -1;
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
      if (bytes > NETLINK_RECEIVE_BYTES) complete = false;
      forEachMessage(this.view, Math.min(bytes, NETLINK_RECEIVE_BYTES), visit);
    }
  }

  /** One datagram; @returns its whole length, -1 on error */
  private receive(flags: number): number {
    for (;;) {
      const bytes = receive(this.fd, this.bytes, NETLINK_RECEIVE_BYTES, flags | MSG_TRUNC);
      if (bytes >= 0 || errno() !== constants.errno.EINTR) return bytes;
    }
  }

  close(): void {
    close(this.fd);
  }
}
