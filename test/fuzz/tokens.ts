// What HTTP messages, and attacks on who logs them, are made of.

import { latin1 } from '../support/fence.js';

const METHODS = ['GET ', 'HEAD ', 'POST ', 'CONNECT ', 'OPTIONS ', 'PROPFIND ', 'M-SEARCH ', 'BASELINE-CONTROL ', 'get ', 'PRI '];
const VERSIONS = [' HTTP/1.1', ' HTTP/1.0', ' HTTP/1.9', ' HTTP/2.0', ' HTTP/1.', ' HTTP/1.10', ' RTSP/1.0'];
const STATUS = ['HTTP/1.1 200 OK', 'HTTP/1.1 304', 'HTTP/1.0  404  Not   Found', 'HTTP/1.1 20', 'HTTP/1.1\t101\tx', 'HTTP/1.1 100 -'];
const TARGETS = ['/', '*', '-', '/a b', '/%00', '//x', 'http://user:pass@host/?token=1', '/?a=1&PassWord=%20&sig=',
  '/?%74oken=x#access_token=y', 'http://[::1]:80:@x', '//u:p@', '?&=&;', 'rtsp://x', '/\\x0a', `/${'a'.repeat(300)}`];
const FIELDS = ['Host: ', 'host:', 'HOST : ', 'User-Agent: ', 'Content-Length: ', 'Content-Type: ', 'Transfer-Encoding: chunked', 'Cookie: ',
  'Authorization: Basic ', 'Proxy-Authorization:', 'Set-Cookie: ', 'Referer: ', 'Location: ', 'X-Request-Id: ', 'Content-Length', ': ', ' folded', '\tfolded'];
const VALUES = ['-', '5', '0', '007', '9007199254740991', '9007199254740992', '99999999999999999999', '-1', '+5', '5, 5', 'example.test',
  'a"b', "a'b", 'a\\b', '\\x0a', '\\', '"', '{}', ',', '%0d%0a', '\u00e9', 'https://u:p@h/?api_key=1', '@', '#', '?token=', '%'];
const ENDS = ['\r\n', '\n', '\r', '\r\r\n', '\r\n\r\n', '\n\n', '\n\r\n', '\r\n \r\n'];
const CHUNKS = ['0\r\n\r\n', '5\r\nhello\r\n', 'ffffffff\r\n', 'fffffff\r\n', '1;x=y\r\na\r\n', '00000000000000000001\r\na\r\n'];
/** blanks and controls; UTF-8 good, overlong, cut, surrogate, too large; C1, line separators, BOM, right-to-left */
const BYTES = [' ', '\t', '\x00', '\x07', '\x1b[2J', '\x1b]0;x\x07', '\x7f', '\x80', '\x9b', '\xff', '\xc3\xa9', '\xc3', '\xc0\xaf', '\xe2\x80\xa8', '\xe2\x80',
  '\xed\xa0\x80', '\xf0\x9f\x98\x80', '\xf0\x9f', '\xf4\x90\x80\x80', '\xc2\x85', '\xc2\xa0', '\xef\xbb\xbf', '\xe2\x80\xae'];
const OTHER = ['\x16\x03\x01\x02\x00\x01\x00', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '2019-09-01 14:16:51.002 1.2.3.4#1 5.6.7.8#80 CQ GET / HTTP/1.1 h a'];

/** Each as bytes. */
export const TOKENS: readonly Uint8Array[] = [
  ...METHODS, ...VERSIONS, ...STATUS, ...TARGETS, ...FIELDS, ...VALUES, ...ENDS, ...CHUNKS, ...BYTES, ...OTHER,
].map(latin1);

/** Parts of a message, to be drawn from in this order: a start line, then header lines. */
export const MESSAGE_PARTS = {
  methods: METHODS.map(latin1), targets: TARGETS.map(latin1), versions: VERSIONS.map(latin1), status: STATUS.map(latin1),
  ends: ENDS.map(latin1), fields: FIELDS.map(latin1), values: [...VALUES, ...BYTES].map(latin1), chunks: [...CHUNKS, ...OTHER].map(latin1),
} as const;
