// GRE version 0 (RFC 2784, RFC 2890, routing of RFC 1701) and 1 (PPTP, RFC 2637), also in UDP (RFC 8086).

import { be16 } from '../bytes/read.js';
import { etherTypes } from './dispatch.js';
import { ENCAP } from './encap.js';
import { erspan2, erspan3 } from './erspan.js';
import { ETHERTYPE_TEB } from './ethertypes.js';
import { ethernet } from './ethernet.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';
import { ppp } from './ppp.js';

const PROTOCOL = 2;
const HEADER_BYTES = 4;
const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGEMENT = 0x0080;
const VERSION_MASK = 0x0007;
const FIELD_BYTES = 4;
/** a source route entry: address family, offset, length */
const ROUTE_BYTES = 4;
const ROUTE_LENGTH = 3;

const PROTOCOL_PPP = 0x880b;
const PROTOCOL_ERSPAN = 0x88be;
const PROTOCOL_ERSPAN_3 = 0x22eb;

/** IP protocol 47. */
export function gre(bytes: Uint8Array, frame: Frame): number {
  return frame.enter(ENCAP.GRE, 0) ? greHeader(bytes, frame) : OUTCOME.NOT_TCP;
}

/** UDP port 4754. */
export function greInUdp(bytes: Uint8Array, frame: Frame): number {
  return frame.enter(ENCAP.GRE_IN_UDP, 0) ? greHeader(bytes, frame) : OUTCOME.NOT_TCP;
}

function greHeader(bytes: Uint8Array, frame: Frame): number {
  const { at, end } = frame;
  if (end - at < HEADER_BYTES) return frame.tooShort();
  const flags = be16(bytes, at);
  const version = flags & VERSION_MASK;
  if (version > 1) return OUTCOME.NOT_TCP;
  let next = at + HEADER_BYTES;
  if ((flags & (CHECKSUM | ROUTING)) !== 0 && version === 0) next += FIELD_BYTES;
  if ((flags & KEY) !== 0) next += FIELD_BYTES;
  if ((flags & SEQUENCE) !== 0) next += FIELD_BYTES;
  if ((flags & ACKNOWLEDGEMENT) !== 0 && version === 1) next += FIELD_BYTES;
  if ((flags & ROUTING) !== 0 && version === 0) next = behindRoutes(bytes, next, end);
  if (next > end) return frame.tooShort();
  // RFC 2637 section 4.1: without a sequence number there is no payload, only an acknowledgement.
  if (version === 1 && (flags & SEQUENCE) === 0) return OUTCOME.NOT_TCP;
  frame.at = next;
  return grePayload(bytes, frame, be16(bytes, at + PROTOCOL), (flags & SEQUENCE) !== 0);
}

/** Behind the source routes: the last entry has length 0. Beyond `end` when they do not fit. */
function behindRoutes(bytes: Uint8Array, first: number, end: number): number {
  let at = first;
  while (end - at >= ROUTE_BYTES) {
    const length = bytes[at + ROUTE_LENGTH];
    at += ROUTE_BYTES + length;
    if (length === 0) return at;
  }
  return end + 1;
}

function grePayload(bytes: Uint8Array, frame: Frame, protocol: number, sequenced: boolean): number {
  switch (protocol) {
    case ETHERTYPE_TEB: return ethernet(bytes, frame);
    case PROTOCOL_PPP: return ppp(bytes, frame);
    // Type I has neither sequence number nor header of its own.
    case PROTOCOL_ERSPAN: return sequenced ? erspan2(bytes, frame) : ethernet(bytes, frame);
    case PROTOCOL_ERSPAN_3: return erspan3(bytes, frame);
    default: return etherTypes[protocol];
  }
}
