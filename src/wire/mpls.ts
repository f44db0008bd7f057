// MPLS (RFC 3032): labels until the one marked as the bottom of the stack. Nothing says what follows, so the first nibble tells
// (RFC 4928): an IP version, or 0 for the control word of an Ethernet pseudowire (RFC 4448).

import { etherTypes } from './dispatch.js';
import { ethernet } from './ethernet.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './ethertypes.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

const LABEL_BYTES = 4;
const FLAGS = 2;
const BOTTOM_OF_STACK = 0x01;
const CONTROL_WORD_BYTES = 4;

export function mpls(bytes: Uint8Array, frame: Frame): number {
  const { end } = frame;
  let { at } = frame;
  let bottom = false;
  while (!bottom) {
    if (end - at < LABEL_BYTES) return frame.tooShort();
    bottom = (bytes[at + FLAGS] & BOTTOM_OF_STACK) !== 0;
    at += LABEL_BYTES;
  }
  if (end - at < 1) return frame.tooShort();
  frame.at = at;
  switch (bytes[at] >> 4) {
    case 4: return etherTypes[ETHERTYPE_IPV4];
    case 6: return etherTypes[ETHERTYPE_IPV6];
    case 0:
      frame.at = at + CONTROL_WORD_BYTES;
      return ethernet(bytes, frame);
    default: return OUTCOME.NOT_IP;
  }
}
