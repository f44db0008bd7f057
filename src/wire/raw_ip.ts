// Raw IP (www.tcpdump.org/linktypes.html, LINKTYPE_RAW): no link-layer header, the version nibble tells which IP.

import { etherTypes } from './dispatch.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethertypes.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

export function rawIp(bytes: Uint8Array, frame: Frame): number {
  if (frame.end - frame.at < 1) return frame.tooShort();
  const version = bytes[frame.at] >> 4;
  if (version === 4) return etherTypes[ETHERTYPE_IPV4];
  return version === 6 ? etherTypes[ETHERTYPE_IPV6] : OUTCOME.NOT_IP;
}
