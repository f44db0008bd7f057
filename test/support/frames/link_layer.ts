// Other link layers for Ethernet frames. A frame too short for its Ethernet header becomes undefined: there is nothing
// to put the new header in front of.

import { be16 } from '../../../src/bytes/read.js';

/** Offsets in an Ethernet II header. */
const ADDRESSES_BYTES = 12;
const TYPE_AT = 12;
const HEADER_BYTES = 14;

const ETHERTYPE_IPV6 = 0x86dd;
/** AF_INET and AF_INET6 as the BSD family that wrote the files numbers them (FreeBSD's IPv6). */
const BSD_FAMILY = { IPV4: 2, IPV6: 28 } as const;

/** Tag protocol identifiers: 802.1Q and 802.1ad. */
export const TPID = { CUSTOMER: 0x8100, SERVICE: 0x88a8 } as const;

export interface VlanTag {
  readonly tpid: number;
  /** VLAN id, 0 to 4095 */
  readonly vlan: number;
  /** 0 to 7; default 0 */
  readonly priority?: number;
}

/** The frame with tags between its addresses and its EtherType, outermost first. */
export function withTags(frame: Uint8Array, tags: readonly VlanTag[]): Uint8Array | undefined {
  if (frame.length < HEADER_BYTES) {
    return undefined;
  }
  const words = tags.flatMap(({ tpid, vlan, priority = 0 }) => [tpid, (priority << 13) | vlan]);
  const tagBytes = words.flatMap((word) => [word >> 8, word & 0xff]);
  return join(frame.subarray(0, ADDRESSES_BYTES), Uint8Array.from(tagBytes), frame.subarray(TYPE_AT));
}

/** What the frame carries: raw IP, where its EtherType is IP. */
export function withoutEthernet(frame: Uint8Array): Uint8Array | undefined {
  return frame.length < HEADER_BYTES ? undefined : frame.slice(HEADER_BYTES);
}

/** Behind the four-byte address family of BSD loopback: NULL has it in the writer's byte order, LOOP big-endian. */
export function withFamily(frame: Uint8Array, bigEndian: boolean): Uint8Array | undefined {
  if (frame.length < HEADER_BYTES) {
    return undefined;
  }
  const family = be16(frame, TYPE_AT) === ETHERTYPE_IPV6 ? BSD_FAMILY.IPV6 : BSD_FAMILY.IPV4;
  const header = bigEndian ? [0, 0, 0, family] : [family, 0, 0, 0];
  return join(Uint8Array.from(header), frame.subarray(HEADER_BYTES));
}

/** The frame with `trailer` behind it: padding to the 60 bytes of Ethernet's shortest frame, a switch's trailer, … */
export function withTrailer(frame: Uint8Array, trailer: Uint8Array): Uint8Array {
  return join(frame, trailer);
}

/** Uint8Arrays one behind the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
