// TCP (RFC 9293 section 3.1). Checksums are not looked at: offload makes them wrong on the sending host.

import { be16 } from '../bytes/read.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const DATA_OFFSET = 12;
const MINIMUM_HEADER_BYTES = 20;

export function tcp(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < MINIMUM_HEADER_BYTES) return frame.tooShort();
  frame.sourcePort = be16(bytes, at + SOURCE_PORT);
  frame.destinationPort = be16(bytes, at + DESTINATION_PORT);
  const headerBytes = (bytes[at + DATA_OFFSET] >> 4) << 2;
  if (headerBytes < MINIMUM_HEADER_BYTES) return OUTCOME.MALFORMED;
  if (frame.end - at < headerBytes) return frame.tooShort();
  frame.at = at + headerBytes;
  return OUTCOME.TCP;
}
