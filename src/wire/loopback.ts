// BSD loopback encapsulations (www.tcpdump.org/linktypes/LINKTYPE_NULL.html and LINKTYPE_LOOP.html): four bytes of address
// family, in the byte order of the capturing host (NULL) or in network order (LOOP).

import { be32, le32 } from '../bytes/read.js';
import { etherTypes } from './dispatch.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethertypes.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

const HEADER_BYTES = 4;
const AF_INET = 2;
// AF_INET6 differs by system: Linux 10, NetBSD and OpenBSD 24, FreeBSD 28, Darwin 30.
const AF_INET6 = [10, 24, 28, 30];

/** Link types NULL and LOOP: family numbers are below 65536, so the value tells its byte order. */
export function loopback(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < HEADER_BYTES) return frame.tooShort();
  frame.at = at + HEADER_BYTES;
  const big = be32(bytes, at);
  const family = big < 65536 ? big : le32(bytes, at);
  if (family === AF_INET) return etherTypes[ETHERTYPE_IPV4];
  return AF_INET6.includes(family) ? etherTypes[ETHERTYPE_IPV6] : OUTCOME.NOT_IP;
}
