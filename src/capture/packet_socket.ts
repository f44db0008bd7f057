// What libpcap's socket and our own have in common: options of a packet socket (linux/if_packet.h, packet(7)).

import { attachFilter, setSocketOption } from '../host/libc.js';

export const SOL_PACKET = 263;
export const PACKET = {
  ADD_MEMBERSHIP: 1,
  RX_RING: 5,
  STATISTICS: 6,
  VERSION: 10,
  IGNORE_OUTGOING: 23,
} as const;

/** BPF `ret #0`: no frame passes. struct sock_filter: 16-bit code (BPF_RET 6), two jump bytes, 32-bit constant. */
const DROP_ALL = new Uint8Array(new Uint16Array([6, 0, 0, 0]).buffer);

/** From now on the socket gets no frame; those it holds can still be read. */
export function dropAll(fd: number): void {
  attachFilter(fd, DROP_ALL);
}

/**
 * Has the socket see only what comes in. A packet on loopback passes twice, going out and coming in; on other interfaces this
 * would hide what this host sends.
 * @returns false on kernels before 4.20
 */
export function ignoreOutgoing(fd: number): boolean {
  return setPacketOption(fd, PACKET.IGNORE_OUTGOING, 1);
}

/** Sets an option whose value is a row of ints. @returns false when the kernel refuses: errnoText() */
export function setPacketOption(fd: number, option: number, ...values: readonly number[]): boolean {
  const value = new Uint8Array(new Uint32Array(values).buffer);
  return setSocketOption(fd, SOL_PACKET, option, value, value.length) >= 0;
}
