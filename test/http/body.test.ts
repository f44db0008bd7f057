// Where a message ends (src/http/body.ts), and the pipelined messages that begin there.

import assert from 'node:assert/strict';
import { scan, startLines } from '../support/messages.js';

const GET = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';

/** Start lines of `head` followed by `body` and a further request. */
const withNext = (head: string, body = ''): string[] => startLines(`${head.replaceAll('\n', '\r\n')}\r\n\r\n${body}${GET}`);

describe('http: pipelined messages', () => {
  it('a request without body ends at its empty line', () => {
    assert.deepEqual(withNext('GET /a HTTP/1.1\nHost: h'), ['GET /a', 'GET /next']);
    assert.deepEqual(startLines(GET.repeat(50)), Array.from({ length: 50 }, () => 'GET /next'));
  });

  it('a body is skipped by its Content-Length', () => {
    assert.deepEqual(withNext('POST /a HTTP/1.1\nContent-Length: 5', 'hello'), ['POST /a', 'GET /next']);
    assert.deepEqual(withNext('POST /a HTTP/1.1\nContent-Length: 0'), ['POST /a', 'GET /next']);
    assert.deepEqual(withNext('POST /a HTTP/1.1\nContent-Length: 000005', 'hello'), ['POST /a', 'GET /next']);
    assert.deepEqual(withNext('HTTP/1.1 200 OK\nContent-Length: 5', 'hello'), ['200', 'GET /next']);
  });

  it('one empty line before a request is passed over, no other', () => {
    assert.deepEqual(withNext('POST /a HTTP/1.1\nContent-Length: 5', 'hello\r\n'), ['POST /a', 'GET /next']);
    assert.deepEqual(withNext('POST /a HTTP/1.1\nTransfer-Encoding: chunked', '0\r\n\r\n\r\n'), ['POST /a', 'GET /next']);
    assert.deepEqual(withNext('POST /a HTTP/1.1\nContent-Length: 5', 'hello\r\n\r\n'), ['POST /a']);
    assert.deepEqual(withNext('POST /a HTTP/1.1\nContent-Length: 5', 'hello\n'), ['POST /a']);
    assert.deepEqual(withNext('HTTP/1.1 200 OK\nContent-Length: 5', 'hello\r\n'), ['200']);
  });

  it('a Transfer-Encoding whose last coding is not chunked ends the walk', () => {
    const next = (value: string): string[] => withNext(`POST /a HTTP/1.1\nTransfer-Encoding: ${value}`, '0\r\n\r\n');
    for (const value of ['chunked', 'Chunked', 'CHUNKED', 'gzip, chunked', 'gzip,chunked', 'gzip,\tchunked']) {
      assert.deepEqual(next(value), ['POST /a', 'GET /next'], value);
    }
    for (const value of ['', 'gzip', 'identity', 'chunked, gzip', 'xchunked', 'chunkedx', 'hunked', 'chunked;q=1', '\x43hunke\x84']) {
      assert.deepEqual(next(value), ['POST /a'], value);
      assert.deepEqual(withNext(`HTTP/1.1 200 OK\nTransfer-Encoding: ${value}\nContent-Length: 5`, '0\r\n\r\n'), ['200'], value);
    }
  });

  it('nothing inside a body is a message', () => {
    assert.deepEqual(withNext(`POST /a HTTP/1.1\nContent-Length: ${GET.length}`, GET), ['POST /a', 'GET /next']);
    assert.deepEqual(withNext('HTTP/1.1 200 OK\nContent-Type: text/plain'), ['200']);
    assert.deepEqual(startLines(`POST /a HTTP/1.1\r\nContent-Length: 9999\r\n\r\n${GET}`), ['POST /a']);
    assert.deepEqual(startLines(`POST /a HTTP/1.1\r\nContent-Length: ${GET.length * 2}\r\n\r\n${GET}`), ['POST /a']);
  });

  it('a body one byte shorter or longer than told ends the walk', () => {
    assert.deepEqual(withNext('POST /a HTTP/1.1\nContent-Length: 5', 'hell'), ['POST /a']);
    assert.deepEqual(withNext('POST /a HTTP/1.1\nContent-Length: 5', 'hello!'), ['POST /a']);
  });

  it('a length that is no plain decimal of at most nine digits ends the walk', () => {
    for (const length of ['99999999999999999999', '18446744073709551616', '4294967296', '-5', '+0', '0x0', '5, 5', '0 0', '', '1e0', '5.0']) {
      assert.deepEqual(withNext(`POST /a HTTP/1.1\nContent-Length: ${length}`), ['POST /a'], length);
      assert.deepEqual(withNext(`HTTP/1.1 200 OK\nContent-Length: ${length}`), ['200'], length);
      assert.equal(scan(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)?.messageEnd, -1, length);
    }
  });

  it('the largest length does not wrap', () => {
    const message = scan('POST /a HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n');
    assert.equal(message?.messageEnd, message!.bodyStart + 999_999_999);
  });

  it('responses without body: 1xx, 204, 304, whatever their fields say', () => {
    for (const status of ['100 Continue', '103 Early Hints', '204 No Content', '304 Not Modified']) {
      assert.deepEqual(withNext(`HTTP/1.1 ${status}\nContent-Length: 500`), [status.slice(0, 3), 'GET /next']);
    }
    assert.deepEqual(
      startLines('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nHTTP/1.1 500 No\r\n\r\n'),
      ['100', '201', '200'],
    );
  });

  it('a response without length lasts to the end of the connection', () => {
    assert.deepEqual(withNext('HTTP/1.1 200 OK\nServer: a'), ['200']);
    assert.deepEqual(withNext('HTTP/1.1 205 Reset\nServer: a'), ['205']);
  });

  it('what follows CONNECT or 101 is another protocol\'s', () => {
    assert.deepEqual(withNext('CONNECT a:443 HTTP/1.1\nHost: a'), ['CONNECT a:443']);
    assert.deepEqual(withNext('HTTP/1.1 101 Switching Protocols\nUpgrade: x'), ['101']);
    for (const method of ['COPY', 'CHECKIN', 'CHECKOUT']) {
      assert.deepEqual(withNext(`${method} /a HTTP/1.1\nHost: a`), [`${method} /a`, 'GET /next']);
    }
  });

  it('a message whose header section does not end is the last', () => {
    for (const cut of ['GET /a HTTP/1.1\r\nHost: a\r\n', 'GET /a HTTP/1.1', 'HTTP/1.1 204 No']) {
      assert.equal(scan(cut)?.messageEnd, -1, cut);
    }
  });

  describe('chunked', () => {
    const chunked = (body: string, head = 'POST /a HTTP/1.1'): string[] => withNext(`${head}\nTransfer-Encoding: chunked`, body);
    const whole = ['POST /a', 'GET /next'];

    it('is skipped when it ends in the packet', () => {
      assert.deepEqual(chunked('0\r\n\r\n'), whole);
      assert.deepEqual(chunked('5\r\nhello\r\n0\r\n\r\n'), whole);
      assert.deepEqual(chunked('5;name=value\r\nhello\r\nA \r\n0123456789\r\n00;x\r\n\r\n'), whole);
      assert.deepEqual(chunked('5\nhello\r\n0\n\r\n'), whole);
      assert.deepEqual(chunked('5\r\nhello\r\n0\r\n\r\n', 'HTTP/1.1 200 OK'), ['200', 'GET /next']);
    });

    it('goes before Content-Length', () => {
      assert.deepEqual(withNext('POST /a HTTP/1.1\nContent-Length: 3\nTransfer-Encoding: chunked', '0\r\n\r\n'), whole);
    });

    it('ends the walk when it does not end, has trailer fields or is none', () => {
      for (const body of ['', '5\r\nhel', '5\r\nhello\r\n', '5\r\nhelloX\r\n0\r\n\r\n', '0\r\nTrailer: a\r\n\r\n', 'xyz\r\n', ' 5\r\nhello\r\n0\r\n\r\n',
        '-5\r\n', 'fffffff\r\n', '5x\r\nhello\r\n0\r\n\r\n']) {
        assert.deepEqual(chunked(body), ['POST /a'], JSON.stringify(body));
      }
    });

    it('a size of many digits never makes its chunk smaller: what is in it stays in it', () => {
      const inside = '\r\nGET /inside HTTP/1.1\r\n\r\n';
      const size = inside.length.toString(16);
      for (let zeros = 0; zeros < 12; zeros++) {
        assert.deepEqual(chunked(`${'0'.repeat(zeros)}${size}\r\n${inside}\r\n0\r\n\r\n`), whole, `${zeros} zeros before`);
        assert.deepEqual(chunked(`${size}${'0'.repeat(zeros + 4)}\r\n${inside}`), ['POST /a'], `${zeros + 4} zeros behind`);
      }
    });

    it('at every truncation length tells the end only when it is there', () => {
      const full = 'POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n';
      for (let length = 0; length <= full.length; length++) {
        const end = scan(full.slice(0, length))?.messageEnd ?? -1;
        assert.equal(end, length === full.length ? full.length : -1, `${length} bytes`);
      }
    });
  });

  it('at every truncation length of a pipeline: the whole messages, and the start of the cut one', () => {
    const pipeline = `${GET}POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcHEAD /c HTTP/1.1\r\n\r\n`;
    const all = startLines(pipeline);
    assert.deepEqual(all, ['GET /next', 'POST /b', 'HEAD /c']);
    for (let length = 0; length < pipeline.length; length++) {
      const found = startLines(pipeline.slice(0, length));
      found.forEach((line, i) => assert.ok(all[i].startsWith(line), `${line} at ${length}`));
    }
  });
});
