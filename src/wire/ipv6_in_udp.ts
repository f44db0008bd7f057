// IPv6 (and with AYIYA IPv4) in UDP: Teredo (RFC 4380 section 5.1.1) and AYIYA (draft-massar-v6ops-ayiya-02).

import { be16 } from '../bytes/read.js';
import { etherTypes, ipProtocols } from './dispatch.js';
import { ENCAP } from './encap.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethertypes.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

const INDICATOR_BYTES = 2;
const TEREDO_AUTHENTICATION = 0x0001;
/** the lengths of client identifier and authentication value */
const TEREDO_CLIENT_LENGTH = 2;
const TEREDO_VALUE_LENGTH = 3;
/** with nonce and confirmation, without identifier and value */
const TEREDO_AUTHENTICATION_BYTES = 4 + 8 + 1;
const TEREDO_ORIGIN = 0x0000;
const TEREDO_ORIGIN_BYTES = 8;

/** UDP port 3544: optional authentication, optional origin indication, then IPv6. */
export function teredo(bytes: Uint8Array, frame: Frame): number {
  const { end } = frame;
  let { at } = frame;
  if (end - at < INDICATOR_BYTES) return frame.tooShort();
  if (be16(bytes, at) === TEREDO_AUTHENTICATION) {
    if (end - at < TEREDO_AUTHENTICATION_BYTES) return frame.tooShort();
    at += TEREDO_AUTHENTICATION_BYTES + bytes[at + TEREDO_CLIENT_LENGTH] + bytes[at + TEREDO_VALUE_LENGTH];
    if (end - at < INDICATOR_BYTES) return frame.tooShort();
  }
  if (be16(bytes, at) === TEREDO_ORIGIN) {
    at += TEREDO_ORIGIN_BYTES;
    if (at >= end) return frame.tooShort();
  }
  if (bytes[at] >> 4 !== 6 || !frame.enter(ENCAP.TEREDO, 0)) return OUTCOME.NOT_TCP;
  frame.at = at;
  return etherTypes[ETHERTYPE_IPV6];
}

const AYIYA_FIXED_BYTES = 8;
const AYIYA_SIGNATURE = 1;
const AYIYA_OPERATION = 2;
const AYIYA_NEXT_HEADER = 3;
const AYIYA_FORWARD = 1;
const PROTOCOL_IPV4 = 4;
const PROTOCOL_IPV6 = 41;

/** UDP port 5072: identity, signature, then what the next header says. */
export function ayiya(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < AYIYA_FIXED_BYTES) return frame.tooShort();
  // The upper nibbles: identity as a power of two, signature in words.
  const identityBytes = 1 << (bytes[at] >> 4);
  const signatureBytes = (bytes[at + AYIYA_SIGNATURE] >> 4) << 2;
  if ((bytes[at + AYIYA_OPERATION] & 0x0f) !== AYIYA_FORWARD) return OUTCOME.NOT_TCP;
  const length = AYIYA_FIXED_BYTES + identityBytes + signatureBytes;
  if (frame.end - at < length) return frame.tooShort();
  if (!frame.enter(ENCAP.AYIYA, 0)) return OUTCOME.NOT_TCP;
  frame.at = at + length;
  const next = bytes[at + AYIYA_NEXT_HEADER];
  // What AYIYA carries itself is no other tunnel inside it.
  if (next === PROTOCOL_IPV6) return etherTypes[ETHERTYPE_IPV6];
  return next === PROTOCOL_IPV4 ? etherTypes[ETHERTYPE_IPV4] : ipProtocols[next];
}
