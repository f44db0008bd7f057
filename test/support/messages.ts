// What scanMessage() finds in a payload, as plain values.

import { messageEnd } from '../../src/http/body.js';
import type { HeaderFields } from '../../src/http/headers.js';
import { MESSAGE, Message, REQUEST_FIELD, RESPONSE_FIELD } from '../../src/http/message.js';
import { scanMessage } from '../../src/http/scan.js';
import { type Fenced, latin1, latin1Text, readSafely } from './fence.js';

export interface Request {
  readonly method: string;
  readonly target: string;
  /** undefined when the line leaves the packet before it */
  readonly version: string | undefined;
  readonly host: string | undefined;
  readonly userAgent: string | undefined;
}

export interface Response {
  readonly version: string;
  readonly status: string;
  readonly reason: string;
  readonly contentLength: string | undefined;
  readonly contentType: string | undefined;
}

export interface Scanned {
  readonly request?: Request;
  readonly response?: Response;
  readonly truncated: boolean;
  readonly malformed: boolean;
  /** first byte behind the empty line, counted from the payload's first; -1 when it is not there */
  readonly bodyStart: number;
  /** first byte behind the message, counted so; -1 when the packet does not tell */
  readonly messageEnd: number;
}

/** The message at the start of a payload, undefined for none; whatever stands around the payload. */
export function scan(payload: string | Uint8Array): Scanned | undefined {
  return readSafely(typeof payload === 'string' ? latin1(payload) : payload, scanFence);
}

/** The requests and responses of a payload with pipelined messages: `GET /a` and `200`, as far as the packet tells. */
export function startLines(payload: string): string[] {
  const found: string[] = [];
  let rest = payload;
  for (;;) {
    const message = scan(rest);
    if (message === undefined) return found;
    found.push(message.request ? `${message.request.method} ${message.request.target}` : message.response!.status);
    if (message.messageEnd < 0 || message.messageEnd >= rest.length) return found;
    rest = rest.slice(message.messageEnd);
  }
}

function scanFence({ bytes, at, end }: Fenced): Scanned | undefined {
  const message = new Message();
  const kind = scanMessage(bytes, at, end, message);
  if (kind === MESSAGE.NONE) return undefined;
  const text = (from: number, to: number): string => latin1Text(Uint8Array.from({ length: to - from }, (_, i) => bytes[from + i]));
  const field = (fields: HeaderFields, slot: number): string | undefined => (
    fields.start[slot] < 0 ? undefined : text(fields.start[slot], fields.end[slot]));
  const version = message.version < 0 ? undefined : text(message.version, message.version + 8);
  const nextAt = messageEnd(bytes, end, message, kind);
  const common = {
    truncated: message.truncated,
    malformed: message.malformed,
    bodyStart: message.bodyStart < 0 ? -1 : message.bodyStart - at,
    messageEnd: nextAt < 0 ? -1 : nextAt - at,
  };
  if (kind === MESSAGE.REQUEST) {
    return {
      request: {
        method: text(message.start, message.methodEnd),
        target: text(message.targetStart, message.targetEnd),
        version,
        host: field(message.requestFields, REQUEST_FIELD.HOST),
        userAgent: field(message.requestFields, REQUEST_FIELD.USER_AGENT),
      },
      ...common,
    };
  }
  return {
    response: {
      version: version!,
      status: text(message.status, message.status + 3),
      reason: text(message.reasonStart, message.reasonEnd),
      contentLength: field(message.responseFields, RESPONSE_FIELD.CONTENT_LENGTH),
      contentType: field(message.responseFields, RESPONSE_FIELD.CONTENT_TYPE),
    },
    ...common,
  };
}
