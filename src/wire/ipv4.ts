// IPv4 (RFC 791 section 3.1).

import { be16 } from '../bytes/read.js';
import { ipProtocols } from './dispatch.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

const VERSION_AND_LENGTH = 0;
const TOTAL_LENGTH = 2;
const FLAGS_AND_OFFSET = 6;
const PROTOCOL = 9;
const SOURCE = 12;
const DESTINATION = 16;
const MINIMUM_HEADER_BYTES = 20;
const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;

export function ipv4(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < MINIMUM_HEADER_BYTES) return frame.tooShort();
  const headerBytes = (bytes[at + VERSION_AND_LENGTH] & 0x0f) << 2;
  if (bytes[at + VERSION_AND_LENGTH] >> 4 !== 4 || headerBytes < MINIMUM_HEADER_BYTES) return OUTCOME.MALFORMED;
  const totalLength = be16(bytes, at + TOTAL_LENGTH);
  // Length 0: the host captured what it handed to its card for segmentation (TSO); what was captured is all that is known.
  if (totalLength !== 0) {
    if (totalLength < headerBytes) return OUTCOME.MALFORMED;
    if (at + totalLength < frame.end) frame.end = at + totalLength;
  }
  if (frame.end - at < headerBytes) return frame.tooShort();
  const fragment = be16(bytes, at + FLAGS_AND_OFFSET);
  if ((fragment & OFFSET_MASK) !== 0) return OUTCOME.FRAGMENT;
  if ((fragment & MORE_FRAGMENTS) !== 0) frame.fragmented = true;
  frame.source = at + SOURCE;
  frame.destination = at + DESTINATION;
  frame.addressLength = 4;
  frame.at = at + headerBytes;
  return ipProtocols[bytes[at + PROTOCOL]];
}
