// Hearing which sockets the kernel destroys, with what they carried: notifications of sock_diag.

import { constants } from 'node:os';
import { LITTLE_ENDIAN, close, errno, receive } from './libc.js';
import { MSG_DONTWAIT, MSG_TRUNC, NETLINK_RECEIVE_BYTES, forEachAttribute, forEachMessage } from './netlink.js';
import { INET_DIAG_MSG_BYTES, IPPROTO_TCP, SOCK_DIAG_BY_FAMILY, openSockDiag, readSocket } from './sock_diag.js';
import { enlargeReceiveBuffer } from './socket_options.js';
import type { SocketRows } from './socket_rows.js';

/** Groups of destroyed sockets (enum sknetlink_groups, linux/sock_diag.h), as bits of sockaddr_nl. */
export const DESTROY_GROUP = { TCP4: 1 << 0, UDP4: 1 << 1, TCP6: 1 << 2, UDP6: 1 << 3 } as const;

// attributes behind struct inet_diag_msg
const INET_DIAG_INFO = 2;
const INET_DIAG_PROTOCOL = 10;
// struct tcp_info (linux/tcp.h)
const TCP_INFO_BYTES_ACKED = 120;
const TCP_INFO_BYTES_RECEIVED = 128;
const TCP_INFO_NEEDED_BYTES = 136;

const DESTROY_BUFFER_BYTES = 8 << 20;

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
  private readonly bytes = new Uint8Array(NETLINK_RECEIVE_BYTES);
  private readonly view = new DataView(this.bytes.buffer);

  /**
   * @param groups DESTROY_GROUP bits
   * @throws SockDiagError when the kernel refuses
   */
  constructor(groups: number) {
    this.fd = openSockDiag(groups);
    enlargeReceiveBuffer(this.fd, DESTROY_BUFFER_BYTES);
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
      const length = receive(this.fd, this.bytes, NETLINK_RECEIVE_BYTES, MSG_DONTWAIT | MSG_TRUNC);
      if (length < 0) {
        if (errno() === constants.errno.EINTR) continue;
        if (errno() !== constants.errno.ENOBUFS) return complete;
        this.overruns++;
        complete = false;
        continue;
      }
      forEachMessage(this.view, Math.min(length, NETLINK_RECEIVE_BYTES), (type, at, end) => {
        if (type === SOCK_DIAG_BY_FAMILY) this.take(at, end, rows, visit);
      });
    }
  }

  private take(at: number, end: number, rows: SocketRows, visit: (row: number, carried: CarriedBytes) => void): void {
    let protocol = IPPROTO_TCP;
    let carried = NOT_SAID;
    if (end - at < INET_DIAG_MSG_BYTES) return;
    forEachAttribute(this.view, at + INET_DIAG_MSG_BYTES, end, (type, from, to) => {
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
