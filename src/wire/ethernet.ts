// Ethernet II (IEEE 802.3 clause 3): destination, source, EtherType; 802.3 frames have a length there.

import { be16 } from '../bytes/read.js';
import { etherTypes } from './dispatch.js';
import type { Frame } from './frame.js';
import { FIRST_ETHERTYPE, llc } from './llc.js';

const TYPE = 12;
const HEADER_BYTES = 14;

export function ethernet(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < HEADER_BYTES) return frame.tooShort();
  frame.at = at + HEADER_BYTES;
  const type = be16(bytes, at + TYPE);
  return type < FIRST_ETHERTYPE ? llc(bytes, frame) : etherTypes[type];
}
