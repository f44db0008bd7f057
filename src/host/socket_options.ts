// Options that sockets of several kinds are given (socket(7)).

import { getSocketOption, setSocketOption } from './libc.js';

export const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SO_RCVBUFFORCE = 33;
export const SO_TIMESTAMPNS = 35;

/** Lets what is received wait in so many bytes, as the kernel counts them; without CAP_NET_ADMIN, in what net.core.rmem_max allows of them. */
export function enlargeReceiveBuffer(fd: number, bytes: number): void {
  const value = new Uint8Array(new Int32Array([bytes]).buffer);
  if (setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, value, value.length) < 0) {
    setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, value, value.length);
  }
}

/** Bytes that may wait to be received, as the kernel granted them. */
export function receiveBufferBytes(fd: number): number {
  const granted = new Int32Array(1);
  getSocketOption(fd, SOL_SOCKET, SO_RCVBUF, new Uint8Array(granted.buffer), new Uint32Array([granted.byteLength]));
  return granted[0];
}

/** Lets a receiving call fail with EAGAIN when nothing has come for so long. */
export function setReceiveTimeout(fd: number, seconds: number): void {
  const timeout = new BigInt64Array([BigInt(seconds), 0n]); // struct timeval of 64-bit systems; others ignore it
  setSocketOption(fd, SOL_SOCKET, SO_RCVTIMEO, new Uint8Array(timeout.buffer), timeout.byteLength);
}

/** Has the kernel say of everything received when it had it first, by CLOCK_REALTIME: before it is seen by other sockets. */
export function stampArrivals(fd: number): void {
  const on = new Uint8Array(new Int32Array([1]).buffer);
  setSocketOption(fd, SOL_SOCKET, SO_TIMESTAMPNS, on, on.length);
}

const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;

/** Packets that a packet socket (packet(7)) had no room for since this was asked last. */
export function takePacketDrops(fd: number): number {
  const numbers = new Uint32Array(2); // struct tpacket_stats: seen, dropped; reading sets them back
  const result = getSocketOption(fd, SOL_PACKET, PACKET_STATISTICS, new Uint8Array(numbers.buffer), new Uint32Array([numbers.byteLength]));
  return result < 0 ? 0 : numbers[1];
}
