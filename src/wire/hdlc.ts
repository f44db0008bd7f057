// Cisco HDLC (www.tcpdump.org/linktypes.html, LINKTYPE_C_HDLC): address, control, EtherType.

import { be16 } from '../bytes/read.js';
import { etherTypes } from './dispatch.js';
import type { Frame } from './frame.js';

const TYPE = 2;
const HEADER_BYTES = 4;

export function ciscoHdlc(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < HEADER_BYTES) return frame.tooShort();
  frame.at = at + HEADER_BYTES;
  return etherTypes[be16(bytes, at + TYPE)];
}
