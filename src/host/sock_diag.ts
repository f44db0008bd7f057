// sock_diag(7): asking the kernel for the TCP and UDP sockets of this network namespace, all of them or one, and hearing which were
// destroyed. Messages as in linux/sock_diag.h and linux/inet_diag.h; every length is checked against the bytes received.

import { constants } from 'node:os';
import { LITTLE_ENDIAN, bindSocket, close, errno, errnoText, receive, send, setSocketOption, socket } from './libc.js';
import { forEachAttribute, forEachMessage } from './netlink.js';
import { ADDRESS_BYTES, AF_INET, AF_INET6, ALL_STATES, type SocketRows, isMapped, writeMapped } from './socket_rows.js';

export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;

/** Groups of destroyed sockets (enum sknetlink_groups, linux/sock_diag.h), as bits of sockaddr_nl. */
export const DESTROY_GROUP = { TCP4: 1 << 0, UDP4: 1 << 1, TCP6: 1 << 2, UDP6: 1 << 3 } as const;

const AF_NETLINK = 16;
const NETLINK_SOCK_DIAG = 4;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

// struct nlmsghdr
const TYPE = 4;
const FLAGS = 6;
const SEQUENCE = 8;
const HEADER_BYTES = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 0x1;
const NLM_F_DUMP = 0x300;

const SOCK_DIAG_BY_FAMILY = 20;

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
const MESSAGE_BYTES = 72;

// attributes behind it
const INET_DIAG_INFO = 2;
const INET_DIAG_PROTOCOL = 10;
// struct tcp_info (linux/tcp.h)
const TCP_INFO_BYTES_ACKED = 120;
const TCP_INFO_BYTES_RECEIVED = 128;
const TCP_INFO_NEEDED_BYTES = 136;

/** The kernel packs dumps into what one recv can take, 32 KiB at most. */
const RECEIVE_BYTES = 64 << 10;
const ANSWER_TIMEOUT_SECONDS = 5;
const DESTROY_BUFFER_BYTES = 8 << 20;

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

/** @throws SockDiagError when the kernel has no sock_diag, or refuses */
function open(groups: number): number {
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) throw new SockDiagError(`cannot open a sock_diag socket: ${errnoText()} (a kernel with CONFIG_INET_DIAG?)`);
  const address = new Uint8Array(12); // struct sockaddr_nl: family, padding, port (the kernel chooses), groups
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, LITTLE_ENDIAN);
  view.setUint32(8, groups, LITTLE_ENDIAN);
  if (bindSocket(fd, address, address.length) < 0) {
    const reason = errnoText();
    close(fd);
    throw new SockDiagError(`cannot ${groups === 0 ? 'ask' : 'listen to'} sock_diag: ${reason}`);
  }
  return fd;
}

/** Questions about the sockets of the network namespace that the thread is in. */
export class SockDiag {
  private readonly fd: number;
  private readonly bytes = new Uint8Array(RECEIVE_BYTES);
  private readonly view = new DataView(this.bytes.buffer);
  private readonly request = new Uint8Array(HEADER_BYTES + REQUEST_BYTES);
  private readonly requestView = new DataView(this.request.buffer);
  private sequence = 0;

  /** @throws SockDiagError */
  constructor() {
    this.fd = open(0);
    const timeout = new BigInt64Array([BigInt(ANSWER_TIMEOUT_SECONDS), 0n]); // struct timeval of 64-bit systems; others ignore it
    setSocketOption(this.fd, SOL_SOCKET, SO_RCVTIMEO, new Uint8Array(timeout.buffer), 16);
    this.requestView.setUint32(0, this.request.length, LITTLE_ENDIAN);
    this.requestView.setUint16(TYPE, SOCK_DIAG_BY_FAMILY, LITTLE_ENDIAN);
  }

  /**
   * Adds the sockets of a family and protocol to `rows`. IPv6 sockets that take IPv4 too are among those of AF_INET6. One that changed
   * its state meanwhile may come twice or not at all, as ever with dumps.
   * @param states a mask of TCP_STATE
   * @throws SockDiagError when the kernel refuses or does not answer
   */
  dump(family: number, protocol: number, states: number, rows: SocketRows): void {
    this.ask(family, protocol, states, NLM_F_REQUEST | NLM_F_DUMP);
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
    const id = HEADER_BYTES + REQUEST_ID;
    // udp_dump_one() takes the other end for the source, "for historical reasons".
    const swapped = protocol === IPPROTO_UDP;
    this.clearId();
    requestView.setUint16(id + (swapped ? ID_DESTINATION_PORT : ID_SOURCE_PORT), ends.localPort);
    requestView.setUint16(id + (swapped ? ID_SOURCE_PORT : ID_DESTINATION_PORT), ends.remotePort);
    setAddress(request, id + (swapped ? ID_DESTINATION : ID_SOURCE), bytes, at, mapped);
    setAddress(request, id + (swapped ? ID_SOURCE : ID_DESTINATION), bytes, at + ADDRESS_BYTES, mapped);
    this.ask(mapped ? AF_INET : AF_INET6, protocol, ALL_STATES, NLM_F_REQUEST);
    const row = rows.count;
    const code = this.answer(protocol, rows, false);
    this.clearId();
    if (code !== 0 && code !== constants.errno.ENOENT) throw new SockDiagError(`sock_diag refuses to look up a socket: ${errnoText(code)}`);
    return rows.count > row ? row : -1;
  }

  private clearId(): void {
    const id = HEADER_BYTES + REQUEST_ID;
    this.request.fill(0, id, id + ID_COOKIE);
    this.requestView.setUint32(id + ID_COOKIE, ANY_COOKIE);
    this.requestView.setUint32(id + ID_COOKIE + 4, ANY_COOKIE);
  }

  private ask(family: number, protocol: number, states: number, flags: number): void {
    const { request, requestView } = this;
    requestView.setUint16(FLAGS, flags, LITTLE_ENDIAN);
    requestView.setUint32(SEQUENCE, ++this.sequence, LITTLE_ENDIAN);
    request[HEADER_BYTES] = family;
    request[HEADER_BYTES + REQUEST_PROTOCOL] = protocol;
    request[HEADER_BYTES + REQUEST_EXTENSIONS] = 0;
    requestView.setUint32(HEADER_BYTES + REQUEST_STATES, states, LITTLE_ENDIAN);
    if (send(this.fd, request, request.length, 0) < 0) throw new SockDiagError(`cannot ask sock_diag: ${errnoText()}`);
  }

  /** @returns 0, or the errno of a refusal */
  private answer(protocol: number, rows: SocketRows, dump: boolean): number {
    let done = false;
    let code = 0;
    while (!done) {
      const length = receive(this.fd, this.bytes, RECEIVE_BYTES, 0);
      if (length < 0) {
        if (errno() === constants.errno.EINTR) continue;
        throw new SockDiagError(`sock_diag does not answer: ${errnoText()}`);
      }
      forEachMessage(this.view, length, (type, at, end, _, answered) => {
        if (answered !== this.sequence) return;
        if (type === NLMSG_DONE) done = true;
        else if (type === NLMSG_ERROR) {
          done = true;
          code = end - at >= 4 ? -this.view.getInt32(at, LITTLE_ENDIAN) : constants.errno.EPROTO;
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
  if (end - at < MESSAGE_BYTES) return -1;
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

/**
 * Bytes that a TCP connection carried, as its socket counted them (tcpi_bytes_acked, tcpi_bytes_received of struct tcp_info: a FIN counts
 * as one, an acknowledged SYN too); undefined: the kernel did not say.
 */
export interface CarriedBytes {
  /** acknowledged by the other end */
  readonly sent: bigint | undefined;
  readonly received: bigint | undefined;
}

const NOT_SAID: CarriedBytes = { sent: undefined, received: undefined };

/**
 * Hears of sockets when the kernel destroys them. Events have inode and user 0: a socket is known by its cookie or its ends.
 */
export class SocketDestruction {
  /** for poll() */
  readonly fd: number;
  /** times the kernel said that it had to drop events */
  overruns = 0;
  private readonly bytes = new Uint8Array(RECEIVE_BYTES);
  private readonly view = new DataView(this.bytes.buffer);

  /**
   * @param groups DESTROY_GROUP bits
   * @throws SockDiagError when the kernel refuses
   */
  constructor(groups: number) {
    this.fd = open(groups);
    const room = new Uint8Array(new Uint32Array([DESTROY_BUFFER_BYTES]).buffer);
    if (setSocketOption(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, room, 4) < 0) setSocketOption(this.fd, SOL_SOCKET, SO_RCVBUF, room, 4);
  }

  /**
   * Reads the events that are waiting.
   * @param rows gets a row for each
   * @param visit called with it and with what the socket carried
   * @returns false when events were lost
   */
  read(rows: SocketRows, visit: (row: number, carried: CarriedBytes) => void): boolean {
    let complete = true;
    for (;;) {
      const length = receive(this.fd, this.bytes, RECEIVE_BYTES, MSG_DONTWAIT | MSG_TRUNC);
      if (length < 0) {
        if (errno() === constants.errno.EINTR) continue;
        if (errno() !== constants.errno.ENOBUFS) return complete;
        this.overruns++;
        complete = false;
        continue;
      }
      forEachMessage(this.view, Math.min(length, RECEIVE_BYTES), (type, at, end) => {
        if (type === SOCK_DIAG_BY_FAMILY) this.take(at, end, rows, visit);
      });
    }
  }

  private take(at: number, end: number, rows: SocketRows, visit: (row: number, carried: CarriedBytes) => void): void {
    let protocol = IPPROTO_TCP;
    let carried = NOT_SAID;
    if (end - at < MESSAGE_BYTES) return;
    forEachAttribute(this.view, at + MESSAGE_BYTES, end, (type, from, to) => {
      if (type === INET_DIAG_PROTOCOL && to > from) protocol = this.bytes[from];
      if (type === INET_DIAG_INFO && to - from >= TCP_INFO_NEEDED_BYTES) {
        carried = {
          sent: this.view.getBigUint64(from + TCP_INFO_BYTES_ACKED, LITTLE_ENDIAN),
          received: this.view.getBigUint64(from + TCP_INFO_BYTES_RECEIVED, LITTLE_ENDIAN),
        };
      }
    });
    const row = readSocket(this.bytes, this.view, at, end, protocol, rows);
    if (row >= 0) visit(row, carried);
  }

  close(): void {
    close(this.fd);
  }
}
