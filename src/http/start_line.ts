// Start lines (RFC 9112 sections 3 and 4): the strict form in one short pass, the tolerated forms in a second look. Nothing
// here reads a byte at or beyond `end`.

import { CR, LF, SPACE, TAB, ascii, isBlank, isDigit, startsWith } from '../bytes/ascii.js';
import type { Message } from './message.js';
import { methodLength } from './methods.js';

const VERSION_PREFIX = ascii('HTTP/1.');
const VERSION_BYTES = 8;

/** 1 for bytes of a request target: visible ASCII, and bytes above it. */
const inTarget = Uint8Array.from({ length: 256 }, (_, byte) => (byte > SPACE && byte !== 0x7f ? 1 : 0));

/** Whether `HTTP/1.` and a digit stand at `at`. */
export function isVersion(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at >= VERSION_BYTES && prefixLength(bytes, at, end) === VERSION_PREFIX.length && isDigit(bytes[at + 7]);
}

/** How many bytes at `at` agree with `HTTP/1.` from its start: 0 to 7. */
function prefixLength(bytes: Uint8Array, at: number, end: number): number {
  let length = 0;
  while (length < VERSION_PREFIX.length && at + length < end && bytes[at + length] === VERSION_PREFIX[length]) length++;
  return length;
}

/**
 * Reads a request line at `at`.
 * @returns whether there is one; then `message` has method, target, version, headerStart, truncated and malformed
 */
export function scanRequestLine(bytes: Uint8Array, at: number, end: number, message: Message): boolean {
  const length = methodLength(bytes, at, end);
  if (length === 0) return false;
  const common = length > 0;
  const methodEnd = at + (common ? length : -length);
  const targetStart = methodEnd + 1;
  let targetEnd = targetStart;
  while (targetEnd < end && inTarget[bytes[targetEnd]] === 1) targetEnd++;
  message.start = at;
  message.methodEnd = methodEnd;
  message.targetStart = targetStart;
  message.targetEnd = targetEnd;
  message.truncated = false;
  message.malformed = false;
  const version = targetEnd + 1;
  if (targetEnd > targetStart && targetEnd < end && bytes[targetEnd] === SPACE && isVersion(bytes, version, end)) {
    const lineEnd = version + VERSION_BYTES;
    const behind = behindLineEnd(bytes, lineEnd, end);
    if (behind > 0) {
      message.version = version;
      message.headerStart = behind;
      return true;
    }
  }
  return scanTolerantly(bytes, end, message) || (common && leavesPacket(bytes, end, message));
}

/** The offset behind CRLF or LF at `at`, 0 when neither is there. */
function behindLineEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && bytes[at] === LF) return at + 1;
  if (at + 1 < end && bytes[at] === CR && bytes[at + 1] === LF) return at + 2;
  return 0;
}

/**
 * A line that ends in `HTTP/1.DIGIT` although the target holds blanks or control bytes, there are more blanks than needed, a
 * bare CR ends it, or nothing does because the packet ends there.
 */
function scanTolerantly(bytes: Uint8Array, end: number, message: Message): boolean {
  const from = message.targetStart;
  let lineEnd = from;
  while (lineEnd < end && bytes[lineEnd] !== LF) {
    if (bytes[lineEnd] === CR && takeLine(bytes, from, lineEnd, message)) {
      endLine(bytes, lineEnd, end, message);
      return true;
    }
    lineEnd++;
  }
  if (!takeLine(bytes, from, lineEnd, message)) return false;
  endLine(bytes, lineEnd, end, message);
  return true;
}

/**
 * What ends a start line at `at`: CRLF, LF, the end of the packet, and, marked as malformed, a bare CR or several before an LF (some
 * software translates the LF of a CRLF to CRLF once more).
 */
function endLine(bytes: Uint8Array, at: number, end: number, message: Message): void {
  let behind = at;
  while (behind < end && bytes[behind] === CR) behind++;
  const returns = behind - at;
  // CR as the last byte of the packet: its LF may follow in the next one.
  message.truncated = behind === end;
  const bare = behind < end && bytes[behind] !== LF;
  message.malformed ||= bare || returns > 1;
  message.headerStart = bare ? at + 1 : Math.min(behind + 1, end);
}

/** Takes `from` to `lineEnd` as target, blank, version; false when that is not what it is. */
function takeLine(bytes: Uint8Array, from: number, lineEnd: number, message: Message): boolean {
  let behindVersion = lineEnd;
  while (behindVersion > from && isBlank(bytes[behindVersion - 1])) behindVersion--;
  const version = behindVersion - VERSION_BYTES;
  if (version <= from || !isBlank(bytes[version - 1]) || !isVersion(bytes, version, behindVersion)) return false;
  let start = from;
  let targetEnd = version - 1;
  while (start < targetEnd && isBlank(bytes[start])) start++;
  while (targetEnd > start && isBlank(bytes[targetEnd - 1])) targetEnd--;
  if (start === targetEnd) return false;
  message.malformed = behindVersion !== lineEnd || start !== from || targetEnd !== version - 1
    || bytes[version - 1] !== SPACE || !isCleanTarget(bytes, start, targetEnd);
  message.targetStart = start;
  message.targetEnd = targetEnd;
  message.version = version;
  return true;
}

function isCleanTarget(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && inTarget[bytes[at]] === 1) at++;
  return at === end;
}

/** Schemes of protocols that share HTTP's methods (RFC 7826, RFC 3261) and would tell themselves by their version. */
const OTHER_SCHEMES = ['rtsp', 'sip'].map(ascii);

/**
 * A line without end whose target (or the version behind it) reaches the end of the packet. Blanks inside the target cannot be
 * told from another protocol's text here, so they make it no request; neither can the start of a version without target.
 */
function leavesPacket(bytes: Uint8Array, end: number, message: Message): boolean {
  const { targetStart, targetEnd } = message;
  if (targetEnd === targetStart || isVersion(bytes, targetStart, targetEnd)) return false;
  for (let i = 0; i < OTHER_SCHEMES.length; i++) if (startsWith(bytes, targetStart, targetEnd, OTHER_SCHEMES[i])) return false;
  if (targetEnd < end) {
    const rest = targetEnd + 1;
    if (bytes[targetEnd] !== SPACE || rest + prefixLength(bytes, rest, end) !== end) return false;
  }
  message.version = -1;
  message.headerStart = end;
  message.truncated = true;
  return true;
}

/**
 * Reads a status line at `at`, where the caller has seen isVersion().
 * @returns whether there is one; then `message` has version, status, reason, headerStart, truncated and malformed
 */
export function scanStatusLine(bytes: Uint8Array, at: number, end: number, message: Message): boolean {
  const blanks = at + VERSION_BYTES;
  let status = blanks;
  while (status < end && isBlank(bytes[status])) status++;
  if (status === blanks || end - status < 3) return false;
  if (!isDigit(bytes[status]) || !isDigit(bytes[status + 1]) || !isDigit(bytes[status + 2])) return false;
  const behindStatus = status + 3;
  const next = behindStatus < end ? bytes[behindStatus] : LF;
  if (!isBlank(next) && next !== CR && next !== LF) return false;
  message.start = at;
  message.version = at;
  message.status = status;
  message.malformed = status - blanks !== 1 || bytes[blanks] !== SPACE || next === TAB;
  takeReason(bytes, behindStatus, end, message);
  return true;
}

/** The reason phrase from the byte behind the status to the line's end. */
function takeReason(bytes: Uint8Array, from: number, end: number, message: Message): void {
  let lineEnd = from;
  while (lineEnd < end && bytes[lineEnd] !== LF && bytes[lineEnd] !== CR) lineEnd++;
  endLine(bytes, lineEnd, end, message);
  let reasonEnd = lineEnd;
  const reasonStart = Math.min(from + 1, lineEnd);
  while (reasonEnd > reasonStart && isBlank(bytes[reasonEnd - 1])) reasonEnd--;
  message.reasonStart = reasonStart;
  message.reasonEnd = reasonEnd;
}
