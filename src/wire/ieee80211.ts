// IEEE 802.11 data frames (IEEE 802.11-2020 section 9.3.2), bare and behind radiotap. Encrypted frames say nothing about IP.

import { be16, le16 } from '../bytes/read.js';
import type { Frame } from './frame.js';
import { llc } from './llc.js';
import { OUTCOME } from './outcome.js';

const HEADER_BYTES = 24;
const FLAGS = 1;
const TYPE_MASK = 0x0c;
const TYPE_DATA = 0x08;
/** subtypes with this bit carry no data (null function and its relatives) */
const NO_DATA = 0x40;
const QOS = 0x80;
const TO_DS_AND_FROM_DS = 0x03;
const ORDER = 0x80;
const PROTECTED = 0x40;
const FOURTH_ADDRESS_BYTES = 6;
const QOS_BYTES = 2;
const HT_CONTROL_BYTES = 4;
const AMSDU = 0x80;
/** destination, source, length */
const AMSDU_HEADER_BYTES = 14;
const AMSDU_LENGTH = 12;

/** Link type IEEE802_11. */
export function ieee80211(bytes: Uint8Array, frame: Frame): number {
  return dataFrame(bytes, frame, false);
}

/** @param padded whether the header is padded to a multiple of four bytes (radiotap says so) */
function dataFrame(bytes: Uint8Array, frame: Frame, padded: boolean): number {
  const { at } = frame;
  if (frame.end - at < HEADER_BYTES) return frame.end - at >= 2 && (bytes[at] & TYPE_MASK) !== TYPE_DATA ? OUTCOME.NOT_IP : frame.tooShort();
  const control = bytes[at];
  const flags = bytes[at + FLAGS];
  if ((control & TYPE_MASK) !== TYPE_DATA || (control & NO_DATA) !== 0 || (flags & PROTECTED) !== 0) return OUTCOME.NOT_IP;
  let length = HEADER_BYTES;
  if ((flags & TO_DS_AND_FROM_DS) === TO_DS_AND_FROM_DS) length += FOURTH_ADDRESS_BYTES;
  let aggregated = false;
  if ((control & QOS) !== 0) {
    if (frame.end - at < length + QOS_BYTES) return frame.tooShort();
    aggregated = (bytes[at + length] & AMSDU) !== 0;
    length += QOS_BYTES;
    if ((flags & ORDER) !== 0) length += HT_CONTROL_BYTES;
  }
  if (padded) length = (length + 3) & ~3;
  frame.at = at + length;
  return aggregated ? firstSubframe(bytes, frame) : llc(bytes, frame);
}

/** The first frame of an aggregate: only what stands at its beginning can begin a message we look for. */
function firstSubframe(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < AMSDU_HEADER_BYTES) return frame.tooShort();
  frame.at = at + AMSDU_HEADER_BYTES;
  frame.end = Math.min(frame.end, frame.at + be16(bytes, at + AMSDU_LENGTH));
  return llc(bytes, frame);
}

const RADIOTAP_BYTES = 8;
const RADIOTAP_LENGTH = 2;
const RADIOTAP_PRESENT = 4;
const PRESENT_BYTES = 4;
/** in the last byte of a present word: another word follows */
const PRESENT_EXTENDED = 0x80;
const PRESENT_TSFT = 0x01;
const PRESENT_FLAGS = 0x02;
const TSFT_BYTES = 8;
const FLAG_DATA_PADDED = 0x20;

/** Link type IEEE802_11_RADIO (www.radiotap.org): a header of its own length; of its fields only the flags matter here. */
export function radiotap(bytes: Uint8Array, frame: Frame): number {
  const { at } = frame;
  if (frame.end - at < RADIOTAP_BYTES) return frame.tooShort();
  const length = le16(bytes, at + RADIOTAP_LENGTH);
  if (length < RADIOTAP_BYTES) return OUTCOME.MALFORMED;
  if (frame.end - at < length) return frame.tooShort();
  frame.at = at + length;
  return dataFrame(bytes, frame, (radiotapFlags(bytes, at, at + length) & FLAG_DATA_PADDED) !== 0);
}

/** The flags field, 0 when the header has none. Fields follow the present words, each aligned to its size. */
function radiotapFlags(bytes: Uint8Array, at: number, end: number): number {
  const present = bytes[at + RADIOTAP_PRESENT];
  if ((present & PRESENT_FLAGS) === 0) return 0;
  let fields = at + RADIOTAP_PRESENT;
  while (fields + PRESENT_BYTES <= end && (bytes[fields + PRESENT_BYTES - 1] & PRESENT_EXTENDED) !== 0) fields += PRESENT_BYTES;
  let offset = fields + PRESENT_BYTES - at;
  if ((present & PRESENT_TSFT) !== 0) offset = ((offset + TSFT_BYTES - 1) & -TSFT_BYTES) + TSFT_BYTES;
  return at + offset < end ? bytes[at + offset] : 0;
}
