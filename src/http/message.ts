// What the scan of one payload found of an HTTP/1.x message: offsets into the bytes. One object is used for every message, so
// its values hold until the next scan.

import { HeaderFields } from './headers.js';

/** Answers of scanMessage(). */
export const MESSAGE = { NONE: 0, REQUEST: 1, RESPONSE: 2 } as const;

/** Fields of every request; further names follow these. */
export const REQUEST_FIELD = { HOST: 0, USER_AGENT: 1, CONTENT_LENGTH: 2, TRANSFER_ENCODING: 3 } as const;
/** Names of the fields of every request, in the order of REQUEST_FIELD. */
export const REQUEST_NAMES: readonly string[] = ['Host', 'User-Agent', 'Content-Length', 'Transfer-Encoding'];

/** Fields of every response; further names follow these. */
export const RESPONSE_FIELD = { CONTENT_LENGTH: 0, CONTENT_TYPE: 1, TRANSFER_ENCODING: 2 } as const;
/** Names of the fields of every response, in the order of RESPONSE_FIELD. */
export const RESPONSE_NAMES: readonly string[] = ['Content-Length', 'Content-Type', 'Transfer-Encoding'];

export class Message {
  /** first byte of the start line */
  start = 0;
  /** requests: the method is `start` to here */
  methodEnd = 0;
  /** requests: the target, never empty */
  targetStart = 0;
  targetEnd = 0;
  /** eight bytes, `HTTP/1.` and a digit; -1 when the line leaves the packet before it */
  version = -1;
  /** responses: three digits */
  status = 0;
  /** responses: the reason phrase, may be empty */
  reasonStart = 0;
  reasonEnd = 0;
  /** first byte behind the start line; `end` of the payload when the line leaves the packet */
  headerStart = 0;
  /** first byte behind the empty line, -1 when the header section does not end in the payload */
  bodyStart = -1;
  /** the header section (or the start line) does not end in the payload */
  truncated = false;
  /** tolerated, but not as RFC 9112 wants it */
  malformed = false;
  readonly requestFields: HeaderFields;
  readonly responseFields: HeaderFields;

  /** @param extras names of further header fields to look for, in requests and responses */
  constructor(extras: readonly string[] = []) {
    this.requestFields = new HeaderFields([...REQUEST_NAMES, ...extras]);
    this.responseFields = new HeaderFields([...RESPONSE_NAMES, ...extras]);
  }
}
