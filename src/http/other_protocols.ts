// Payloads that explain an empty log: TLS and HTTP/2 on the service port.

import { be16 } from '../bytes/read.js';
import { ascii, startsWith } from '../bytes/ascii.js';

const HANDSHAKE = 0x16;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const HANDSHAKE_TYPE = 5;
const PREFACE = ascii('PRI * HTTP/2.0\r\n');

/** Whether a TLS ClientHello or ServerHello begins here (RFC 8446 sections 4 and 5.1; record version 3.x). */
export function isTlsHello(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at <= HANDSHAKE_TYPE || bytes[at] !== HANDSHAKE || be16(bytes, at + 1) >> 8 !== 3) return false;
  const type = bytes[at + HANDSHAKE_TYPE];
  return type === CLIENT_HELLO || type === SERVER_HELLO;
}

/** Whether the HTTP/2 connection preface begins here (RFC 9113 section 3.4). */
export function isHttp2Preface(bytes: Uint8Array, at: number, end: number): boolean {
  return startsWith(bytes, at, end, PREFACE);
}
