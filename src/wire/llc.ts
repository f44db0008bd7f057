// 802.3 frames (IEEE 802.3 clause 3, IEEE 802.2 LLC, SNAP of IEEE 802 clause 9): the field behind the addresses is a length, an
// LLC header follows.

import { be16, be32 } from '../bytes/read.js';
import { etherTypes } from './dispatch.js';
import { ETHERTYPE_IPV4 } from './ethertypes.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

/** EtherType field values below this are lengths. */
export const FIRST_ETHERTYPE = 0x0600;

const LLC_BYTES = 3;
const SNAP_BYTES = 8;
const SNAP_TYPE = 6;
/** DSAP and SSAP SNAP, unnumbered information, then an OUI */
const SNAP = 0xaaaa03;
const OUI_ETHERNET = 0;
const OUI_BRIDGE_TUNNEL = 0x0000f8; // RFC 1042 bridging, 802.1H
/** DSAP and SSAP 6: IP straight on LLC (RFC 948) */
const LLC_IP = 0x060603;

/** An LLC header at `frame.at`. */
export function llc(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < LLC_BYTES) return frame.tooShort();
  const header = (bytes[at] << 16) | be16(bytes, at + 1);
  if (header === LLC_IP) {
    frame.at = at + LLC_BYTES;
    return etherTypes[ETHERTYPE_IPV4];
  }
  if (header !== SNAP) return OUTCOME.NOT_IP;
  if (frame.end - at < SNAP_BYTES) return frame.tooShort();
  const oui = be32(bytes, at + LLC_BYTES) >>> 8;
  if (oui !== OUI_ETHERNET && oui !== OUI_BRIDGE_TUNNEL) return OUTCOME.NOT_IP;
  frame.at = at + SNAP_BYTES;
  return etherTypes[be16(bytes, at + SNAP_TYPE)];
}
