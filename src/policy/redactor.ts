// Which values of a record may hold secrets, and what stands in their place (-redact).

import { CR, SPACE, TAB, ascii } from '../bytes/ascii.js';
import { writeBytes } from '../bytes/write.js';
import type { RedactMode } from '../config/settings.js';
import { VALUE } from '../record/values.js';
import type { RecordView } from '../record/view.js';
import { NameTest } from './secret_names.js';
import { MAX_EXTRA_BYTES, REPLACEMENT, UrlRedactor } from './url_redactor.js';

/** Header fields that hold a URL, or a part of it. */
const URL_HEADERS: readonly string[] = [
  'host', 'referer', 'location', 'content-location', 'destination', 'refresh', 'link', 'origin', 'x-original-url', 'x-rewrite-url', 'x-forwarded-uri',
];
/** Header fields that are secrets as a whole; those with the name of a secret parameter (X-Api-Key) are, too. */
const SECRET_HEADERS: readonly string[] = ['proxy-authorization', 'cookie', 'set-cookie'];
const AUTHORIZATION = 'authorization';

/** What to do about a header field that was asked for. */
const TREATMENT = { NONE: 0, URL: 1, WHOLE: 2, CREDENTIALS: 3 } as const;

/** 1 for bytes of an authentication scheme: a token, RFC 9110 section 5.6.2. */
const inToken = Uint8Array.from({ length: 256 }, (_, byte) => (/[A-Za-z0-9!#$%&'*+.^_`|~-]/.test(String.fromCharCode(byte)) ? 1 : 0));

export class Redactor {
  private readonly urls: UrlRedactor;
  /** by extra header field: one of TREATMENT */
  private readonly treatments: Uint8Array;
  /** values rewritten for one record; shared memory like the frames, so that the formats see one kind of array */
  private readonly scratch: Uint8Array;
  private used = 0;

  /**
   * @param mode on or query
   * @param headers the header fields that were asked for, in the order of their slots
   * @param payloadBytes the most that is read of a payload
   */
  constructor(mode: Exclude<RedactMode, 'off'>, headers: readonly string[], payloadBytes: number) {
    this.urls = new UrlRedactor(mode === 'query');
    this.treatments = Uint8Array.from(headers, treatmentOf);
    const values = VALUE.FIRST_EXTRA + headers.length;
    // Twice the payload: a field may have been asked for that every record has, too.
    this.scratch = new Uint8Array(new SharedArrayBuffer(2 * payloadBytes + values * MAX_EXTRA_BYTES));
  }

  /** Replaces the secrets of a record. What it replaced holds until the next record. */
  apply(view: RecordView): void {
    this.used = 0;
    if (view.isRequest) {
      this.redactUrl(view, VALUE.TARGET, view.message.version < 0);
      // A cut host is no cut URL: `example.com:80` is no user with a password.
      this.redactUrl(view, VALUE.HOST, false);
    }
    for (let i = 0; i < this.treatments.length; i++) {
      const slot = VALUE.FIRST_EXTRA + i;
      if (this.treatments[i] === TREATMENT.NONE || !view.values.has(slot)) continue;
      if (this.treatments[i] === TREATMENT.URL) this.redactUrl(view, slot, isCut(view, slot));
      else this.replaceValue(view, slot, this.treatments[i] === TREATMENT.CREDENTIALS);
    }
  }

  private redactUrl(view: RecordView, slot: number, cut: boolean): void {
    const { values } = view;
    if (!values.has(slot)) return;
    const start = this.used;
    const end = this.urls.redact(values.bytes[slot], values.start[slot], values.end[slot], cut, this.scratch, start);
    if (end >= 0) this.take(view, slot, end);
  }

  /** @param keepScheme whether `Bearer` of `Bearer secret` stays; without a blank it may be the secret */
  private replaceValue(view: RecordView, slot: number, keepScheme: boolean): void {
    const bytes = view.values.bytes[slot];
    const from = view.values.start[slot];
    const to = view.values.end[slot];
    if (from === to) return;
    let end = this.used;
    if (keepScheme) {
      let at = from;
      while (at < to && inToken[bytes[at]] === 1) at++;
      if (at > from && at < to && bytes[at] === SPACE) for (let i = from; i <= at; i++) this.scratch[end++] = bytes[i];
    }
    this.take(view, slot, writeBytes(this.scratch, end, REPLACEMENT));
  }

  private take(view: RecordView, slot: number, end: number): void {
    view.values.set(slot, this.scratch, this.used, end);
    view.redacted = true;
    this.used = end;
  }
}

function treatmentOf(header: string): number {
  const name = header.toLowerCase();
  const bytes = ascii(name);
  if (name === AUTHORIZATION) return TREATMENT.CREDENTIALS;
  if (SECRET_HEADERS.includes(name) || new NameTest().isSecret(bytes, 0, bytes.length)) return TREATMENT.WHOLE;
  return URL_HEADERS.includes(name) ? TREATMENT.URL : TREATMENT.NONE;
}

/** Whether the value of a header field goes on behind the end of the packet. */
function isCut(view: RecordView, slot: number): boolean {
  const { message, values, frame } = view;
  if (message.bodyStart >= 0) return false;
  const bytes = values.bytes[slot];
  let at = values.end[slot];
  while (at < frame.end && (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === CR)) at++;
  return at >= frame.end;
}
