// The link layers that no wire of our own has, put around packets (raw IP). EtherTypes are told by the packet's version.

import { join } from './link_layer.js';

const MACS = [2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 2];
const SNAP = [0xaa, 0xaa, 3, 0, 0, 0];

const isIpv6 = (packet: Uint8Array): boolean => packet[0] >> 4 === 6;
const etherType = (packet: Uint8Array): number[] => (isIpv6(packet) ? [0x86, 0xdd] : [8, 0]);
const pppProtocol = (packet: Uint8Array): number => (isIpv6(packet) ? 0x57 : 0x21);
const word = (value: number): number[] => [value >> 8, value & 0xff];

/** Ethernet as 802.3: a length, LLC and SNAP. */
export function in8023(packet: Uint8Array): Uint8Array {
  return join(Uint8Array.of(...MACS, ...word(packet.length + 8), ...SNAP, ...etherType(packet)), packet);
}

/** A PPPoE session frame (RFC 2516). */
export function inPppoe(packet: Uint8Array): Uint8Array {
  return join(Uint8Array.of(...MACS, 0x88, 0x64, 0x11, 0, 0, 5, ...word(packet.length + 2), 0, pppProtocol(packet)), packet);
}

/** Ethernet with a stack of MPLS labels (RFC 3032), outer first. @param labels 16 to 2^20 - 1 */
export function inMpls(packet: Uint8Array, labels: readonly number[]): Uint8Array {
  const stack = labels.flatMap((label, index) => [label >> 12, (label >> 4) & 0xff, ((label & 15) << 4) | (index === labels.length - 1 ? 1 : 0), 64]);
  return join(Uint8Array.of(...MACS, 0x88, 0x47, ...stack), packet);
}

/** PPP, with the address, control and protocol fields whole or compressed (RFC 1661 section 6). */
export function inPpp(packet: Uint8Array, compressed: boolean): Uint8Array {
  return join(Uint8Array.from(compressed ? [pppProtocol(packet)] : [0xff, 3, 0, pppProtocol(packet)]), packet);
}

/** Cisco HDLC. */
export function inCiscoHdlc(packet: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0x0f, 0, ...etherType(packet)), packet);
}

/** NFLOG as a little-endian host writes it: packet header, prefix, packet. */
export function inNflog(packet: Uint8Array): Uint8Array {
  const payload = new Uint8Array((packet.length + 3) & ~3);
  payload.set(packet);
  const length = packet.length + 4;
  return join(
    Uint8Array.of(isIpv6(packet) ? 10 : 2, 0, 0, 5),
    Uint8Array.of(8, 0, 1, 0, ...etherType(packet), 1, 0),
    Uint8Array.of(6, 0, 10, 0, 0x68, 0, 0, 0),
    Uint8Array.of(length & 0xff, length >> 8, 9, 0),
    payload,
  );
}

/** 802.11 data with radiotap: with QoS to the access point, or between access points with four addresses. */
export function inWifi(packet: Uint8Array, fourAddresses: boolean): Uint8Array {
  // length 12; present: flags; flags: no check sequence behind the frame, header not padded
  const radiotap = [0, 0, 12, 0, 2, 0, 0, 0, 0, 0, 0, 0];
  const addresses = [2, 0, 0, 0, 3, 1, ...MACS];
  const header = fourAddresses
    ? [0x08, 0x03, 0, 0, ...addresses, 0x10, 0, 2, 0, 0, 0, 3, 2]
    : [0x88, 0x01, 0, 0, ...addresses, 0x10, 0, 0, 0];
  return join(Uint8Array.of(...radiotap, ...header, ...SNAP, ...etherType(packet)), packet);
}
