// Where a message ends, as far as its own packet tells (RFC 9112 section 6): the next pipelined message begins there.

import { CR, LF, SPACE, TAB, ZERO, ascii, hexDigit, isDigit } from '../bytes/ascii.js';
import { MESSAGE, type Message, REQUEST_FIELD, RESPONSE_FIELD } from './message.js';

const UNKNOWN = -1;
const CONNECT = 0x43;
const SEMICOLON = 0x3b;
const COMMA = 0x2c;
const CASE = 0x20;
const CHUNKED = ascii('chunked');
/** Larger than any payload. */
const MAX_CHUNK_BYTES = 0xfffffff;

/**
 * The offset behind a message and its body.
 * @param kind MESSAGE.REQUEST or MESSAGE.RESPONSE, as scanMessage() answered
 * @returns an offset that may lie beyond `end`, or -1 when this packet does not tell
 */
export function messageEnd(bytes: Uint8Array, end: number, message: Message, kind: number): number {
  if (message.bodyStart < 0) return UNKNOWN;
  if (kind === MESSAGE.RESPONSE) return responseEnd(bytes, end, message);
  const behind = requestEnd(bytes, end, message);
  // RFC 9112 section 2.2: a server passes over an empty line before a request, which old clients send behind a body.
  return behind >= 0 && isCrLf(bytes, behind, end) ? behind + 2 : behind;
}

function requestEnd(bytes: Uint8Array, end: number, message: Message): number {
  const { requestFields: fields, bodyStart } = message;
  // What follows a CONNECT is the tunnel's.
  if (bytes[message.start] === CONNECT && bytes[message.start + 3] === 0x4e) return UNKNOWN;
  const coding = fields.start[REQUEST_FIELD.TRANSFER_ENCODING];
  if (coding >= 0) return codedEnd(bytes, bodyStart, end, coding, fields.end[REQUEST_FIELD.TRANSFER_ENCODING]);
  const length = fields.start[REQUEST_FIELD.CONTENT_LENGTH];
  return length < 0 ? bodyStart : lengthEnd(bytes, bodyStart, length, fields.end[REQUEST_FIELD.CONTENT_LENGTH]);
}

function responseEnd(bytes: Uint8Array, end: number, message: Message): number {
  const { responseFields: fields, bodyStart, status } = message;
  const code = (bytes[status] - ZERO) * 100 + (bytes[status + 1] - ZERO) * 10 + bytes[status + 2] - ZERO;
  if (code === 101) return UNKNOWN; // another protocol follows
  if (code < 200 || code === 204 || code === 304) return bodyStart;
  const coding = fields.start[RESPONSE_FIELD.TRANSFER_ENCODING];
  if (coding >= 0) return codedEnd(bytes, bodyStart, end, coding, fields.end[RESPONSE_FIELD.TRANSFER_ENCODING]);
  const length = fields.start[RESPONSE_FIELD.CONTENT_LENGTH];
  // Without a length the body lasts until the connection closes.
  return length < 0 ? UNKNOWN : lengthEnd(bytes, bodyStart, length, fields.end[RESPONSE_FIELD.CONTENT_LENGTH]);
}

/** Behind a body of Content-Length; -1 when the value is not a plain decimal that a packet could hold. */
function lengthEnd(bytes: Uint8Array, bodyStart: number, from: number, to: number): number {
  if (to === from || to - from > 9) return UNKNOWN;
  let length = 0;
  for (let at = from; at < to; at++) {
    if (!isDigit(bytes[at])) return UNKNOWN;
    length = length * 10 + bytes[at] - ZERO;
  }
  return bodyStart + length;
}

/** Behind a body of Transfer-Encoding: only where `chunked` is the last coding does it tell its end (RFC 9112 section 6.3), else -1. */
function codedEnd(bytes: Uint8Array, bodyStart: number, end: number, from: number, to: number): number {
  const last = to - CHUNKED.length;
  if (last < from) return UNKNOWN;
  for (let i = 0; i < CHUNKED.length; i++) if ((bytes[last + i] | CASE) !== CHUNKED[i]) return UNKNOWN;
  const before = last > from ? bytes[last - 1] : COMMA;
  return before === COMMA || before === SPACE || before === TAB ? chunkedEnd(bytes, bodyStart, end) : UNKNOWN;
}

/** Behind a chunked body that ends in this packet without trailer fields (RFC 9112 section 7.1), else -1. */
function chunkedEnd(bytes: Uint8Array, bodyStart: number, end: number): number {
  let at = bodyStart;
  for (;;) {
    let size = 0;
    let digits = 0;
    for (; at < end && hexDigit(bytes[at]) >= 0; at++, digits++) {
      size = size * 16 + hexDigit(bytes[at]);
      if (size > MAX_CHUNK_BYTES) return UNKNOWN;
    }
    if (digits === 0 || at === end || !endsChunkSize(bytes[at])) return UNKNOWN;
    while (at < end && bytes[at] !== LF) at++;
    at += 1 + size;
    if (size === 0) return isCrLf(bytes, at, end) ? at + 2 : UNKNOWN;
    if (!isCrLf(bytes, at, end)) return UNKNOWN;
    at += 2;
  }
}

/** What may follow a chunk size: the line's end, or an extension with or without blanks before it. */
function endsChunkSize(byte: number): boolean {
  return byte === CR || byte === LF || byte === SEMICOLON || byte === SPACE || byte === TAB;
}

function isCrLf(bytes: Uint8Array, at: number, end: number): boolean {
  return at + 2 <= end && bytes[at] === CR && bytes[at + 1] === LF;
}
