// ERSPAN types II and III (draft-foschiano-erspan-03): mirrored frames in GRE. Type I is GRE with a bare Ethernet frame.

import { be16 } from '../bytes/read.js';
import { ENCAP } from './encap.js';
import { ethernet } from './ethernet.js';
import type { Frame } from './frame.js';
import { OUTCOME } from './outcome.js';
import { rawIp } from './raw_ip.js';

const SESSION = 2;
const SESSION_MASK = 0x03ff;
const TYPE_2_BYTES = 8;
const TYPE_3_BYTES = 12;
const TYPE_3_FLAGS = 10;
const FRAME_TYPE_MASK = 0x7c00;
const FRAME_TYPE_IP = 0x0800;
const SUBHEADER_PRESENT = 0x0001;
const SUBHEADER_BYTES = 8;

export function erspan2(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < TYPE_2_BYTES) return frame.tooShort();
  if (!frame.enter(ENCAP.ERSPAN, be16(bytes, at + SESSION) & SESSION_MASK)) return OUTCOME.NOT_TCP;
  frame.at = at + TYPE_2_BYTES;
  return ethernet(bytes, frame);
}

export function erspan3(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < TYPE_3_BYTES) return frame.tooShort();
  if (!frame.enter(ENCAP.ERSPAN, be16(bytes, at + SESSION) & SESSION_MASK)) return OUTCOME.NOT_TCP;
  const flags = be16(bytes, at + TYPE_3_FLAGS);
  const length = TYPE_3_BYTES + ((flags & SUBHEADER_PRESENT) === 0 ? 0 : SUBHEADER_BYTES);
  if (frame.end - at < length) return frame.tooShort();
  frame.at = at + length;
  return (flags & FRAME_TYPE_MASK) === FRAME_TYPE_IP ? rawIp(bytes, frame) : ethernet(bytes, frame);
}
