// The text format (SPEC section 2): fields separated by one blank, nothing a message holds can forge a line, a column or a
// terminal command.
//
//   time src#port dst#port kind [added] METHOD target version host user-agent
//   time src#port dst#port kind [added] version status reason content-length content-type

import { ADDRESS_TEXT_BYTES, writeAddress } from '../bytes/address.js';
import { LF, SPACE, ascii } from '../bytes/ascii.js';
import { writeDecimal16, writeOctets, writePadded3 } from '../bytes/decimal_words.js';
import { ABOVE_BLANK, copyPlain, FROM_BLANK } from '../bytes/plain_copy.js';
import { asciiWord, wordsOfLines } from '../bytes/words.js';
import { writeBytes, writeDecimal, writeHexEscape } from '../bytes/write.js';
import { MAX_VLANS } from '../wire/frame.js';
import { Clock, type ZoneOffset } from './clock.js';
import { KIND_NAMES } from './kinds.js';
import type { Owner } from './owner.js';
import { VALUE, type Values } from './values.js';
import type { LineFormat, RecordView } from './view.js';

const HASH = 0x23;
const DASH = 0x2d;
const DOT = 0x2e;
const ESCAPED_BYTES = 4;
const IPV4_BYTES = 4;
const MILLISECOND = 1_000_000;
/** `CQ ` and so on */
const KINDS = Int32Array.from(KIND_NAMES, asciiWord);
const KIND_BYTES = 3;
const VLAN = ascii('vlan=');
const INTERFACE = ascii('if=');
const OWNER = ['pid=', ' exe=', ' user='].map(ascii);

/** 1 for bytes that stand for themselves in the last field and the reason; a blank counts there, nowhere else. */
const plainWithBlank = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= SPACE && byte < 0x7f && byte !== 0x5c ? 1 : 0));
const plain = plainWithBlank.map((value, byte) => (byte === SPACE ? 0 : value));

/** Everything of a line that the message does not decide. */
const FIXED_BYTES = 64 + 2 * (ADDRESS_TEXT_BYTES + 6) + 6 * MAX_VLANS + 16;
/** `pid=4294967295 exe=- user=- ` */
const OWNER_BYTES = 40;

export interface TextOptions {
  readonly zone: ZoneOffset;
  /** `pid=… exe=… user=…` behind the kind; default false */
  readonly addOwner?: boolean;
  /** `vlan=…` behind the kind */
  readonly addVlan: boolean;
  /** `if=…` behind the kind */
  readonly addInterface: boolean;
}

export class TextFormat implements LineFormat {
  private readonly clock: Clock;
  private readonly addOwner: boolean;
  private readonly addVlan: boolean;
  private readonly addInterface: boolean;

  constructor(options: TextOptions) {
    this.clock = new Clock(options.zone);
    this.addOwner = options.addOwner ?? false;
    this.addVlan = options.addVlan;
    this.addInterface = options.addInterface;
  }

  period(seconds: number, lengthSeconds: number): number {
    this.clock.set(seconds);
    return this.clock.period(lengthSeconds);
  }

  bound(record: RecordView): number {
    return FIXED_BYTES + OWNER_BYTES + ESCAPED_BYTES * (record.values.length + record.interfaceName.length + record.owner.length);
  }

  write(out: Uint8Array, at: number, record: RecordView): number {
    const { frame, addressBytes } = record;
    const words = wordsOfLines(out);
    let end = this.clock.write(out, at, SPACE);
    out[end] = DOT;
    end = writePadded3(words, end + 1, (record.nanoseconds / MILLISECOND) | 0);
    end = writeEndpoint(out, words, end, addressBytes, record.source, frame.addressLength, frame.sourcePort);
    end = writeEndpoint(out, words, end, addressBytes, record.destination, frame.addressLength, frame.destinationPort);
    words.setInt32(end, KINDS[record.kind], true);
    end += KIND_BYTES;
    if (this.addOwner) end = writeBytes(out, end, record.owner.rendered ??= renderOwner(record.owner));
    if (this.addInterface) end = writeInterface(out, end, record);
    if (this.addVlan) end = writeVlans(out, end, record);
    end = record.isRequest ? writeRequest(out, end, record.values) : writeResponse(out, end, record.values);
    out[end] = LF;
    return end + 1;
  }
}

function writeEndpoint(
  out: Uint8Array, words: DataView, at: number, bytes: Uint8Array, address: number, length: number, port: number,
): number {
  let end: number;
  if (length === IPV4_BYTES) {
    end = writeOctets(words, at, bytes, address);
    out[end - 1] = HASH;
  } else {
    end = writeAddress(out, at, bytes, address, length);
    out[end++] = HASH;
  }
  return writeDecimal16(words, end, port);
}

/** Made once a process: its fields, each with the blank behind it. */
function renderOwner({ pid, exe, user, length }: Owner): Uint8Array {
  const out = new Uint8Array(OWNER_BYTES + ESCAPED_BYTES * length);
  let end = writeBytes(out, 0, OWNER[0]);
  if (pid === 0) out[end++] = DASH;
  else end = writeDecimal(out, end, pid);
  end = writeValue(out, writeBytes(out, end, OWNER[1]), exe, 0, exe.length, plain);
  end = writeValue(out, writeBytes(out, end, OWNER[2]), user, 0, user.length, plain);
  out[end++] = SPACE;
  return out.slice(0, end);
}

function writeInterface(out: Uint8Array, at: number, record: RecordView): number {
  let end = writeBytes(out, at, INTERFACE);
  end = writeValue(out, end, record.interfaceName, 0, record.interfaceName.length, plain);
  out[end] = SPACE;
  return end + 1;
}

function writeVlans(out: Uint8Array, at: number, record: RecordView): number {
  const { vlans, vlanCount } = record.frame;
  let end = writeBytes(out, at, VLAN);
  if (vlanCount === 0) out[end++] = DASH;
  for (let i = 0; i < vlanCount; i++) {
    if (i > 0) out[end++] = DOT;
    end = writeDecimal(out, end, vlans[i]);
  }
  out[end] = SPACE;
  return end + 1;
}

function writeRequest(out: Uint8Array, at: number, values: Values): number {
  let end = writeColumn(out, at, values, VALUE.METHOD);
  end = writeColumn(out, end, values, VALUE.TARGET);
  end = writeColumn(out, end, values, VALUE.VERSION);
  end = writeColumn(out, end, values, VALUE.HOST);
  return writeSlot(out, end, values, VALUE.USER_AGENT, plainWithBlank);
}

function writeResponse(out: Uint8Array, at: number, values: Values): number {
  let end = writeColumn(out, at, values, VALUE.VERSION);
  end = writeColumn(out, end, values, VALUE.STATUS);
  end = writeSlot(out, end, values, VALUE.REASON, plainWithBlank);
  out[end] = SPACE;
  end = writeColumn(out, end + 1, values, VALUE.CONTENT_LENGTH);
  return writeSlot(out, end, values, VALUE.CONTENT_TYPE, plainWithBlank);
}

/** A value without blanks, and the blank behind it. */
function writeColumn(out: Uint8Array, at: number, values: Values, slot: number): number {
  const end = writeSlot(out, at, values, slot, plain);
  out[end] = SPACE;
  return end + 1;
}

/** An absent value is written like an empty one: its `start` equals its `end`. */
function writeSlot(out: Uint8Array, at: number, values: Values, slot: number, isPlain: Uint8Array): number {
  return writeValue(out, at, values.bytes[slot], values.start[slot], values.end[slot], isPlain);
}

/** A value with its escapes: `-` when empty, `\x2d` when it is itself a single `-`. */
function writeValue(
  out: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number, isPlain: Uint8Array,
): number {
  if (to - from <= 1) {
    if (to === from) {
      out[at] = DASH;
      return at + 1;
    }
    if (bytes[from] === DASH) return writeHexEscape(out, at, DASH);
  }
  const copied = copyPlain(wordsOfLines(out), at, bytes, from, to, isPlain === plain ? ABOVE_BLANK : FROM_BLANK);
  let end = at + copied;
  for (let i = from + copied; i < to; i++) {
    const byte = bytes[i];
    if (isPlain[byte] === 1) out[end++] = byte;
    else end = writeHexEscape(out, end, byte);
  }
  return end;
}
