// What rules ask about a record: host, path, method and status as slices. One object serves every record.

import { ascii, COLON, isDigit } from '../bytes/ascii.js';
import { VALUE, type Values } from '../record/values.js';
import type { RecordView } from '../record/view.js';

/** Texts of a subject. */
export const TEXT = { HOST: 0, PATH: 1, METHOD: 2, STATUS: 3 } as const;
const TEXTS = 4;

const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;
const HASH = 0x23;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;
const EMPTY_PATH = ascii('/');

export class Subject {
  /** by TEXT: -1 for what the record does not have */
  readonly start = new Int32Array(TEXTS);
  readonly end = new Int32Array(TEXTS);
  readonly bytes = new Array<Uint8Array>(TEXTS).fill(EMPTY_PATH);
  addressBytes: Uint8Array = EMPTY_PATH;
  addressLength = 4;
  source = 0;
  destination = 0;

  /** Takes the record as it came: to be called before anything is masked or redacted. */
  take(view: RecordView): void {
    const { values } = view;
    this.addressBytes = view.addressBytes;
    this.addressLength = view.frame.addressLength;
    this.source = view.source;
    this.destination = view.destination;
    this.takeSlot(TEXT.METHOD, values, VALUE.METHOD);
    this.takeSlot(TEXT.STATUS, values, VALUE.STATUS);
    this.takeSlot(TEXT.HOST, values, VALUE.HOST);
    this.takeSlot(TEXT.PATH, values, VALUE.TARGET);
    if (this.start[TEXT.HOST] >= 0) this.cutPort();
    if (this.start[TEXT.PATH] >= 0) this.cutToPath();
  }

  private takeSlot(text: number, values: Values, slot: number): void {
    this.bytes[text] = values.bytes[slot];
    this.start[text] = values.start[slot];
    this.end[text] = values.end[slot];
  }

  /** `example.com:8080` and `[2001:db8::1]:8080` lose their port. */
  private cutPort(): void {
    const bytes = this.bytes[TEXT.HOST];
    const start = this.start[TEXT.HOST];
    let colon = this.end[TEXT.HOST] - 1;
    while (colon > start && isDigit(bytes[colon])) colon--;
    if (colon < start || bytes[colon] !== COLON) return;
    if (bytes[start] !== BRACKET || bytes[colon - 1] === BRACKET_END) this.end[TEXT.HOST] = colon;
  }

  /** A target loses query and fragment, and when it is an absolute URL its scheme and host. */
  private cutToPath(): void {
    const bytes = this.bytes[TEXT.PATH];
    const end = this.end[TEXT.PATH];
    const start = behindAuthority(bytes, this.start[TEXT.PATH], end);
    let at = start;
    while (at < end && bytes[at] !== QUESTION_MARK && bytes[at] !== HASH) at++;
    this.start[TEXT.PATH] = start;
    this.end[TEXT.PATH] = at;
    // RFC 9110 section 4.2.3: an empty path of an http URL is the path `/`.
    if (at === start) {
      this.bytes[TEXT.PATH] = EMPTY_PATH;
      this.start[TEXT.PATH] = 0;
      this.end[TEXT.PATH] = 1;
    }
  }
}

/** The offset behind `scheme://host:port`, or `start` when the target does not begin with that. */
function behindAuthority(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isLetter(bytes[at])) at++;
  if (at === start || end - at < 3 || bytes[at] !== COLON || bytes[at + 1] !== SLASH || bytes[at + 2] !== SLASH) return start;
  at += 3;
  while (at < end && bytes[at] !== SLASH && bytes[at] !== QUESTION_MARK && bytes[at] !== HASH) at++;
  return at;
}

function isLetter(byte: number): boolean {
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x7a;
}
