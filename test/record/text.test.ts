import assert from 'node:assert/strict';
import { utcOffset } from '../../src/record/clock.js';
import { KIND, KIND_NAMES } from '../../src/record/kinds.js';
import { TextFormat } from '../../src/record/text.js';
import { type RecordForm, lineOf } from '../support/records.js';

const plain = new TextFormat({ zone: utcOffset, addVlan: false, addInterface: false });
const HEAD = '2019-09-01 14:16:51.002 10.0.0.1#50905 192.0.2.80#80';

/** The line of a payload without its newline, which is its only control character. */
function line(payload: string, form: RecordForm = {}, format = plain): string {
  const text = lineOf(format, payload, form);
  assert.match(text, /^[ -~]+\n$/, 'printable ASCII and one newline at the end');
  return text.slice(0, -1);
}

/** What stands behind the kind. */
function rest(payload: string, form: RecordForm = {}, format = plain): string {
  const text = line(payload, form, format);
  assert.equal(text.slice(0, HEAD.length), HEAD);
  return text.slice(HEAD.length + ' CQ '.length);
}

const request = (target: string, host: string, agent: string): string => (
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\n\r\n`);
const response = (reason: string, length: string, type: string): string => (
  `HTTP/1.1 200 ${reason}\r\nContent-Length: ${length}\r\nContent-Type: ${type}\r\n\r\n`);

/** A byte as the format writes it where a blank may or may not stand. */
function written(byte: number, blankStands: boolean): string {
  const stands = byte > 0x20 && byte < 0x7f && byte !== 0x5c;
  return stands || (blankStands && byte === 0x20) ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
}

describe('record: text', () => {
  it('writes the two lines of SPEC section 2', () => {
    assert.equal(
      line('GET / HTTP/1.1\r\nHost: cloud.example.com\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0)\r\n\r\n'),
      `${HEAD} CQ GET / HTTP/1.1 cloud.example.com Mozilla/5.0 (Windows NT 10.0)`,
    );
    assert.equal(
      line('HTTP/1.1 302 Found\r\nContent-Length: 0\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n'),
      `${HEAD} CR HTTP/1.1 302 Found 0 text/html; charset=UTF-8`,
    );
  });

  it('writes every kind', () => {
    for (const kind of Object.values(KIND)) {
      const payload = KIND_NAMES[kind].endsWith('Q') ? request('/', 'h', 'a') : response('OK', '1', 't');
      assert.equal(line(payload, { kind }).split(' ')[4], KIND_NAMES[kind]);
    }
  });

  it('writes IPv6 addresses', () => {
    assert.ok(line(request('/', 'h', 'a'), { ipv6: true }).includes(' 2001:db8::1#50905 2001:db8::50#80 CQ '));
  });

  it('cuts the time to milliseconds', () => {
    for (const [nanoseconds, text] of [[0, '000'], [999_999, '000'], [1_000_000, '001'], [999_999_999, '999']] as const) {
      assert.equal(line(request('/', 'h', 'a'), { nanoseconds }).slice(11, 23), `14:16:51.${text}`);
    }
  });

  describe('absent, empty and - values', () => {
    const rows: readonly (readonly [payload: string, expected: string])[] = [
      ['GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1 - -'],
      ['GET / HTTP/1.1\r\nHost:\r\nUser-Agent: \r\n\r\n', 'GET / HTTP/1.1 - -'],
      [request('-', '-', '-'), 'GET \\x2d HTTP/1.1 \\x2d \\x2d'],
      [request('--', '-a', '--'), 'GET -- HTTP/1.1 -a --'],
      ['GET /long', 'GET /long - - -'],
      ['HTTP/1.1 200\r\n\r\n', 'HTTP/1.1 200 - - -'],
      ['HTTP/1.1 200 \r\nContent-Length: \r\nContent-Type:\r\n\r\n', 'HTTP/1.1 200 - - -'],
      [response('-', '-', '-'), 'HTTP/1.1 200 \\x2d \\x2d \\x2d'],
      [response('Not - Found', '5, 5', 'a b'), 'HTTP/1.1 200 Not - Found 5,\\x205 a b'],
      ['GET /a b HTTP/1.1\r\nHost: a b\r\n\r\n', 'GET /a\\x20b HTTP/1.1 a\\x20b -'],
      [request('/\\x20', '\\', '\\n'), 'GET /\\x5cx20 HTTP/1.1 \\x5c \\x5cn'],
      ['GET / HTTP/1.1\r\nHost: a\rGET\r\n\r\n', 'GET / HTTP/1.1 a\\x0dGET -'],
    ];
    for (const [payload, expected] of rows) {
      it(JSON.stringify(payload), () => assert.equal(rest(payload), expected));
    }
  });

  describe('every byte in every position', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      if (character === '\n') continue; // ends a line in every position
      it(`byte ${byte}`, () => {
        const value = `a${character}b`;
        const column = `a${written(byte, false)}b`;
        const last = `a${written(byte, true)}b`;
        assert.equal(rest(request(`/${value}`, 'h', 'u')), `GET /${column} HTTP/1.1 h u`);
        assert.equal(rest(request('/', value, value)), `GET / HTTP/1.1 ${column} ${last}`);
        // A CR ends the reason, a blank behind the status belongs to the line.
        if (character !== '\r') assert.equal(rest(response(value, value, value)), `HTTP/1.1 200 ${last} ${column} ${last}`);
        assert.equal(line(request(`/${value}`, value, 'u')).split(' ').length, 10, 'columns of a request');
      });
    }
  });

  it('all bytes at once keep their columns', () => {
    const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join('').replace('\n', '');
    const columns = line(request(`/${all}x`, `x${all}x`, `x${all}x`)).split(' ');
    const expected = (blankStands: boolean): string => Array.from(all, (character) => written(character.charCodeAt(0), blankStands)).join('');
    assert.equal(columns[6], `/${expected(false)}x`);
    assert.equal(columns[8], `x${expected(false)}x`);
    assert.equal(columns.slice(9).join(' '), `x${expected(true)}x`);
  });

  describe('added fields', () => {
    const both = new TextFormat({ zone: utcOffset, addVlan: true, addInterface: true });
    const vlan = new TextFormat({ zone: utcOffset, addVlan: true, addInterface: false });

    it('vlan= always stands there when asked for', () => {
      const payload = request('/', 'h', 'a');
      assert.equal(rest(payload, {}, vlan), 'vlan=- GET / HTTP/1.1 h a');
      assert.equal(rest(payload, { vlans: [100] }, vlan), 'vlan=100 GET / HTTP/1.1 h a');
      assert.equal(rest(payload, { vlans: [100, 7] }, vlan), 'vlan=100.7 GET / HTTP/1.1 h a');
      assert.equal(rest(payload, { vlans: [0, 4095] }, vlan), 'vlan=0.4095 GET / HTTP/1.1 h a');
      assert.equal(rest(payload, { vlans: [100] }), 'GET / HTTP/1.1 h a');
    });

    it('if= stands before it, escaped as any column', () => {
      const payload = response('OK', '1', 't');
      assert.equal(rest(payload, { interfaceName: 'eth0' }, both), 'if=eth0 vlan=- HTTP/1.1 200 OK 1 t');
      assert.equal(rest(payload, {}, both), 'if=- vlan=- HTTP/1.1 200 OK 1 t');
      assert.equal(rest(payload, { interfaceName: '-' }, both), 'if=\\x2d vlan=- HTTP/1.1 200 OK 1 t');
      assert.equal(rest(payload, { interfaceName: 'a b\n\xc3' }, both), 'if=a\\x20b\\x0a\\xc3 vlan=- HTTP/1.1 200 OK 1 t');
    });
  });
});
