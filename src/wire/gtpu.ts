// GTP-U (3GPP TS 29.281 section 5): user packets of mobile networks in UDP.

import { be32 } from '../bytes/read.js';
import { ENCAP } from './encap.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';
import { rawIp } from './raw_ip.js';

const HEADER_BYTES = 8;
const TYPE = 1;
const TUNNEL = 4;
/** version 1, protocol type GTP */
const VERSION_MASK = 0xf0;
const VERSION_1 = 0x30;
const USER_PACKET = 255;
/** extension header, sequence number, N-PDU number: one of them brings all four bytes */
const OPTIONAL_FIELDS = 0x07;
const EXTENSION = 0x04;
const OPTIONAL_BYTES = 4;
const NEXT_EXTENSION = 11;

/** UDP port 2152. */
export function gtpu(bytes: Uint8Array, frame: Frame): number {
  const { at, end } = frame;
  if (end - at < HEADER_BYTES) return frame.tooShort();
  const flags = bytes[at];
  if ((flags & VERSION_MASK) !== VERSION_1 || bytes[at + TYPE] !== USER_PACKET) return OUTCOME.NOT_TCP;
  if (!frame.enter(ENCAP.GTPU, be32(bytes, at + TUNNEL))) return OUTCOME.NOT_TCP;
  let next = at + HEADER_BYTES;
  if ((flags & OPTIONAL_FIELDS) !== 0) {
    next += OPTIONAL_BYTES;
    if (next > end) return frame.tooShort();
    let more = (flags & EXTENSION) !== 0 && bytes[at + NEXT_EXTENSION] !== 0;
    while (more) {
      if (next >= end) return frame.tooShort();
      // Its first byte counts units of four bytes, its last names the next one.
      const length = bytes[next] << 2;
      if (length === 0) return OUTCOME.MALFORMED;
      next += length;
      if (next > end) return frame.tooShort();
      more = bytes[next - 1] !== 0;
    }
  }
  frame.at = next;
  return rawIp(bytes, frame);
}
