// The IP authentication header (RFC 4302): what it protects follows in the clear.

import { ipProtocols } from './dispatch.js';
import { ENCAP } from './encap.js';
import type { Frame } from './frame.js';
import { skipExtensions } from './ipv6.js';
import { OUTCOME } from './outcome.js';

const NEXT_HEADER = 0;
const PAYLOAD_LENGTH = 1;
const FIXED_BYTES = 12;

/** IP protocol 51. */
export function authenticationHeader(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < FIXED_BYTES) return frame.tooShort();
  const length = (bytes[at + PAYLOAD_LENGTH] + 2) << 2; // words, less two
  if (length < FIXED_BYTES) return OUTCOME.MALFORMED;
  if (frame.end - at < length) return frame.tooShort();
  if (!frame.enter(ENCAP.AH, 0)) return OUTCOME.NOT_TCP;
  frame.at = at + length;
  const next = bytes[at + NEXT_HEADER];
  return frame.addressLength === 16 ? skipExtensions(bytes, frame, frame.at, next) : ipProtocols[next];
}
