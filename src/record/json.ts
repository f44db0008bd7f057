// The json format (SPEC section 2): one object a line, keys in a fixed order, absent ones left out. Valid UTF-8 is kept; bytes
// that are not, control characters and backslashes become the text \xHH, so that nothing is ambiguous.

import { ADDRESS_TEXT_BYTES, writeAddress } from '../bytes/address.js';
import { ascii } from '../bytes/ascii.js';
import { writeBytes, writeDecimal, writePadded } from '../bytes/write.js';
import { Clock, utcOffset } from './clock.js';
import { COMMUNITY_ID_BYTES, CommunityId } from './community_id.js';
import { HeaderObject, LISTS_BYTES, writeEncapList, writeMember, writeVlanList } from './json_fields.js';
import { ESCAPED_JSON_BYTES, writeJsonText } from './json_text.js';
import { KIND_NAMES } from './kinds.js';
import { isCanonicalNumber } from './number.js';
import { OWNER_FIXED_BYTES, writeOwner, writeOwnerVia } from './owner_json.js';
import { VALUE, type Values } from './values.js';
import type { LineFormat, RecordView } from './view.js';

const T = 0x54;
const DOT = 0x2e;
const QUOTE = 0x22;

const TIME = ascii('{"time":"');
const FRAME = ascii('Z","frame":');
const INTERFACE = ascii(',"iface":');
const KINDS = KIND_NAMES.map((name) => ascii(`,"kind":"${name}","src":"`));
const SOURCE_PORT = ascii('","sport":');
const DESTINATION = ascii(',"dst":"');
const DESTINATION_PORT = ascii('","dport":');
const METHOD = ascii(',"method":');
const TARGET = ascii(',"target":');
const VERSION = ascii(',"version":');
const HOST = ascii(',"host":');
const USER_AGENT = ascii(',"user_agent":');
const STATUS = ascii(',"status":');
const REASON = ascii(',"reason":');
const CONTENT_LENGTH = ascii(',"content_length":');
const CONTENT_TYPE = ascii(',"content_type":');
const TRUNCATED = ascii(',"truncated":true');
const MALFORMED = ascii(',"malformed":true');
const HEADERS = ascii(',"headers":');
const VLAN = ascii(',"vlan":');
const ENCAP = ascii(',"encap":');
const COMMUNITY_ID = ascii(',"community_id":"');
const REDACTED = ascii(',"redacted":true');
const END = ascii('}\n');

/** Everything of a line that the message does not decide. */
const FIXED_BYTES = 512 + 2 * ADDRESS_TEXT_BYTES + LISTS_BYTES + COMMUNITY_ID_BYTES;

export interface JsonOptions {
  /** lower-case names of the header fields that the records keep beside those of every message; default none */
  readonly headers?: readonly string[];
  /** default false */
  readonly addCommunityId?: boolean;
}

export class JsonFormat implements LineFormat {
  private readonly clock = new Clock(utcOffset);
  private readonly headers: HeaderObject;
  private readonly communityId: CommunityId | undefined;

  constructor({ headers = [], addCommunityId = false }: JsonOptions = {}) {
    this.headers = new HeaderObject(HEADERS, headers, headers.map((_, i) => VALUE.FIRST_EXTRA + i));
    this.communityId = addCommunityId ? new CommunityId() : undefined;
  }

  period(seconds: number, lengthSeconds: number): number {
    this.clock.set(seconds);
    return this.clock.period(lengthSeconds);
  }

  bound(record: RecordView): number {
    return FIXED_BYTES + OWNER_FIXED_BYTES + this.headers.fixedBytes
      + ESCAPED_JSON_BYTES * (record.values.length + record.interfaceName.length + record.owner.length);
  }

  write(out: Uint8Array, at: number, record: RecordView): number {
    const { message, values } = record;
    let end = this.writeCapture(out, at, record);
    end = record.isRequest ? writeRequest(out, end, values) : writeResponse(out, end, values);
    end = this.headers.write(out, end, values);
    if (record.truncated) end = writeBytes(out, end, TRUNCATED);
    if (message.malformed) end = writeBytes(out, end, MALFORMED);
    if (record.frame.vlanCount > 0) end = writeVlanList(out, writeBytes(out, end, VLAN), record);
    if (record.frame.encapCount > 0) end = writeEncapList(out, writeBytes(out, end, ENCAP), record);
    if (this.communityId !== undefined) {
      end = this.communityId.write(out, writeBytes(out, end, COMMUNITY_ID), record);
      out[end++] = QUOTE;
    }
    if (record.redacted) end = writeBytes(out, end, REDACTED);
    if (record.owner.pid !== 0) end = writeOwnerVia(out, writeOwner(out, end, record, 'json'), record);
    return writeBytes(out, end, END);
  }

  /** Time, frame, interface, kind, addresses and ports. */
  private writeCapture(out: Uint8Array, at: number, record: RecordView): number {
    const { frame, addressBytes, interfaceName } = record;
    let end = writeBytes(out, at, TIME);
    end = this.clock.write(out, end, T);
    out[end] = DOT;
    end = writePadded(out, end + 1, record.nanoseconds, 9);
    end = writeBytes(out, end, FRAME);
    end = writeDecimal(out, end, record.ordinal);
    if (interfaceName.length > 0) {
      end = writeBytes(out, end, INTERFACE);
      end = writeJsonText(out, end, interfaceName, 0, interfaceName.length);
    }
    end = writeBytes(out, end, KINDS[record.kind]);
    end = writeAddress(out, end, addressBytes, record.source, frame.addressLength);
    end = writeBytes(out, end, SOURCE_PORT);
    end = writeDecimal(out, end, frame.sourcePort);
    end = writeBytes(out, end, DESTINATION);
    end = writeAddress(out, end, addressBytes, record.destination, frame.addressLength);
    end = writeBytes(out, end, DESTINATION_PORT);
    return writeDecimal(out, end, frame.destinationPort);
  }
}

function writeRequest(out: Uint8Array, at: number, values: Values): number {
  let end = writeMember(out, at, METHOD, values, VALUE.METHOD);
  end = writeMember(out, end, TARGET, values, VALUE.TARGET);
  end = writeMember(out, end, VERSION, values, VALUE.VERSION);
  end = writeMember(out, end, HOST, values, VALUE.HOST);
  return writeMember(out, end, USER_AGENT, values, VALUE.USER_AGENT);
}

function writeResponse(out: Uint8Array, at: number, values: Values): number {
  let end = writeMember(out, at, VERSION, values, VALUE.VERSION);
  end = writeNumber(out, end, STATUS, values, VALUE.STATUS);
  // A status line without a reason phrase has an empty one.
  if (values.end[VALUE.REASON] > values.start[VALUE.REASON]) end = writeMember(out, end, REASON, values, VALUE.REASON);
  end = writeNumber(out, end, CONTENT_LENGTH, values, VALUE.CONTENT_LENGTH);
  return writeMember(out, end, CONTENT_TYPE, values, VALUE.CONTENT_TYPE);
}

/** As a number when the text is one in its canonical form and safe to read as a double, else as the text. */
function writeNumber(out: Uint8Array, at: number, key: Uint8Array, values: Values, slot: number): number {
  const bytes = values.bytes[slot];
  const from = values.start[slot];
  const to = values.end[slot];
  if (from < 0 || !isCanonicalNumber(bytes, from, to)) return writeMember(out, at, key, values, slot);
  let end = writeBytes(out, at, key);
  for (let i = from; i < to; i++) out[end++] = bytes[i];
  return end;
}
