// Recognises an HTTP/1.x message at the start of a payload (SPEC section 1).

import { type HeaderFields } from './headers.js';
import { MESSAGE, type Message } from './message.js';
import { beginsMethod } from './methods.js';
import { isVersion, scanRequestLine, scanStatusLine } from './start_line.js';

const H = 0x48;

/**
 * Looks for a message whose start line begins at `at`. Reads nothing outside `at` to `end`.
 * @returns one of MESSAGE; for a request or response `message` holds its parts
 */
export function scanMessage(bytes: Uint8Array, at: number, end: number, message: Message): number {
  if (at >= end || beginsMethod[bytes[at]] === 0) return MESSAGE.NONE;
  if (bytes[at] === H && isVersion(bytes, at, end)) {
    if (!scanStatusLine(bytes, at, end, message)) return MESSAGE.NONE;
    scanFields(bytes, end, message, message.responseFields);
    return MESSAGE.RESPONSE;
  }
  if (!scanRequestLine(bytes, at, end, message)) return MESSAGE.NONE;
  scanFields(bytes, end, message, message.requestFields);
  return MESSAGE.REQUEST;
}

function scanFields(bytes: Uint8Array, end: number, message: Message, fields: HeaderFields): void {
  message.bodyStart = fields.scan(bytes, message.headerStart, end);
  if (message.bodyStart < 0) message.truncated = true;
}
