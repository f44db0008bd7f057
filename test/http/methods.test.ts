import assert from 'node:assert/strict';
import { METHODS, beginsMethod, methodLength } from '../../src/http/methods.js';
import { latin1, readSafely } from '../support/fence.js';
import { scan } from '../support/messages.js';

const NINE = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

/** The IANA HTTP Method Registry without `*` and PRI, which no HTTP/1.x request has. */
const REGISTRY = `ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY
  MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND REPORT
  SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL`.split(/\s+/);

const lengthOf = (text: string): number => readSafely(latin1(text), ({ bytes, at, end }) => methodLength(bytes, at, end));

describe('http: methods', () => {
  it('are those of the registry', () => assert.deepEqual([...METHODS].sort(), REGISTRY));

  for (const method of REGISTRY) {
    const common = NINE.includes(method);

    it(`${method} makes a request`, () => {
      assert.deepEqual(scan(`${method} /x HTTP/1.1\r\n\r\n`)?.request?.method, method);
      assert.equal(lengthOf(`${method} /`), common ? method.length : -method.length);
      assert.equal(beginsMethod[method.charCodeAt(0)], 1);
    });

    it(`${method} cut, in lower case or longer by a letter makes none`, () => {
      for (let length = 1; length <= method.length; length++) assert.equal(lengthOf(method.slice(0, length)), 0);
      for (const no of [method.toLowerCase(), `${method}S`, `${method}\t/`, ` ${method}`, `${method}/`]) {
        assert.equal(scan(`${no} /x HTTP/1.1\r\n\r\n`), undefined, no);
      }
    });

    it(`${method} whose line leaves the packet makes ${common ? 'a truncated record' : 'none'}`, () => {
      const message = scan(`${method} /path/that/goes/o`);
      if (!common) assert.equal(message, undefined);
      else {
        assert.equal(message?.truncated, true);
        assert.deepEqual(message.request, {
          method, target: '/path/that/goes/o', version: undefined, host: undefined, userAgent: undefined,
        });
      }
    });
  }

  it('no other method is one', () => {
    for (const no of ['PRI', 'FOO', 'GE', 'GETT', 'INVITE', 'DESCRIBE', 'SETUP', 'NOTIFY', 'M-SEARCH', 'SUBSCRIBE', '*']) {
      assert.equal(scan(`${no} /x HTTP/1.1\r\n\r\n`), undefined, no);
    }
  });

  it('beginsMethod says no to every byte that begins none', () => {
    const first = new Set(REGISTRY.map((method) => method.charCodeAt(0)));
    for (let byte = 0; byte < 256; byte++) assert.equal(beginsMethod[byte], first.has(byte) ? 1 : 0);
  });
});
