// NFLOG (www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html, linux/netfilter/nfnetlink_log.h): a short header, then attributes in the
// byte order of the capturing host, padded to four bytes; one of them is the IP packet.

import { be16, le16 } from '../bytes/read.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';
import { rawIp } from './raw_ip.js';

const HEADER_BYTES = 4;
const ATTRIBUTE_HEADER_BYTES = 4;
const TYPE = 2;
const NFULA_PAYLOAD = 9;
/** The kernel sets flags in the upper bits of a type (NLA_F_NESTED, NLA_F_NET_BYTEORDER). */
const TYPE_MASK = 0x3fff;
/** No attribute type is this large: what is must be in the other byte order. */
const TOO_LARGE = 0x0100;

export function nflog(bytes: Uint8Array, frame: Frame): number {
  const { end } = frame;
  let at = frame.at + HEADER_BYTES;
  while (end - at >= ATTRIBUTE_HEADER_BYTES) {
    const little = (le16(bytes, at + TYPE) & TYPE_MASK) < TOO_LARGE;
    const length = little ? le16(bytes, at) : be16(bytes, at);
    const type = (little ? le16(bytes, at + TYPE) : be16(bytes, at + TYPE)) & TYPE_MASK;
    if (length < ATTRIBUTE_HEADER_BYTES) return OUTCOME.MALFORMED;
    if (type === NFULA_PAYLOAD) {
      frame.at = at + ATTRIBUTE_HEADER_BYTES;
      frame.end = Math.min(end, at + length);
      return rawIp(bytes, frame);
    }
    at += (length + 3) & ~3;
  }
  return at === end && frame.whole ? OUTCOME.NOT_IP : frame.tooShort();
}
