// An oracle's message in the shape of httplog's JSON record, so that a test compares object with object.

import type { OracleMessage } from './oracle.js';

// C0, DEL, C1 and the backslash
const UNSAFE_CHARACTER = /^[\u0000-\u001f\u007f-\u009f\\]$/;

/**
 * The JSON record httplog owes for this message, kind as seen with no local address, keys in the promised order, header
 * fields as its kind has them, absent ones left out. `truncated`, `malformed` and what an option adds are not the
 * oracle's to know.
 */
export function asJsonRecord(message: OracleMessage): Record<string, unknown> {
  const isRequest = message.type === 'request';
  const all: Record<string, unknown> = {
    time: rfc3339(message.epoch),
    frame: message.frame,
    kind: isRequest ? 'CQ' : 'CR',
    src: message.src,
    sport: message.sport,
    dst: message.dst,
    dport: message.dport,
    method: jsonText(message.method),
    target: jsonText(message.target),
    version: jsonText(message.version),
    host: isRequest ? jsonText(message.host) : undefined,
    user_agent: isRequest ? jsonText(message.userAgent) : undefined,
    status: message.status === undefined ? undefined : Number(message.status),
    reason: jsonText(message.reason),
    content_length: isRequest ? undefined : contentLength(message.contentLength),
    content_type: isRequest ? undefined : jsonText(message.contentType),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** `1567.000000123` as `1970-01-01T00:26:07.000000123Z`. */
export function rfc3339(epoch: string): string {
  const [seconds, fraction = ''] = epoch.split('.');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}.${fraction.padEnd(9, '0')}Z`;
}

/**
 * Bytes (a character each) as the text a JSON record carries: valid UTF-8 is kept; any other byte, control characters
 * and the backslash become `\xHH`, one for each byte.
 */
export function jsonText(latin1: string | undefined): string | undefined {
  if (latin1 === undefined) {
    return undefined;
  }
  const bytes = Buffer.from(latin1, 'latin1');
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((n) => isOneCharacter(bytes.subarray(at, at + n)));
    const character = bytes.toString('utf8', at, at + (length ?? 1));
    text += length === undefined || UNSAFE_CHARACTER.test(character) ? escaped(bytes.subarray(at, at + (length ?? 1))) : character;
    at += length ?? 1;
  }
  return text;
}

function isOneCharacter(bytes: Buffer): boolean {
  try {
    return [...new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)].length === 1;
  } catch {
    return false;
  }
}

function escaped(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

/** A number where it is a canonical decimal safe integer, else the text as it came. */
function contentLength(value: string | undefined): number | string | undefined {
  const number = Number(value);
  const isCanonical = /^(0|[1-9][0-9]*)$/.test(value ?? '') && Number.isSafeInteger(number);
  return isCanonical ? number : jsonText(value);
}
