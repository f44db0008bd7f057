// VLAN tags (IEEE 802.1Q clause 9): tag control information, then the EtherType of what follows. Tags stack (802.1ad).

import { be16 } from '../bytes/read.js';
import { etherTypes } from './dispatch.js';
import { MAX_VLANS, type Frame } from './frame.js';
import { FIRST_ETHERTYPE, llc } from './llc.js';

const CONTROL = 0;
const TYPE = 2;
const TAG_BYTES = 4;
const ID_MASK = 0x0fff;

export function vlan(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < TAG_BYTES) return frame.tooShort();
  if (frame.vlanCount < MAX_VLANS) frame.vlans[frame.vlanCount++] = be16(bytes, at + CONTROL) & ID_MASK;
  frame.at = at + TAG_BYTES;
  const type = be16(bytes, at + TYPE);
  return type < FIRST_ETHERTYPE ? llc(bytes, frame) : etherTypes[type];
}
