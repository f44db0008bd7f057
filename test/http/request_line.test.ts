// Request lines (src/http/start_line.ts), read through scanMessage().

import assert from 'node:assert/strict';
import { type Scanned, scan } from '../support/messages.js';

/** Target, version and marks of a request, such as `/x HTTP/1.1 malformed`. */
function seen(message: Scanned | undefined): string | undefined {
  if (message === undefined) return undefined;
  assert.ok(message.request, 'a request');
  const { target, version } = message.request;
  return [target, version ?? '-', ...(message.truncated ? ['truncated'] : []), ...(message.malformed ? ['malformed'] : [])].join(' ');
}

function table(rows: readonly (readonly [payload: string, expected: string | undefined])[]): void {
  for (const [payload, expected] of rows) {
    it(`${JSON.stringify(payload)} is ${expected ?? 'no message'}`, () => assert.equal(seen(scan(payload)), expected));
  }
}

describe('http: request lines', () => {
  describe('as RFC 9112 wants them', () => table([
    ['GET / HTTP/1.1\r\n\r\n', '/ HTTP/1.1'],
    ['GET / HTTP/1.0\r\n\r\n', '/ HTTP/1.0'],
    ['GET / HTTP/1.9\r\n\r\n', '/ HTTP/1.9'],
    ['OPTIONS * HTTP/1.1\r\n\r\n', '* HTTP/1.1'],
    ['CONNECT example.com:443 HTTP/1.1\r\n\r\n', 'example.com:443 HTTP/1.1'],
    ['GET http://[2001:db8::1]:8080/?a=b#c HTTP/1.1\r\n\r\n', 'http://[2001:db8::1]:8080/?a=b#c HTTP/1.1'],
    ['GET /HTTP/1.1 HTTP/1.1\r\n\r\n', '/HTTP/1.1 HTTP/1.1'],
    ['GET HTTP/1.1 HTTP/1.1\r\n\r\n', 'HTTP/1.1 HTTP/1.1'],
    ['GET /\xc3\xa4\xff HTTP/1.1\r\n\r\n', '/\xc3\xa4\xff HTTP/1.1'],
    ['GET /\\ HTTP/1.1\r\n\r\n', '/\\ HTTP/1.1'],
  ]));

  describe('with LF alone', () => table([
    ['GET / HTTP/1.1\n\n', '/ HTTP/1.1'],
    ['GET / HTTP/1.1\r\n\n', '/ HTTP/1.1'],
    ['GET / HTTP/1.1\n\r\n', '/ HTTP/1.1'],
  ]));

  describe('tolerated and marked malformed', () => table([
    ['GET  / HTTP/1.1\r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET /  HTTP/1.1\r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET \t / \t HTTP/1.1\r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET /\tHTTP/1.1\r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET / HTTP/1.1 \r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET / HTTP/1.1\t \n\n', '/ HTTP/1.1 malformed'],
    ['GET /a b c HTTP/1.1\r\n\r\n', '/a b c HTTP/1.1 malformed'],
    ['GET /a\tb HTTP/1.1\r\n\r\n', '/a\tb HTTP/1.1 malformed'],
    ['GET /a\0b\x1b[2J\x7f HTTP/1.1\r\n\r\n', '/a\0b\x1b[2J\x7f HTTP/1.1 malformed'],
    ['GET /a\rb HTTP/1.1\r\n\r\n', '/a\rb HTTP/1.1 malformed'],
    ['GET / HTTP/1.1\rHost: a\r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET / HTTP/1.1\rHost: HTTP/1.1\r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET / HTTP/1.1\r\r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET / HTTP/1.1\r\r\r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET / HTTP/1.1\r\rHost: a\r\n\r\n', '/ HTTP/1.1 malformed'],
    ['GET / HTTP/1.1 HTTP/1.1\r\n\r\n', '/ HTTP/1.1 HTTP/1.1 malformed'],
    ['GET / HTTP/2.0 HTTP/1.0\r\n\r\n', '/ HTTP/2.0 HTTP/1.0 malformed'],
    ['PROPFIND /a b HTTP/1.1\r\n\r\n', '/a b HTTP/1.1 malformed'],
  ]));

  describe('that leave the packet', () => table([
    ['GET /', '/ - truncated'],
    ['GET /index.htm', '/index.htm - truncated'],
    ['GET / ', '/ - truncated'],
    ['GET / H', '/ - truncated'],
    ['GET / HTTP', '/ - truncated'],
    ['GET / HTTP/1.', '/ - truncated'],
    ['GET / HTTP/1.1', '/ HTTP/1.1 truncated'],
    ['GET / HTTP/1.1\r', '/ HTTP/1.1 truncated'],
    ['GET / HTTP/1.1\n', '/ HTTP/1.1 truncated'],
    ['GET / HTTP/1.1\r\n', '/ HTTP/1.1 truncated'],
    ['GET / HTTP/1.1\r\n\r', '/ HTTP/1.1 truncated'],
    ['GET /a b HTTP/1.1', '/a b HTTP/1.1 truncated malformed'],
    ['GET  / HTTP/1.1\r', '/ HTTP/1.1 truncated malformed'],
    ['GET / HTTP/1.1\r\r', '/ HTTP/1.1 truncated malformed'],
    ['MOVE /a HTTP/1.1', '/a HTTP/1.1 truncated'],
    ['MOVE /a HTTP/1.1\r', '/a HTTP/1.1 truncated'],
    ['MOVE /a HTTP/1.', undefined],
    ['MOVE /a', undefined],
    ['GET /a b', undefined],
    ['GET /a\r', undefined],
    ['GET /a\t', undefined],
  ]));

  describe('that are none', () => table([
    ['', undefined],
    ['GET', undefined],
    ['GET ', undefined],
    ['GET  ', undefined],
    ['GET /\r\n\r\n', undefined],
    ['GET / \r\n\r\n', undefined],
    ['GET HTTP/1.1\r\n\r\n', undefined],
    ['GET  HTTP/1.1\r\n\r\n', undefined],
    ['GET \t HTTP/1.1\r\n\r\n', undefined],
    ['GET /HTTP/1.1\r\n\r\n', undefined],
    ['GET / HTTP/2\r\n\r\n', undefined],
    ['GET / HTTP/2.0\r\n\r\n', undefined],
    ['GET / HTTP/0.9\r\n\r\n', undefined],
    ['GET / HTTP/1\r\n\r\n', undefined],
    ['GET / HTTP/1.\r\n\r\n', undefined],
    ['GET / HTTP/1.x\r\n\r\n', undefined],
    ['GET / HTTP/1.10\r\n\r\n', undefined],
    ['GET / HTTP/11\r\n\r\n', undefined],
    ['GET / http/1.1\r\n\r\n', undefined],
    ['GET / Http/1.1\r\n\r\n', undefined],
    ['GET / XHTTP/1.1\r\n\r\n', undefined],
    ['GET / HTTP/1.1x\r\n\r\n', undefined],
    ['GET / HTTPS/1.1\r\n\r\n', undefined],
    ['get / HTTP/1.1\r\n\r\n', undefined],
    ['Get / HTTP/1.1\r\n\r\n', undefined],
    ['GET\t/ HTTP/1.1\r\n\r\n', undefined],
    ['\r\nGET / HTTP/1.1\r\n\r\n', undefined],
    ['\nGET / HTTP/1.1\r\n\r\n', undefined],
    [' GET / HTTP/1.1\r\n\r\n', undefined],
    ['\0GET / HTTP/1.1\r\n\r\n', undefined],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', undefined],
    ['OPTIONS rtsp://example.com/media RTSP/1.0\r\nCSeq: 1\r\n\r\n', undefined],
    ['DESCRIBE rtsp://example.com/media RTSP/1.0\r\nCSeq: 1\r\n\r\n', undefined],
    ['OPTIONS sip:carol@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n', undefined],
    ['INVITE sip:carol@example.com SIP/2.0\r\n\r\n', undefined],
    ['OPTIONS icap://example.com/ ICAP/1.0\r\n\r\n', undefined],
    ['GET some text of another protocol\r\nwith HTTP/1.1\r\n', undefined],
    ['POST office boxes', undefined],
  ]));

  describe('at every truncation length', () => {
    const full = 'OPTIONS /path?q=1 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/8\r\n\r\n';
    const targetFrom = 'OPTIONS '.length;
    const versionEnd = 'OPTIONS /path?q=1 HTTP/1.1'.length;
    for (let length = 0; length <= full.length; length++) {
      it(`${length} bytes`, () => {
        const message = scan(full.slice(0, length));
        if (length <= targetFrom) {
          assert.equal(message, undefined);
          return;
        }
        assert.ok(message?.request);
        const { request } = message;
        assert.equal(request.method, 'OPTIONS');
        assert.ok('/path?q=1'.startsWith(request.target) && request.target !== '');
        assert.equal(request.version, length < versionEnd ? undefined : 'HTTP/1.1');
        assert.ok('example.com'.startsWith(request.host ?? ''));
        assert.ok('curl/8'.startsWith(request.userAgent ?? ''));
        assert.equal(message.malformed, false);
        assert.equal(message.truncated, length < full.length);
        assert.equal(message.bodyStart, length < full.length ? -1 : full.length);
      });
    }

    it('a tolerated line never changes its meaning but by being cut', () => {
      const tolerated = 'GET  /a b\tc\x01 \t HTTP/1.0 \r\nHost: h\r\n\r\n';
      const whole = scan(tolerated)?.request?.target;
      assert.equal(whole, '/a b\tc\x01');
      for (let length = 0; length < tolerated.length; length++) {
        const message = scan(tolerated.slice(0, length));
        if (message === undefined) continue;
        assert.equal(message.truncated, true, `${length} bytes`);
        if (message.request?.version !== undefined) assert.equal(message.request.target, whole);
      }
    });
  });

  it('several CR before the LF end the line, so that the fields behind it are found', () => {
    for (const lineEnd of ['\r\r\n', '\r\r\r\n']) {
      const message = scan(['GET / HTTP/1.1', 'Host: a', 'User-Agent: b', '', 'body'].join(lineEnd));
      assert.deepEqual(message?.request, { method: 'GET', target: '/', version: 'HTTP/1.1', host: 'a', userAgent: 'b' });
      assert.equal(message.truncated, false);
    }
  });

  it('a target of a whole packet is found and kept', () => {
    const target = `/${'a'.repeat(65000)}`;
    assert.equal(scan(`GET ${target} HTTP/1.1\r\n\r\n`)?.request?.target, target);
    assert.deepEqual(seen(scan(`GET ${target}`)), `${target} - truncated`);
  });

  it('every byte inside a target: only what could not be told from the line itself is refused', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      const clean = byte > 0x20 && byte !== 0x7f;
      const expected = character === '\n' ? undefined : `/a${character}b HTTP/1.1${clean ? '' : ' malformed'}`;
      assert.equal(seen(scan(`GET /a${character}b HTTP/1.1\r\n\r\n`)), expected, `byte ${byte}`);
    }
  });
});
