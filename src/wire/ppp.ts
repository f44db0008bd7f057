// PPP (RFC 1661, RFC 1662), bare, in HDLC-like framing, and in PPPoE session frames (RFC 2516).

import { be16 } from '../bytes/read.js';
import { etherTypes } from './dispatch.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_MPLS } from './ethertypes.js';
import type { Frame } from './frame.js';
import { ciscoHdlc } from './hdlc.js';
import { OUTCOME } from './outcome.js';

const PROTOCOL_IPV4 = 0x0021;
const PROTOCOL_IPV6 = 0x0057;
const PROTOCOL_MPLS = 0x0281;
const PROTOCOL_MPLS_MULTICAST = 0x0283;
/** RFC 1661 section 6.5: a protocol field of one byte is odd, the first of two is even */
const COMPRESSED = 0x01;

const ALL_STATIONS = 0xff03;
const CISCO_UNICAST = 0x0f;
const CISCO_MULTICAST = 0x8f;

const PPPOE_HEADER_BYTES = 6;
const PPPOE_CODE = 1;
const PPPOE_SESSION_DATA = 0;
const PPPOE_LENGTH = 4;

/** A protocol field and what it announces. */
function pppPayload(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < 2) return frame.tooShort();
  const compressed = (bytes[at] & COMPRESSED) !== 0;
  frame.at = at + (compressed ? 1 : 2);
  switch (compressed ? bytes[at] : be16(bytes, at)) {
    case PROTOCOL_IPV4: return etherTypes[ETHERTYPE_IPV4];
    case PROTOCOL_IPV6: return etherTypes[ETHERTYPE_IPV6];
    case PROTOCOL_MPLS:
    case PROTOCOL_MPLS_MULTICAST: return etherTypes[ETHERTYPE_MPLS];
    default: return OUTCOME.NOT_IP;
  }
}

/** Link types PPP and PPP_HDLC: address and control may be left out (RFC 1661 section 6.6); Cisco's framing shares the lines. */
export function ppp(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < 2) return frame.tooShort();
  if (be16(bytes, at) === ALL_STATIONS) frame.at = at + 2;
  else if (bytes[at] === CISCO_UNICAST || bytes[at] === CISCO_MULTICAST) return ciscoHdlc(bytes, frame);
  return pppPayload(bytes, frame);
}

/** A PPPoE session frame; its length bounds what follows. */
export function pppoe(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < PPPOE_HEADER_BYTES) return frame.tooShort();
  if (bytes[at + PPPOE_CODE] !== PPPOE_SESSION_DATA) return OUTCOME.NOT_IP;
  frame.at = at + PPPOE_HEADER_BYTES;
  frame.end = Math.min(frame.end, frame.at + be16(bytes, at + PPPOE_LENGTH));
  return pppPayload(bytes, frame);
}
