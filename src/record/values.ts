// What a record takes from its message: one slice of bytes a slot. The slices point into the frame, or into the scratch memory of
// whoever replaced a value (redaction); they hold until the next record.

import { type Message, REQUEST_FIELD, REQUEST_NAMES, RESPONSE_FIELD, RESPONSE_NAMES } from '../http/message.js';

/** Slots of every record; the header fields that were asked for by name follow. */
export const VALUE = {
  METHOD: 0,
  TARGET: 1,
  VERSION: 2,
  HOST: 3,
  USER_AGENT: 4,
  STATUS: 5,
  REASON: 6,
  CONTENT_LENGTH: 7,
  CONTENT_TYPE: 8,
  FIRST_EXTRA: 9,
} as const;

const VERSION_BYTES = 8;
const STATUS_BYTES = 3;
const ABSENT = -1;

export class Values {
  /** offset of each value in its bytes, -1 when it is absent */
  readonly start: Int32Array;
  /** one past each value; equal to `start` for an empty one */
  readonly end: Int32Array;
  /** what each value points into */
  readonly bytes: Uint8Array[];
  /** bytes of all values together */
  length = 0;

  /** @param extras header fields beside those every record has */
  constructor(private readonly extras: number) {
    const slots = VALUE.FIRST_EXTRA + extras;
    this.start = new Int32Array(slots).fill(ABSENT);
    this.end = new Int32Array(slots).fill(ABSENT);
    this.bytes = new Array<Uint8Array>(slots).fill(new Uint8Array(0));
  }

  /** Whether the record has the value (it may be empty). */
  has(slot: number): boolean {
    return this.start[slot] >= 0;
  }

  /** Takes the values of a message found in `bytes`. */
  take(bytes: Uint8Array, message: Message, isRequest: boolean): void {
    // A loop, because fill() of so few is a call that costs more.
    for (let slot = 0; slot < this.start.length; slot++) {
      this.start[slot] = ABSENT;
      this.end[slot] = ABSENT;
    }
    this.length = 0;
    if (message.version >= 0) this.set(VALUE.VERSION, bytes, message.version, message.version + VERSION_BYTES);
    if (isRequest) this.takeRequest(bytes, message);
    else this.takeResponse(bytes, message);
  }

  private takeRequest(bytes: Uint8Array, message: Message): void {
    const { start, end } = message.requestFields;
    this.set(VALUE.METHOD, bytes, message.start, message.methodEnd);
    this.set(VALUE.TARGET, bytes, message.targetStart, message.targetEnd);
    this.set(VALUE.HOST, bytes, start[REQUEST_FIELD.HOST], end[REQUEST_FIELD.HOST]);
    this.set(VALUE.USER_AGENT, bytes, start[REQUEST_FIELD.USER_AGENT], end[REQUEST_FIELD.USER_AGENT]);
    for (let i = 0, field = REQUEST_NAMES.length; i < this.extras; i++, field++) {
      this.set(VALUE.FIRST_EXTRA + i, bytes, start[field], end[field]);
    }
  }

  private takeResponse(bytes: Uint8Array, message: Message): void {
    const { start, end } = message.responseFields;
    this.set(VALUE.STATUS, bytes, message.status, message.status + STATUS_BYTES);
    this.set(VALUE.REASON, bytes, message.reasonStart, message.reasonEnd);
    this.set(VALUE.CONTENT_LENGTH, bytes, start[RESPONSE_FIELD.CONTENT_LENGTH], end[RESPONSE_FIELD.CONTENT_LENGTH]);
    this.set(VALUE.CONTENT_TYPE, bytes, start[RESPONSE_FIELD.CONTENT_TYPE], end[RESPONSE_FIELD.CONTENT_TYPE]);
    for (let i = 0, field = RESPONSE_NAMES.length; i < this.extras; i++, field++) {
      this.set(VALUE.FIRST_EXTRA + i, bytes, start[field], end[field]);
    }
  }

  /** Makes a slot a slice of `bytes`; a negative `start` leaves it absent. Replacing a value is setting it again. */
  set(slot: number, bytes: Uint8Array, start: number, end: number): void {
    if (start < 0) return;
    if (this.start[slot] >= 0) this.length -= this.end[slot] - this.start[slot];
    this.bytes[slot] = bytes;
    this.start[slot] = start;
    this.end[slot] = end;
    this.length += end - start;
  }
}
