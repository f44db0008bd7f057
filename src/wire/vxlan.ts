// VXLAN (RFC 7348) and Geneve (RFC 8926): frames of virtual networks in UDP, each with a 24-bit network identifier.

import { be16, be32 } from '../bytes/read.js';
import { etherTypes } from './dispatch.js';
import { ENCAP } from './encap.js';
import { ethernet } from './ethernet.js';
import { ETHERTYPE_TEB } from './ethertypes.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';

const HEADER_BYTES = 8;
const VNI = 4;
const VXLAN_FLAG_VNI = 0x08;
const GENEVE_VERSION_MASK = 0xc0;
const GENEVE_OPTIONS_MASK = 0x3f;
const GENEVE_PROTOCOL = 2;

/** UDP ports 4789 and 8472. */
export function vxlan(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < HEADER_BYTES) return frame.tooShort();
  if ((bytes[at] & VXLAN_FLAG_VNI) === 0) return OUTCOME.NOT_TCP;
  if (!frame.enter(ENCAP.VXLAN, be32(bytes, at + VNI) >>> 8)) return OUTCOME.NOT_TCP;
  frame.at = at + HEADER_BYTES;
  return ethernet(bytes, frame);
}

/** UDP port 6081. */
export function geneve(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < HEADER_BYTES) return frame.tooShort();
  if ((bytes[at] & GENEVE_VERSION_MASK) !== 0) return OUTCOME.NOT_TCP;
  if (!frame.enter(ENCAP.GENEVE, be32(bytes, at + VNI) >>> 8)) return OUTCOME.NOT_TCP;
  const length = HEADER_BYTES + ((bytes[at] & GENEVE_OPTIONS_MASK) << 2);
  if (frame.end - at < length) return frame.tooShort();
  frame.at = at + length;
  const protocol = be16(bytes, at + GENEVE_PROTOCOL);
  return protocol === ETHERTYPE_TEB ? ethernet(bytes, frame) : etherTypes[protocol];
}
