// sock_diag(7): asking the kernel for the TCP and UDP sockets of this network namespace, all of them or one. Messages as in linux/sock_diag.h and linux/inet_diag.h; every length is checked against the bytes received.

import { constants } from 'node:os';
import { LITTLE_ENDIAN, close, errno, errnoText, receive, send } from './libc.js';
import { NETLINK, NETLINK_RECEIVE_BYTES, NLMSG, NLMSGHDR, NLM_F, forEachMessage, joinNetlink, openNetlink, refusalIn } from './netlink.js';
import { setReceiveTimeout } from './socket_options.js';
import { ADDRESS_BYTES, AF_INET, AF_INET6, ALL_STATES, type SocketRows, isMapped, writeMapped } from './socket_rows.js';

export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;

export const SOCK_DIAG_BY_FAMILY = 20;

// struct inet_diag_sockid, ports and addresses in network order
const ID_SOURCE_PORT = 0;
const ID_DESTINATION_PORT = 2;
const ID_SOURCE = 4;
const ID_DESTINATION = 20;
const ID_INTERFACE = 36;
const ID_COOKIE = 40;
const ID_BYTES = 48;
/** INET_DIAG_NOCOOKIE: whichever socket it is */
const ANY_COOKIE = 0xffffffff;

// struct inet_diag_req_v2: family, protocol, extensions, padding, states, id
const REQUEST_PROTOCOL = 1;
const REQUEST_EXTENSIONS = 2;
const REQUEST_STATES = 4;
const REQUEST_ID = 8;
const REQUEST_BYTES = REQUEST_ID + ID_BYTES;

// struct inet_diag_msg: family, state, timer, retransmissions, id, expiry, queues, uid, inode
const MESSAGE_STATE = 1;
const MESSAGE_ID = 4;
const MESSAGE_UID = 64;
const MESSAGE_INODE = 68;
/** length of the struct */
export const INET_DIAG_MSG_BYTES = 72;

const ANSWER_TIMEOUT_SECONDS = 5;

/** The kernel does not tell about sockets. `message` is one line for the user. */
export class SockDiagError extends Error {
  override readonly name = 'SockDiagError';
}

/** The ends of a connection as this end sees it: addresses in the form of IPv6 (socket_rows.ts). */
export interface SocketEnds {
  readonly bytes: Uint8Array;
  /** offset of the local address; the remote one follows */
  readonly at: number;
  readonly localPort: number;
  readonly remotePort: number;
}

/**
 * @param groups of sockets that are destroyed (socket_destruction.ts); 0: none
 * @throws SockDiagError when the kernel has no sock_diag, or refuses
 */
export function openSockDiag(groups: number): number {
  const fd = openNetlink(NETLINK.SOCK_DIAG);
  if (fd < 0) throw new SockDiagError(`cannot open a sock_diag socket: ${errnoText()} (a kernel with CONFIG_INET_DIAG?)`);
  const refused = joinNetlink(fd, groups);
  if (refused !== 0) throw new SockDiagError(`cannot ${groups === 0 ? 'ask' : 'listen to'} sock_diag: ${errnoText(refused)}`);
  return fd;
}

/** Questions about the sockets of the network namespace that the thread is in. */
export class SockDiag {
  /** its descriptor */
  readonly fd: number;
  private readonly bytes = new Uint8Array(NETLINK_RECEIVE_BYTES);
  private readonly view = new DataView(this.bytes.buffer);
  private readonly request = new Uint8Array(NLMSGHDR.BYTES + REQUEST_BYTES);
  private readonly requestView = new DataView(this.request.buffer);
  private sequence = 0;

  /** @throws SockDiagError */
  constructor() {
    this.fd = openSockDiag(0);
    setReceiveTimeout(this.fd, ANSWER_TIMEOUT_SECONDS);
    this.requestView.setUint32(0, this.request.length, LITTLE_ENDIAN);
    this.requestView.setUint16(NLMSGHDR.TYPE, SOCK_DIAG_BY_FAMILY, LITTLE_ENDIAN);
  }

  /**
   * Adds the sockets of a family and protocol to `rows`. IPv6 sockets that take IPv4 too are among those of AF_INET6. One that changed
   * its state meanwhile may come twice or not at all, as ever with dumps.
   * @param states a mask of TCP_STATE
   * @throws SockDiagError when the kernel refuses or does not answer
   */
  dump(family: number, protocol: number, states: number, rows: SocketRows): void {
    this.ask(family, protocol, states, NLM_F.REQUEST | NLM_F.DUMP);
    const code = this.answer(protocol, rows, true);
    // A kernel without the module for UDP, or without IPv6, has no such sockets to tell of.
    if (code !== 0 && code !== constants.errno.ENOENT) throw new SockDiagError(`sock_diag refuses a list of sockets: ${errnoText(code)}`);
  }

  /**
   * Looks up one socket by its ends, in some microseconds. For TCP ends without a connection, that is the socket that listens there;
   * `rows.state` tells.
   * @returns the row added, -1 when there is none
   * @throws SockDiagError when the kernel refuses or does not answer
   */
  find(protocol: number, ends: SocketEnds, rows: SocketRows): number {
    const { bytes, at } = ends;
    const mapped = isMapped(bytes, at) && isMapped(bytes, at + ADDRESS_BYTES);
    const { request, requestView } = this;
    const id = NLMSGHDR.BYTES + REQUEST_ID;
    // udp_dump_one() takes the other end for the source, "for historical reasons".
    const swapped = protocol === IPPROTO_UDP;
    this.clearId();
    requestView.setUint16(id + (swapped ? ID_DESTINATION_PORT : ID_SOURCE_PORT), ends.localPort);
    requestView.setUint16(id + (swapped ? ID_SOURCE_PORT : ID_DESTINATION_PORT), ends.remotePort);
    setAddress(request, id + (swapped ? ID_DESTINATION : ID_SOURCE), bytes, at, mapped);
    setAddress(request, id + (swapped ? ID_SOURCE : ID_DESTINATION), bytes, at + ADDRESS_BYTES, mapped);
    this.ask(mapped ? AF_INET : AF_INET6, protocol, ALL_STATES, NLM_F.REQUEST);
    const row = rows.count;
    const code = this.answer(protocol, rows, false);
    this.clearId();
    if (code !== 0 && code !== constants.errno.ENOENT) throw new SockDiagError(`sock_diag refuses to look up a socket: ${errnoText(code)}`);
    return rows.count > row ? row : -1;
  }

  private clearId(): void {
    const id = NLMSGHDR.BYTES + REQUEST_ID;
    this.request.fill(0, id, id + ID_COOKIE);
    this.requestView.setUint32(id + ID_COOKIE, ANY_COOKIE);
    this.requestView.setUint32(id + ID_COOKIE + 4, ANY_COOKIE);
  }

  private ask(family: number, protocol: number, states: number, flags: number): void {
    const { request, requestView } = this;
    requestView.setUint16(NLMSGHDR.FLAGS, flags, LITTLE_ENDIAN);
    requestView.setUint32(NLMSGHDR.SEQUENCE, ++this.sequence, LITTLE_ENDIAN);
    request[NLMSGHDR.BYTES] = family;
    request[NLMSGHDR.BYTES + REQUEST_PROTOCOL] = protocol;
    request[NLMSGHDR.BYTES + REQUEST_EXTENSIONS] = 0;
    requestView.setUint32(NLMSGHDR.BYTES + REQUEST_STATES, states, LITTLE_ENDIAN);
    if (send(this.fd, request, request.length, 0) < 0) throw new SockDiagError(`cannot ask sock_diag: ${errnoText()}`);
  }

  /** @returns 0, or the errno of a refusal */
  private answer(protocol: number, rows: SocketRows, dump: boolean): number {
    let done = false;
    let code = 0;
    while (!done) {
      const length = receive(this.fd, this.bytes, NETLINK_RECEIVE_BYTES, 0);
      if (length < 0) {
        if (errno() === constants.errno.EINTR) continue;
        throw new SockDiagError(`sock_diag does not answer: ${errnoText()}`);
      }
      forEachMessage(this.view, length, (type, at, end, _, answered) => {
        if (answered !== this.sequence) return;
        if (type === NLMSG.DONE) done = true;
        else if (type === NLMSG.ERROR) {
          done = true;
          code = refusalIn(this.view, at, end) ?? constants.errno.EPROTO;
        } else if (type === SOCK_DIAG_BY_FAMILY) {
          readSocket(this.bytes, this.view, at, end, protocol, rows);
          done = !dump;
        }
      });
    }
    return code;
  }

  close(): void {
    close(this.fd);
  }
}

function setAddress(out: Uint8Array, to: number, bytes: Uint8Array, at: number, mapped: boolean): void {
  if (mapped) for (let i = 0; i < 4; i++) out[to + i] = bytes[at + ADDRESS_BYTES - 4 + i];
  else for (let i = 0; i < ADDRESS_BYTES; i++) out[to + i] = bytes[at + i];
}

/** Adds the socket of one struct inet_diag_msg. @returns its row, -1 when the message is too short or of another family */
export function readSocket(bytes: Uint8Array, view: DataView, at: number, end: number, protocol: number, rows: SocketRows): number {
  if (end - at < INET_DIAG_MSG_BYTES) return -1;
  const family = bytes[at];
  if (family !== AF_INET && family !== AF_INET6) return -1;
  const row = rows.add();
  const id = at + MESSAGE_ID;
  rows.family[row] = family;
  rows.protocol[row] = protocol;
  rows.state[row] = bytes[at + MESSAGE_STATE];
  rows.localPort[row] = view.getUint16(id + ID_SOURCE_PORT);
  rows.remotePort[row] = view.getUint16(id + ID_DESTINATION_PORT);
  rows.boundTo[row] = view.getUint32(id + ID_INTERFACE, LITTLE_ENDIAN);
  rows.cookieLow[row] = view.getUint32(id + ID_COOKIE, LITTLE_ENDIAN);
  rows.cookieHigh[row] = view.getUint32(id + ID_COOKIE + 4, LITTLE_ENDIAN);
  rows.uid[row] = view.getUint32(at + MESSAGE_UID, LITTLE_ENDIAN);
  rows.inode[row] = view.getUint32(at + MESSAGE_INODE, LITTLE_ENDIAN);
  takeAddress(rows.addresses, rows.localAt(row), bytes, id + ID_SOURCE, family);
  takeAddress(rows.addresses, rows.remoteAt(row), bytes, id + ID_DESTINATION, family);
  return row;
}

function takeAddress(out: Uint8Array, to: number, bytes: Uint8Array, at: number, family: number): void {
  if (family === AF_INET) writeMapped(out, to, bytes, at);
  else for (let i = 0; i < ADDRESS_BYTES; i++) out[to + i] = bytes[at + i];
}
