// TCP (RFC 9293 section 3.1). Checksums are not looked at: offload makes them wrong on the sending host.

import { be16 } from '../bytes/read.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
/** of the sequence number */
export const TCP_SEQUENCE = 4;
const DATA_OFFSET = 12;
const FLAGS = 13;
const SYN = 0x02;
const SYN_AND_ACK = 0x12;
const MINIMUM_HEADER_BYTES = 20;

export function tcp(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < MINIMUM_HEADER_BYTES) return frame.tooShort();
  frame.sourcePort = be16(bytes, at + SOURCE_PORT);
  frame.destinationPort = be16(bytes, at + DESTINATION_PORT);
  const headerBytes = (bytes[at + DATA_OFFSET] >> 4) << 2;
  if (headerBytes < MINIMUM_HEADER_BYTES) return OUTCOME.MALFORMED;
  if (frame.end - at < headerBytes) return frame.tooShort();
  frame.segment = at;
  frame.at = at + headerBytes;
  return OUTCOME.TCP;
}

/** Whether a frame that was decoded is the first packet of a connection: SYN without ACK. */
export function beginsConnection(bytes: Uint8Array, { segment }: Frame): boolean {
  return (bytes[segment + FLAGS] & SYN_AND_ACK) === SYN;
}
