// UDP (RFC 768), as a carrier of tunnels only: a layer that exists while one of them is looked into.

import { be16 } from '../bytes/read.js';
import { FIRST_LAYER, udpPorts, udpSourcePorts } from './dispatch.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const HEADER_BYTES = 8;

export function udp(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < HEADER_BYTES) return frame.tooShort();
  const length = be16(bytes, at + LENGTH);
  // Length 0: segmentation offload.
  if (length !== 0) {
    if (length < HEADER_BYTES) return OUTCOME.MALFORMED;
    frame.end = Math.min(frame.end, at + length);
  }
  frame.at = at + HEADER_BYTES;
  const carried = udpPorts[be16(bytes, at + DESTINATION_PORT)];
  return carried >= FIRST_LAYER ? carried : udpSourcePorts[be16(bytes, at + SOURCE_PORT)];
}
