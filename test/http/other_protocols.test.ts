import assert from 'node:assert/strict';
import { isHttp2Preface, isTlsHello } from '../../src/http/other_protocols.js';
import { latin1, readSafely } from '../support/fence.js';

const isTls = (text: string): boolean => readSafely(latin1(text), ({ bytes, at, end }) => isTlsHello(bytes, at, end));
const isHttp2 = (text: string): boolean => readSafely(latin1(text), ({ bytes, at, end }) => isHttp2Preface(bytes, at, end));

describe('http: other protocols on the service port', () => {
  it('knows TLS hellos of client and server', () => {
    for (const minor of [0, 1, 2, 3, 4]) {
      for (const type of [1, 2]) assert.equal(isTls(`\x16\x03${String.fromCharCode(minor)}\x00\x05${String.fromCharCode(type)}rest`), true);
    }
  });

  it('knows no other records for hellos', () => {
    for (const no of ['\x17\x03\x03\x00\x05\x01', '\x15\x03\x03\x00\x02\x01', '\x16\x02\x00\x00\x05\x01', '\x16\x03\x03\x00\x05\x0b', '\x16\x03\x03\x00\x05\x00']) {
      assert.equal(isTls(no), false);
    }
  });

  it('needs the whole beginning of a hello', () => {
    const hello = '\x16\x03\x01\x00\x05\x01';
    for (let length = 0; length < hello.length; length++) assert.equal(isTls(hello.slice(0, length)), false);
    assert.equal(isTls(hello), true);
  });

  it('knows the HTTP/2 preface, whole only', () => {
    const line = 'PRI * HTTP/2.0\r\n';
    for (let length = 0; length < line.length; length++) assert.equal(isHttp2(line.slice(0, length)), false);
    assert.equal(isHttp2(line), true);
    assert.equal(isHttp2(`${line}\r\nSM\r\n\r\n`), true);
    assert.equal(isHttp2('PRI * HTTP/1.1\r\n\r\n'), false);
  });
});
