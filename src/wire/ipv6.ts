// IPv6 and its extension headers (RFC 8200 sections 3 and 4; more of the same shape: RFC 6275, RFC 7401, RFC 5533).

import { be16 } from '../bytes/read.js';
import { ipProtocols } from './dispatch.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

const VERSION = 0;
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const SOURCE = 8;
const DESTINATION = 24;
const HEADER_BYTES = 40;

const FRAGMENT_HEADER = 44;
const FRAGMENT_OFFSET = 2;
const FRAGMENT_BYTES = 8;
const OFFSET_MASK = 0xfff8;
const MORE_FRAGMENTS = 0x0001;

/** 1 for headers of the common shape: next header, length in units of 8 bytes beyond the first 8. */
const extensions = new Uint8Array(256);
for (const number of [0, 43, 60, 135, 139, 140]) extensions[number] = 1;

export function ipv6(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < HEADER_BYTES) return frame.tooShort();
  if (bytes[at + VERSION] >> 4 !== 6) return OUTCOME.MALFORMED;
  const payloadLength = be16(bytes, at + PAYLOAD_LENGTH);
  // Length 0: segmentation offload or a jumbogram; what was captured is all that is known.
  if (payloadLength !== 0 && at + HEADER_BYTES + payloadLength < frame.end) frame.end = at + HEADER_BYTES + payloadLength;
  frame.source = at + SOURCE;
  frame.destination = at + DESTINATION;
  frame.addressLength = 16;
  return skipExtensions(bytes, frame, at + HEADER_BYTES, bytes[at + NEXT_HEADER]);
}

/**
 * Passes extension headers over.
 * @param first offset of the first header behind the fixed one (or behind an authentication header)
 * @param firstHeader its number
 */
export function skipExtensions(bytes: Uint8Array, frame: Frame, first: number, firstHeader: number): number {
  const { end } = frame;
  let at = first;
  let header = firstHeader;
  for (;;) {
    if (extensions[header] === 1) {
      if (end - at < 2) return frame.tooShort();
      header = bytes[at];
      at += 8 + (bytes[at + 1] << 3);
    } else if (header === FRAGMENT_HEADER) {
      if (end - at < FRAGMENT_BYTES) return frame.tooShort();
      const fragment = be16(bytes, at + FRAGMENT_OFFSET);
      if ((fragment & OFFSET_MASK) !== 0) return OUTCOME.FRAGMENT;
      if ((fragment & MORE_FRAGMENTS) !== 0) frame.fragmented = true;
      header = bytes[at];
      at += FRAGMENT_BYTES;
    } else {
      if (at > end) return frame.tooShort();
      frame.at = at;
      return ipProtocols[header];
    }
  }
}
