// The methods of the IANA HTTP Method Registry (www.iana.org/assignments/http-methods), recognised by their bytes.

import { SPACE, ascii } from '../bytes/ascii.js';

/** RFC 9110 section 9 and RFC 5789: a line that starts with one of these is a request even when it leaves the packet. */
const COMMON = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

/** The rest of the registry. PRI is left out: it is reserved for the HTTP/2 preface and never stands before HTTP/1.x. */
const OTHER = [
  'ACL', 'BASELINE-CONTROL', 'BIND', 'CHECKIN', 'CHECKOUT', 'COPY', 'LABEL', 'LINK', 'LOCK', 'MERGE', 'MKACTIVITY',
  'MKCALENDAR', 'MKCOL', 'MKREDIRECTREF', 'MKWORKSPACE', 'MOVE', 'ORDERPATCH', 'PROPFIND', 'PROPPATCH', 'QUERY', 'REBIND',
  'REPORT', 'SEARCH', 'UNBIND', 'UNCHECKOUT', 'UNLINK', 'UNLOCK', 'UPDATE', 'UPDATEREDIRECTREF', 'VERSION-CONTROL',
];

interface Method {
  /** its bytes, with the space that ends it */
  readonly bytes: Uint8Array;
  readonly common: boolean;
}

/** Methods by their first byte. */
const byFirstByte: Method[][] = Array.from({ length: 256 }, () => []);
for (const name of [...COMMON, ...OTHER]) {
  byFirstByte[name.charCodeAt(0)].push({ bytes: ascii(`${name} `), common: COMMON.includes(name) });
}

/** 1 for bytes that begin a method. */
export const beginsMethod = Uint8Array.from(byFirstByte, (methods) => (methods.length > 0 ? 1 : 0));

/** Every method, for tests and documents. */
export const METHODS: readonly string[] = [...COMMON, ...OTHER];

/**
 * The length of the method at `at` when a space follows it.
 * @returns bytes without the space, negative when the method is not one of the nine common ones; 0 for no method
 */
export function methodLength(bytes: Uint8Array, at: number, end: number): number {
  const candidates = byFirstByte[bytes[at]];
  for (let i = 0; i < candidates.length; i++) {
    const name = candidates[i].bytes;
    const length = name.length;
    if (end - at < length || bytes[at + length - 1] !== SPACE) continue;
    let same = 1;
    while (same < length && bytes[at + same] === name[same]) same++;
    if (same === length) return candidates[i].common ? length - 1 : 1 - length;
  }
  return 0;
}
