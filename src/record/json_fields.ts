// Pieces that the two JSON formats share: members of objects, lists of VLAN ids and of wrappers.

import { ascii } from '../bytes/ascii.js';
import { writeBytes, writeDecimal } from '../bytes/write.js';
import { MAX_ENCAPS } from '../wire/encap.js';
import { MAX_VLANS } from '../wire/frame.js';
import { writeEncap } from './encap_text.js';
import { writeJsonText } from './json_text.js';
import type { Values } from './values.js';
import type { RecordView } from './view.js';

const COMMA = 0x2c;
const QUOTE = 0x22;
const LIST_BEGIN = 0x5b;
const LIST_END = 0x5d;
const OBJECT_BEGIN = 0x7b;
const OBJECT_END = 0x7d;

/** Most bytes of the two lists. */
export const LISTS_BYTES = 6 * MAX_VLANS + 24 * MAX_ENCAPS;

/** A key (with what stands before it) and its value as text; nothing where the value is absent. */
export function writeMember(out: Uint8Array, at: number, key: Uint8Array, values: Values, slot: number): number {
  const from = values.start[slot];
  return from < 0 ? at : writeJsonText(out, writeBytes(out, at, key), values.bytes[slot], from, values.end[slot]);
}

/** VLAN ids as numbers, outer first. */
export function writeVlanList(out: Uint8Array, at: number, record: RecordView): number {
  const { vlans, vlanCount } = record.frame;
  let end = at;
  out[end++] = LIST_BEGIN;
  for (let i = 0; i < vlanCount; i++) {
    if (i > 0) out[end++] = COMMA;
    end = writeDecimal(out, end, vlans[i]);
  }
  out[end] = LIST_END;
  return end + 1;
}

/** Wrappers by name, outer first, with `:` and the number of those that have one. */
export function writeEncapList(out: Uint8Array, at: number, record: RecordView): number {
  const { frame } = record;
  let end = at;
  out[end++] = LIST_BEGIN;
  for (let i = 0; i < frame.encapCount; i++) {
    if (i > 0) out[end++] = COMMA;
    out[end++] = QUOTE;
    end = writeEncap(out, end, frame, i);
    out[end++] = QUOTE;
  }
  out[end] = LIST_END;
  return end + 1;
}

/** Header fields that were asked for by name, as an object of those that a message has; nothing when it has none. */
export class HeaderObject {
  /** most bytes beside those of the values */
  readonly fixedBytes: number;
  private readonly keys: readonly Uint8Array[];

  /**
   * @param begin what stands before the object: `,"headers":`
   * @param names lower-case tokens (RFC 9110 section 5.6.2), which need no escape
   * @param slots of the record's values, in the order of the names
   */
  constructor(private readonly begin: Uint8Array, names: readonly string[], private readonly slots: readonly number[]) {
    this.keys = names.map((name) => ascii(`"${name}":`));
    this.fixedBytes = begin.length + 2 + this.keys.reduce((bytes, key) => bytes + key.length + 3, 0);
  }

  write(out: Uint8Array, at: number, values: Values): number {
    const { keys, slots } = this;
    let end = at;
    for (let i = 0; i < keys.length; i++) {
      if (!values.has(slots[i])) continue;
      if (end > at) out[end++] = COMMA;
      else {
        end = writeBytes(out, end, this.begin);
        out[end++] = OBJECT_BEGIN;
      }
      end = writeMember(out, end, keys[i], values, slots[i]);
    }
    if (end > at) out[end++] = OBJECT_END;
    return end;
  }
}
