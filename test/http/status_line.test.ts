// Status lines (src/http/start_line.ts), read through scanMessage().

import assert from 'node:assert/strict';
import { type Scanned, scan } from '../support/messages.js';

/** Version, status, reason in brackets and marks of a response, such as `HTTP/1.1 200 [OK] malformed`. */
function seen(message: Scanned | undefined): string | undefined {
  if (message === undefined) return undefined;
  assert.ok(message.response, 'a response');
  const { version, status, reason } = message.response;
  return [version, status, `[${reason}]`, ...(message.truncated ? ['truncated'] : []), ...(message.malformed ? ['malformed'] : [])]
    .join(' ');
}

function table(rows: readonly (readonly [payload: string, expected: string | undefined])[]): void {
  for (const [payload, expected] of rows) {
    it(`${JSON.stringify(payload)} is ${expected ?? 'no message'}`, () => assert.equal(seen(scan(payload)), expected));
  }
}

describe('http: status lines', () => {
  describe('as RFC 9112 wants them', () => table([
    ['HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 200 [OK]'],
    ['HTTP/1.0 404 Not Found\r\n\r\n', 'HTTP/1.0 404 [Not Found]'],
    ['HTTP/1.1 200 \r\n\r\n', 'HTTP/1.1 200 []'],
    ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 100 [Continue]'],
    ['HTTP/1.1 999 What\r\n\r\n', 'HTTP/1.1 999 [What]'],
    ['HTTP/1.1 200 - \r\n\r\n', 'HTTP/1.1 200 [-]'],
    ['HTTP/1.1 200 a\tb  c\r\n\r\n', 'HTTP/1.1 200 [a\tb  c]'],
    ['HTTP/1.1 200 \xe9\xff\r\n\r\n', 'HTTP/1.1 200 [\xe9\xff]'],
  ]));

  describe('without reason, or with LF alone', () => table([
    ['HTTP/1.1 200\r\n\r\n', 'HTTP/1.1 200 []'],
    ['HTTP/1.1 200\n\n', 'HTTP/1.1 200 []'],
    ['HTTP/1.1 200 OK\n\n', 'HTTP/1.1 200 [OK]'],
  ]));

  describe('tolerated and marked malformed', () => table([
    ['HTTP/1.1  200 OK\r\n\r\n', 'HTTP/1.1 200 [OK] malformed'],
    ['HTTP/1.1\t200 OK\r\n\r\n', 'HTTP/1.1 200 [OK] malformed'],
    ['HTTP/1.1 200\tOK\r\n\r\n', 'HTTP/1.1 200 [OK] malformed'],
    ['HTTP/1.1 200 OK\rServer: a\r\n\r\n', 'HTTP/1.1 200 [OK] malformed'],
    ['HTTP/1.1 200\rServer: a\r\n\r\n', 'HTTP/1.1 200 [] malformed'],
    ['HTTP/1.1 200 OK\r\r\nServer: a\r\r\n\r\r\n', 'HTTP/1.1 200 [OK] malformed'],
  ]));

  describe('that leave the packet', () => table([
    ['HTTP/1.1 200', 'HTTP/1.1 200 [] truncated'],
    ['HTTP/1.1 200 ', 'HTTP/1.1 200 [] truncated'],
    ['HTTP/1.1 200 O', 'HTTP/1.1 200 [O] truncated'],
    ['HTTP/1.1 200 OK\r', 'HTTP/1.1 200 [OK] truncated'],
    ['HTTP/1.1 200\r', 'HTTP/1.1 200 [] truncated'],
    ['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 [OK] truncated'],
    ['HTTP/1.1 200 OK\r\r', 'HTTP/1.1 200 [OK] truncated malformed'],
  ]));

  describe('that are none', () => table([
    ['HTTP/1.1', undefined],
    ['HTTP/1.1 ', undefined],
    ['HTTP/1.1 2', undefined],
    ['HTTP/1.1 20', undefined],
    ['HTTP/1.1 20\r\n\r\n', undefined],
    ['HTTP/1.1 2000 OK\r\n\r\n', undefined],
    ['HTTP/1.1 2O0 OK\r\n\r\n', undefined],
    ['HTTP/1.1 200OK\r\n\r\n', undefined],
    ['HTTP/1.1 200/OK\r\n\r\n', undefined],
    ['HTTP/1.1 -20 OK\r\n\r\n', undefined],
    ['HTTP/1.1200 OK\r\n\r\n', undefined],
    ['HTTP/1.1\r\n200 OK\r\n\r\n', undefined],
    ['HTTP/1.12 200 OK\r\n\r\n', undefined],
    ['HTTP/1. 200 OK\r\n\r\n', undefined],
    ['HTTP/1 200 OK\r\n\r\n', undefined],
    ['HTTP/2 200\r\n\r\n', undefined],
    ['HTTP/2.0 200 OK\r\n\r\n', undefined],
    ['HTTP/0.9 200 OK\r\n\r\n', undefined],
    ['http/1.1 200 OK\r\n\r\n', undefined],
    ['HTTPS/1.1 200 OK\r\n\r\n', undefined],
    ['RTSP/1.0 200 OK\r\n\r\n', undefined],
    ['SIP/2.0 200 OK\r\n\r\n', undefined],
    ['ICY 200 OK\r\n\r\n', undefined],
    ['\r\nHTTP/1.1 200 OK\r\n\r\n', undefined],
    [' HTTP/1.1 200 OK\r\n\r\n', undefined],
  ]));

  describe('at every truncation length', () => {
    const full = 'HTTP/1.1 302 Found it\r\nContent-Length: 10\r\nContent-Type: text/html\r\n\r\n';
    const statusEnd = 'HTTP/1.1 302'.length;
    for (let length = 0; length <= full.length; length++) {
      it(`${length} bytes`, () => {
        const message = scan(full.slice(0, length));
        if (length < statusEnd) {
          assert.equal(message, undefined);
          return;
        }
        assert.ok(message?.response);
        const { response } = message;
        assert.deepEqual([response.version, response.status], ['HTTP/1.1', '302']);
        assert.ok('Found it'.startsWith(response.reason));
        assert.ok('10'.startsWith(response.contentLength ?? ''));
        assert.ok('text/html'.startsWith(response.contentType ?? ''));
        assert.deepEqual([message.malformed, message.truncated], [false, length < full.length]);
      });
    }
  });

  it('every byte behind the status: only a blank or a line end may follow it', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      const message = scan(`HTTP/1.1 200${character}x\r\n\r\n`);
      assert.equal(message !== undefined, ' \t\r\n'.includes(character), `byte ${byte}`);
    }
  });
});
