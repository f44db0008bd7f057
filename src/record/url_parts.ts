// The parts of a request target (RFC 9112 section 3.2) and of the Host field, for formats that name them.

import { COLON, isDigit, ZERO } from '../bytes/ascii.js';
import { VALUE, type Values } from './values.js';

const SLASH = 0x2f;
const QUESTION = 0x3f;
const AT = 0x40;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const ABSENT = -1;
const MOST_PORT = 65535;
const MOST_PORT_DIGITS = 5;

/** Where the parts are, -1 for what is absent. One object serves every record: it holds until the next take(). */
export class UrlParts {
  /** what path, query and scheme point into */
  target: Uint8Array = new Uint8Array(0);
  schemeStart = ABSENT;
  schemeEnd = ABSENT;
  pathStart = ABSENT;
  pathEnd = ABSENT;
  /** without its question mark, may be empty */
  queryStart = ABSENT;
  queryEnd = ABSENT;
  /** what the domain points into: the target where it names the host (RFC 9112 section 3.2.2), else the Host field */
  authority: Uint8Array = new Uint8Array(0);
  domainStart = ABSENT;
  domainEnd = ABSENT;
  /** 0 to 65535 */
  port = ABSENT;

  /** Takes apart what a request asks for: `/path?query`, `http://host:port/path?query`, `host:port` of CONNECT, `*`. */
  take(values: Values): void {
    this.schemeStart = this.schemeEnd = this.pathStart = this.pathEnd = this.queryStart = this.queryEnd = ABSENT;
    this.domainStart = this.domainEnd = this.port = ABSENT;
    this.target = values.bytes[VALUE.TARGET];
    const from = values.start[VALUE.TARGET];
    const to = values.end[VALUE.TARGET];
    const authority = this.target[from] === SLASH ? ABSENT : this.takeScheme(from, to);
    if (authority >= 0) this.takeAbsolute(authority, to);
    else if (this.target[from] === SLASH) this.takePath(from, to);
    else if (isConnect(values)) this.takeAuthority(this.target, from, to);
    if (this.domainStart < 0 && values.has(VALUE.HOST)) {
      this.takeAuthority(values.bytes[VALUE.HOST], values.start[VALUE.HOST], values.end[VALUE.HOST]);
    }
  }

  /** @returns where the authority begins, behind `scheme://`; -1 when the target does not begin so */
  private takeScheme(from: number, to: number): number {
    const { target } = this;
    let at = from;
    while (at < to && isSchemeByte(target[at])) at++;
    if (at === from || at + 2 >= to || target[at] !== COLON || target[at + 1] !== SLASH || target[at + 2] !== SLASH) return ABSENT;
    this.schemeStart = from;
    this.schemeEnd = at;
    return at + 3;
  }

  private takeAbsolute(from: number, to: number): void {
    const { target } = this;
    let end = from;
    let host = from;
    while (end < to && target[end] !== SLASH && target[end] !== QUESTION) {
      if (target[end] === AT) host = end + 1; // what stands before is user and password
      end++;
    }
    this.takeAuthority(target, host, end);
    this.takePath(end, to);
  }

  private takePath(from: number, to: number): void {
    const { target } = this;
    let end = from;
    while (end < to && target[end] !== QUESTION) end++;
    if (end > from) {
      this.pathStart = from;
      this.pathEnd = end;
    }
    if (end === to) return;
    this.queryStart = end + 1;
    this.queryEnd = to;
  }

  /** `host`, `host:port`, `[v6]:port`; what does not end in a port is all domain. */
  private takeAuthority(bytes: Uint8Array, from: number, to: number): void {
    if (from >= to) return;
    this.authority = bytes;
    this.domainStart = from;
    this.domainEnd = to;
    let colon = to;
    for (let at = from; at < to && colon === to; at++) if (bytes[at] === COLON) colon = at;
    if (bytes[from] === OPEN_BRACKET) {
      colon = from;
      while (colon < to && bytes[colon] !== CLOSE_BRACKET) colon++;
      colon++;
    }
    if (colon >= to || bytes[colon] !== COLON) return;
    const port = portOf(bytes, colon + 1, to);
    if (port < 0 || colon === from) return;
    this.port = port;
    this.domainEnd = colon;
  }
}

/** @returns -1 for what is no port */
function portOf(bytes: Uint8Array, from: number, to: number): number {
  if (to === from || to - from > MOST_PORT_DIGITS) return ABSENT;
  let port = 0;
  for (let at = from; at < to; at++) {
    if (!isDigit(bytes[at])) return ABSENT;
    port = port * 10 + bytes[at] - ZERO;
  }
  return port <= MOST_PORT ? port : ABSENT;
}

/** Letters, digits, `+`, `-` and `.` (RFC 3986 section 3.1). */
function isSchemeByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || isDigit(byte) || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

const CONNECT = Uint8Array.from('CONNECT', (character) => character.charCodeAt(0));

function isConnect(values: Values): boolean {
  const from = values.start[VALUE.METHOD];
  if (values.end[VALUE.METHOD] - from !== CONNECT.length) return false;
  const bytes = values.bytes[VALUE.METHOD];
  for (let i = 0; i < CONNECT.length; i++) if (bytes[from + i] !== CONNECT[i]) return false;
  return true;
}
