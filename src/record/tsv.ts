// The tsv format: Zeek's log format, its columns chosen by the user. Zeek's rules: a tab between fields, a comma inside lists, `-` for
// what is absent, `(empty)` for what is empty, everything else that could confuse a reader escaped (tsv_text.ts).

import { ADDRESS_TEXT_BYTES, writeAddress } from '../bytes/address.js';
import { LF, TAB, ascii } from '../bytes/ascii.js';
import { writeBytes, writeDecimal, writePadded } from '../bytes/write.js';
import { MAX_ENCAPS } from '../wire/encap.js';
import { MAX_VLANS } from '../wire/frame.js';
import { Clock, utcOffset } from './clock.js';
import { CommunityId } from './community_id.js';
import { writeEncap } from './encap_text.js';
import { KIND_NAMES } from './kinds.js';
import { isCanonicalNumber } from './number.js';
import { VIA_NAMES } from './owner.js';
import { COLUMN, columnNumbers } from './tsv_columns.js';
import { ESCAPED_TSV_BYTES, writeTsvText } from './tsv_text.js';
import { VALUE, type Values } from './values.js';
import type { LineFormat, RecordView } from './view.js';

const DASH = 0x2d;
const DOT = 0x2e;
const COMMA = 0x2c;
const TRUE = 0x54;
const FALSE = 0x46;
const KINDS = KIND_NAMES.map(ascii);
const VIAS = VIA_NAMES.map(ascii);

/** More than any column needs beside the message's own bytes; the lists come on top. */
const COLUMN_BYTES = ADDRESS_TEXT_BYTES + 3;
const LIST_BYTES = 6 * MAX_VLANS + 24 * MAX_ENCAPS;

export class TsvFormat implements LineFormat {
  private readonly clock = new Clock(utcOffset);
  private readonly communityId = new CommunityId();
  private readonly columns: Int32Array;
  private readonly fixedBytes: number;

  /** @param columns names (tsv_columns.ts) in their order; records keep the header fields of headersOfColumns() */
  constructor(columns: readonly string[]) {
    this.columns = Int32Array.from(columnNumbers(columns));
    this.fixedBytes = COLUMN_BYTES * columns.length + LIST_BYTES;
  }

  period(seconds: number, lengthSeconds: number): number {
    this.clock.set(seconds);
    return this.clock.period(lengthSeconds);
  }

  bound(record: RecordView): number {
    return this.fixedBytes + ESCAPED_TSV_BYTES * (record.values.length + record.interfaceName.length + record.owner.length);
  }

  write(out: Uint8Array, at: number, record: RecordView): number {
    const { columns } = this;
    let end = at;
    for (let i = 0; i < columns.length; i++) {
      end = this.writeColumn(out, end, record, columns[i], i === 0);
      out[end++] = TAB;
    }
    out[end - 1] = LF;
    return end;
  }

  private writeColumn(out: Uint8Array, at: number, record: RecordView, column: number, first: boolean): number {
    if (column >= COLUMN.METHOD && column <= COLUMN.CONTENT_TYPE) return writeField(out, at, record.values, column, first);
    if (column >= COLUMN.FIRST_HEADER) {
      return writeText(out, at, record.values, VALUE.FIRST_EXTRA + column - COLUMN.FIRST_HEADER, first);
    }
    if (column >= COLUMN.PID) return writeOwner(out, at, record, column, first);
    const { frame, isRequest } = record;
    switch (column) {
      case COLUMN.TS: return writeTime(out, at, record);
      case COLUMN.FRAME: return writeDecimal(out, at, record.ordinal);
      case COLUMN.IFACE: return writeName(out, at, record.interfaceName, first);
      case COLUMN.KIND: return writeBytes(out, at, KINDS[record.kind]);
      case COLUMN.SRC: return writeEnd(out, at, record, true);
      case COLUMN.SPORT: return writeDecimal(out, at, frame.sourcePort);
      case COLUMN.DST: return writeEnd(out, at, record, false);
      case COLUMN.DPORT: return writeDecimal(out, at, frame.destinationPort);
      // Who asks has opened the connection.
      case COLUMN.ORIG_H: return writeEnd(out, at, record, isRequest);
      case COLUMN.ORIG_P: return writeDecimal(out, at, isRequest ? frame.sourcePort : frame.destinationPort);
      case COLUMN.RESP_H: return writeEnd(out, at, record, !isRequest);
      case COLUMN.RESP_P: return writeDecimal(out, at, isRequest ? frame.destinationPort : frame.sourcePort);
      case COLUMN.TRUNCATED: return writeBool(out, at, record.truncated);
      case COLUMN.MALFORMED: return writeBool(out, at, record.message.malformed);
      case COLUMN.REDACTED: return writeBool(out, at, record.redacted);
      case COLUMN.VLAN: return writeVlans(out, at, record);
      case COLUMN.ENCAP: return writeEncaps(out, at, record);
      default: return this.communityId.write(out, at, record);
    }
  }
}

/** Seconds since 1970 with all nine digits behind the point. */
function writeTime(out: Uint8Array, at: number, record: RecordView): number {
  const end = writeDecimal(out, at, record.seconds);
  out[end] = DOT;
  return writePadded(out, end + 1, record.nanoseconds, 9);
}

function writeEnd(out: Uint8Array, at: number, record: RecordView, source: boolean): number {
  return writeAddress(out, at, record.addressBytes, source ? record.source : record.destination, record.frame.addressLength);
}

function writeBool(out: Uint8Array, at: number, value: boolean): number {
  out[at] = value ? TRUE : FALSE;
  return at + 1;
}

function writeUnset(out: Uint8Array, at: number): number {
  out[at] = DASH;
  return at + 1;
}

/** An empty one is absent. */
function writeName(out: Uint8Array, at: number, name: Uint8Array, first: boolean): number {
  return name.length === 0 ? writeUnset(out, at) : writeTsvText(out, at, name, 0, name.length, first);
}

/** A column of -proc. */
function writeOwner(out: Uint8Array, at: number, { owner, ownerVia, ownerShared }: RecordView, column: number, first: boolean): number {
  if (owner.pid === 0) return writeUnset(out, at);
  switch (column) {
    case COLUMN.PID: return writeDecimal(out, at, owner.pid);
    case COLUMN.PPID: return owner.ppid < 0 ? writeUnset(out, at) : writeDecimal(out, at, owner.ppid);
    case COLUMN.EXE: return writeName(out, at, owner.exe, first);
    case COLUMN.USER: return writeName(out, at, owner.user, first);
    case COLUMN.CONTAINER: return writeName(out, at, owner.container, first);
    case COLUMN.GUID: return writeName(out, at, owner.guid, first);
    case COLUMN.PROC_VIA: return writeBytes(out, at, VIAS[ownerVia]);
    default: return writeDecimal(out, at, ownerShared);
  }
}

/** A value of the message that has a column of its own. */
function writeField(out: Uint8Array, at: number, values: Values, column: number, first: boolean): number {
  const slot = column - COLUMN.METHOD;
  const from = values.start[slot];
  const to = values.end[slot];
  // What is typed as a number must be one.
  if (column === COLUMN.CONTENT_LENGTH && !isCanonicalNumber(values.bytes[slot], from, to)) return writeUnset(out, at);
  // A status line without a reason phrase has an empty one.
  if (column === COLUMN.REASON && from === to) return writeUnset(out, at);
  return writeText(out, at, values, slot, first);
}

function writeText(out: Uint8Array, at: number, values: Values, slot: number, first: boolean): number {
  const from = values.start[slot];
  return from < 0 ? writeUnset(out, at) : writeTsvText(out, at, values.bytes[slot], from, values.end[slot], first);
}

function writeVlans(out: Uint8Array, at: number, record: RecordView): number {
  const { vlans, vlanCount } = record.frame;
  if (vlanCount === 0) return writeUnset(out, at);
  let end = at;
  for (let i = 0; i < vlanCount; i++) {
    if (i > 0) out[end++] = COMMA;
    end = writeDecimal(out, end, vlans[i]);
  }
  return end;
}

function writeEncaps(out: Uint8Array, at: number, record: RecordView): number {
  const { frame } = record;
  if (frame.encapCount === 0) return writeUnset(out, at);
  let end = at;
  for (let i = 0; i < frame.encapCount; i++) {
    if (i > 0) out[end++] = COMMA;
    end = writeEncap(out, end, frame, i);
  }
  return end;
}
