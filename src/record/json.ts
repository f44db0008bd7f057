// The json format (SPEC section 2): one object a line, keys in a fixed order, absent ones left out. Valid UTF-8 is kept; bytes
// that are not, control characters and backslashes become the text \xHH, so that nothing is ambiguous.

import { ADDRESS_TEXT_BYTES, writeAddress } from '../bytes/address.js';
import { COLON, ZERO, ascii, isDigit } from '../bytes/ascii.js';
import { writeBytes, writeDecimal, writePadded } from '../bytes/write.js';
import { ENCAPS, MAX_ENCAPS } from '../wire/encap.js';
import { MAX_VLANS } from '../wire/frame.js';
import { Clock, utcOffset } from './clock.js';
import { ESCAPED_JSON_BYTES, writeJsonText } from './json_text.js';
import { KIND_NAMES } from './kinds.js';
import { VALUE, type Values } from './values.js';
import type { LineFormat, RecordView } from './view.js';

const T = 0x54;
const DOT = 0x2e;
const COMMA = 0x2c;
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
const VLAN = ascii(',"vlan":[');
const ENCAP = ascii(',"encap":[');
const ENCAP_NAMES = ENCAPS.map(({ name }) => ascii(`"${name}`));
const LIST_END = ascii(']');
const END = ascii('}\n');

/** Everything of a line that the message does not decide. */
const FIXED_BYTES = 512 + 2 * ADDRESS_TEXT_BYTES + 6 * MAX_VLANS + 24 * MAX_ENCAPS;

/** 2^53 - 1 has 16 digits. */
const MAX_SAFE = ascii(String(Number.MAX_SAFE_INTEGER));

export class JsonFormat implements LineFormat {
  private readonly clock = new Clock(utcOffset);

  day(seconds: number): number {
    this.clock.set(seconds);
    return this.clock.day;
  }

  bound(record: RecordView): number {
    return FIXED_BYTES + ESCAPED_JSON_BYTES * (record.values.length + record.interfaceName.length);
  }

  write(out: Uint8Array, at: number, record: RecordView): number {
    const { message, values } = record;
    let end = this.writeCapture(out, at, record);
    end = record.isRequest ? writeRequest(out, end, values) : writeResponse(out, end, values);
    if (record.truncated) end = writeBytes(out, end, TRUNCATED);
    if (message.malformed) end = writeBytes(out, end, MALFORMED);
    if (record.frame.vlanCount > 0) end = writeVlans(out, end, record);
    if (record.frame.encapCount > 0) end = writeEncaps(out, end, record);
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

function writeVlans(out: Uint8Array, at: number, record: RecordView): number {
  const { vlans, vlanCount } = record.frame;
  let end = writeBytes(out, at, VLAN);
  for (let i = 0; i < vlanCount; i++) {
    if (i > 0) out[end++] = COMMA;
    end = writeDecimal(out, end, vlans[i]);
  }
  return writeBytes(out, end, LIST_END);
}

/** Wrappers by name, with `:` and the number of those that have one. */
function writeEncaps(out: Uint8Array, at: number, record: RecordView): number {
  const { encaps, encapIds, encapCount } = record.frame;
  let end = writeBytes(out, at, ENCAP);
  for (let i = 0; i < encapCount; i++) {
    if (i > 0) out[end++] = COMMA;
    end = writeBytes(out, end, ENCAP_NAMES[encaps[i]]);
    if (ENCAPS[encaps[i]].id) {
      out[end] = COLON;
      end = writeDecimal(out, end + 1, encapIds[i]);
    }
    out[end++] = QUOTE;
  }
  return writeBytes(out, end, LIST_END);
}

/** A key and its value as text; nothing where the value is absent. */
function writeMember(out: Uint8Array, at: number, key: Uint8Array, values: Values, slot: number): number {
  const from = values.start[slot];
  return from < 0 ? at : writeJsonText(out, writeBytes(out, at, key), values.bytes[slot], from, values.end[slot]);
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

function isCanonicalNumber(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length === 0 || length > MAX_SAFE.length || (length > 1 && bytes[from] === ZERO)) return false;
  for (let i = from; i < to; i++) if (!isDigit(bytes[i])) return false;
  if (length < MAX_SAFE.length) return true;
  let same = 0;
  while (same < length - 1 && bytes[from + same] === MAX_SAFE[same]) same++;
  return bytes[from + same] <= MAX_SAFE[same];
}
