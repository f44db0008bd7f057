import assert from 'node:assert/strict';
import { JsonFormat } from '../../src/record/json.js';
import { KIND, KIND_NAMES } from '../../src/record/kinds.js';
import { ENCAP } from '../../src/wire/encap.js';
import { type RecordForm, lineOf } from '../support/records.js';

const plain = new JsonFormat();

/** The line as text; checks that it is one line of valid UTF-8. */
function line(payload: string, form: RecordForm = {}, format = plain): string {
  const bytes = lineOf(format, payload, form);
  assert.equal(bytes.indexOf('\n'), bytes.length - 1, 'one newline, at the end');
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
}

function record(payload: string, form: RecordForm = {}, format = plain): Record<string, unknown> {
  return JSON.parse(line(payload, form, format)) as Record<string, unknown>;
}

const request = (target: string, host: string, agent: string): string => (
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\n\r\n`);
const withLength = (value: string): unknown => record(`HTTP/1.1 200 OK\r\nContent-Length: ${value}\r\n\r\n`)['content_length'];

describe('record: json', () => {
  it('writes a request with its keys in order', () => {
    assert.equal(
      line(request('/', 'example.com', 'curl/8'), { ordinal: 12, interfaceName: 'eth0', vlans: [100, 7] }),
      '{"time":"2019-09-01T14:16:51.002000000Z","frame":12,"iface":"eth0","kind":"CQ","src":"10.0.0.1","sport":50905,'
      + '"dst":"192.0.2.80","dport":80,"method":"GET","target":"/","version":"HTTP/1.1","host":"example.com",'
      + '"user_agent":"curl/8","vlan":[100,7]}\n',
    );
  });

  it('writes a response with its keys in order', () => {
    assert.equal(
      line('HTTP/1.1 302\tFound\r\nContent-Length: 10\r\nContent-Type: text/html\r\n', { ipv6: true, nanoseconds: 1, vlans: [0] }),
      '{"time":"2019-09-01T14:16:51.000000001Z","frame":1,"kind":"CR","src":"2001:db8::1","sport":50905,'
      + '"dst":"2001:db8::50","dport":80,"version":"HTTP/1.1","status":302,"reason":"Found","content_length":10,'
      + '"content_type":"text/html","truncated":true,"malformed":true,"vlan":[0]}\n',
    );
  });

  it('leaves out what is absent', () => {
    assert.deepEqual(Object.keys(record('GET /cut')), ['time', 'frame', 'kind', 'src', 'sport', 'dst', 'dport', 'method', 'target', 'truncated']);
    assert.deepEqual(
      Object.keys(record('HTTP/1.1 200\r\n\r\n')),
      ['time', 'frame', 'kind', 'src', 'sport', 'dst', 'dport', 'version', 'status'],
    );
  });

  it('keeps what is there but empty', () => {
    const { host, user_agent: agent } = record('GET / HTTP/1.1\r\nHost:\r\nUser-Agent: \t\r\n\r\n');
    assert.deepEqual([host, agent], ['', '']);
  });

  it('a - is a - and a blank a blank', () => {
    const { target, host, user_agent: agent } = record('GET /a b HTTP/1.1\r\nHost: -\r\nUser-Agent: a b\r\n\r\n');
    assert.deepEqual([target, host, agent], ['/a b', '-', 'a b']);
  });

  it('header fields that were asked for stand behind those of every message', () => {
    const headers = ['referer', 'host', 'x-forwarded-for'];
    const format = new JsonFormat({ headers });
    const asked = line('GET / HTTP/1.1\r\nHost: h\r\nX-FORWARDED-FOR: "1.2.3.4"\r\nReferer:\r\nReferer: two\r\n', { headers }, format);
    assert.ok(asked.endsWith('"host":"h","headers":{"referer":"","host":"h","x-forwarded-for":"\\"1.2.3.4\\""},"truncated":true}\n'), asked);
    assert.equal('headers' in record('GET / HTTP/1.1\r\nAccept: */*\r\n\r\n', { headers }, format), false);
    assert.deepEqual(record('HTTP/1.1 200 OK\r\nhost: odd\r\n\r\n', { headers }, format)['headers'], { host: 'odd' });
  });

  it('any name of a header field is a key', () => {
    const name = "!#$%&'*+.^_`|~0-9a-z";
    assert.deepEqual(record(`GET / HTTP/1.1\r\n${name}: x\r\n\r\n`, { headers: [name] }, new JsonFormat({ headers: [name] }))['headers'], { [name]: 'x' });
  });

  it('the community id stands last, when asked for', () => {
    const form = { vlans: [1], encaps: [[ENCAP.AH, 0]] } as const;
    const asked = line(request('/', 'h', 'a'), form, new JsonFormat({ addCommunityId: true }));
    assert.ok(asked.endsWith(',"vlan":[1],"encap":["ah"],"community_id":"1:Iplhc8qqKmosSO+XfTNCveCURAk="}\n'), asked);
    assert.equal('community_id' in record(request('/', 'h', 'a'), form), false);
  });

  it('marks the first fragment truncated', () => {
    assert.equal(record(request('/', 'h', 'a'), { fragmented: true })['truncated'], true);
    assert.equal('truncated' in record(request('/', 'h', 'a')), false);
  });

  it('writes every kind', () => {
    for (const kind of Object.values(KIND)) assert.equal(record(request('/', 'h', 'a'), { kind })['kind'], KIND_NAMES[kind]);
  });

  it('keeps nanoseconds and large ordinals', () => {
    assert.equal(record('GET /', { nanoseconds: 999_999_999 })['time'], '2019-09-01T14:16:51.999999999Z');
    assert.equal(record('GET /', { ordinal: Number.MAX_SAFE_INTEGER })['frame'], Number.MAX_SAFE_INTEGER);
  });

  it('status is a number, but not one with leading zeros', () => {
    for (const [status, expected] of [['200', 200], ['999', 999], ['099', '099'], ['000', '000']] as const) {
      assert.equal(record(`HTTP/1.1 ${status} x\r\n\r\n`)['status'], expected);
    }
  });

  describe('content_length is a number only as a canonical decimal safe integer', () => {
    for (const number of ['0', '1', '9', '10', '4294967296', '999999999999999', '1000000000000000', '9007199254740990', '9007199254740991']) {
      it(number, () => assert.equal(withLength(number), Number(number)));
    }
    for (const text of ['', '00', '01', '-1', '+1', '1.0', '1e3', '0x10', '1 0', '5, 5', '9007199254740992', '9007199254740999', '9007199264740990',
      '9999999999999999', '10000000000000000', '99999999999999999999']) {
      it(`${JSON.stringify(text)} stays text`, () => assert.equal(typeof withLength(text), 'string'));
    }
    it('optional white space does not count', () => assert.equal(withLength(' \t12 '), 12));
  });

  describe('every byte in every position', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      if (character === '\n') continue; // ends a line in every position
      it(`byte ${byte}`, () => {
        const stands = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
        const expected = `a${stands ? character : `\\x${byte.toString(16).padStart(2, '0')}`}b`;
        const value = `a${character}b`;
        const { target, host, user_agent: agent } = record(request(value, value, value));
        assert.deepEqual([target, host, agent], [expected, expected, expected]);
        const { content_length: length, content_type: type, reason } = record(
          `HTTP/1.1 200 ${character === '\r' ? 'a\\b' : value}\r\nContent-Length: ${value}\r\nContent-Type: ${value}\r\n\r\n`);
        assert.deepEqual([length, type, reason], [expected, expected, character === '\r' ? 'a\\x5cb' : expected]);
        assert.equal(record('GET /', { interfaceName: value })['iface'], expected);
      });
    }
  });
});
