// The end of an ecs line: tags, and under `httplog` what the schema has no field for.

import { ascii } from '../bytes/ascii.js';
import { writeBytes, writeDecimal } from '../bytes/write.js';
import { HeaderObject, writeEncapList, writeMember, writeVlanList } from './json_fields.js';
import { KIND_NAMES } from './kinds.js';
import { isCanonicalNumber } from './number.js';
import { writeOwner, writeOwnerVia } from './owner_json.js';
import { VALUE, type Values } from './values.js';
import type { RecordView } from './view.js';

/** Behind the last object, which is open still. */
const TAGS = ascii('},"tags":[');
const TRUNCATED = ascii('"truncated",');
const MALFORMED = ascii('"malformed",');
const REDACTED = ascii('"redacted",');
const LIST_END = 0x5d;
const UNTAGGED = ascii('}');
const KINDS = KIND_NAMES.map((kind) => ascii(`,"httplog":{"kind":"${kind}","frame":`));
const REASON = ascii(',"reason":');
const CONTENT_LENGTH = ascii(',"content_length":');
const CONTENT_TYPE = ascii(',"content_type":');
const HEADERS = ascii(',"headers":');
const VLAN = ascii(',"vlan":');
const ENCAP = ascii(',"encap":');
const END = ascii('}}\n');

export class EcsHttplog {
  /** most bytes of the header fields' names */
  readonly fixedBytes: number;
  private readonly requestHeaders: HeaderObject;
  private readonly responseHeaders: HeaderObject;

  /** @param headers lower-case names of the header fields that the records keep */
  constructor(headers: readonly string[]) {
    const slots = headers.map((_, i) => VALUE.FIRST_EXTRA + i);
    // Of a request, the schema has fields of its own for these (ecs.ts).
    const own = headers.map((name) => name !== 'referer' && name !== 'x-request-id');
    this.requestHeaders = new HeaderObject(HEADERS, headers.filter((_, i) => own[i]), slots.filter((_, i) => own[i]));
    this.responseHeaders = new HeaderObject(HEADERS, headers, slots);
    this.fixedBytes = this.responseHeaders.fixedBytes;
  }

  write(out: Uint8Array, at: number, record: RecordView): number {
    const { values, frame } = record;
    let end = writeTags(out, at, record);
    end = writeOwner(out, end, record, 'ecs');
    end = writeDecimal(out, writeBytes(out, end, KINDS[record.kind]), record.ordinal);
    if (!record.isRequest) end = writeResponse(out, end, values);
    end = (record.isRequest ? this.requestHeaders : this.responseHeaders).write(out, end, values);
    if (frame.vlanCount > 0) end = writeVlanList(out, writeBytes(out, end, VLAN), record);
    if (frame.encapCount > 0) end = writeEncapList(out, writeBytes(out, end, ENCAP), record);
    end = writeOwnerVia(out, end, record);
    return writeBytes(out, end, END);
  }
}

function writeTags(out: Uint8Array, at: number, record: RecordView): number {
  const { malformed } = record.message;
  if (!record.truncated && !malformed && !record.redacted) return writeBytes(out, at, UNTAGGED);
  let end = writeBytes(out, at, TAGS);
  if (record.truncated) end = writeBytes(out, end, TRUNCATED);
  if (malformed) end = writeBytes(out, end, MALFORMED);
  if (record.redacted) end = writeBytes(out, end, REDACTED);
  out[end - 1] = LIST_END; // in place of the last comma
  return end;
}

function writeResponse(out: Uint8Array, at: number, values: Values): number {
  let end = at;
  if (values.end[VALUE.REASON] > values.start[VALUE.REASON]) end = writeMember(out, end, REASON, values, VALUE.REASON);
  // A number stands in http.response.body.bytes.
  const length = VALUE.CONTENT_LENGTH;
  if (!isCanonicalNumber(values.bytes[length], values.start[length], values.end[length])) {
    end = writeMember(out, end, CONTENT_LENGTH, values, length);
  }
  // http.response.mime_type is for what the body is found to be, not for what the message says it is.
  return writeMember(out, end, CONTENT_TYPE, values, VALUE.CONTENT_TYPE);
}
