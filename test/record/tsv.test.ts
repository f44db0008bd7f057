import assert from 'node:assert/strict';
import { KIND, KIND_NAMES } from '../../src/record/kinds.js';
import { TsvFormat } from '../../src/record/tsv.js';
import { ALL_COLUMNS, COLUMN_NAMES, headersOfColumns } from '../../src/record/tsv_columns.js';
import { tsvHeader } from '../../src/record/tsv_header.js';
import { ENCAP } from '../../src/wire/encap.js';
import { latin1, latin1Text } from '../support/fence.js';
import { type RecordForm, lineOf } from '../support/records.js';
import { type ZeekRow, type ZeekValue, readZeekLog } from '../support/zeek_log.js';

/** What Zeek's tools see of a record: checks that it is one line with as many columns as the header says. */
function row(payload: string, form: RecordForm = {}, columns: readonly string[] = ALL_COLUMNS): ZeekRow {
  const line = lineOf(new TsvFormat(columns), payload, { ...form, headers: headersOfColumns(columns) });
  assert.equal(line.indexOf('\n'), line.length - 1, 'one newline, at the end');
  const { headers, rows } = readZeekLog(tsvHeader(columns).begin(new Date()) + line);
  assert.deepEqual(headers.map(({ fields }) => fields), [columns]);
  assert.equal(rows.length, 1);
  return rows[0];
}

/** The line itself without its newline. */
function line(payload: string, columns: string, form: RecordForm = {}): string {
  const names = columns.split(' ');
  return lineOf(new TsvFormat(names), payload, { ...form, headers: headersOfColumns(names) }).slice(0, -1);
}

const request = (target: string, host: string, agent: string): string => (
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\n\r\n`);
const utf8 = (text: string): string => latin1Text(new TextEncoder().encode(text));
const ABSENT_OF_RESPONSES = { status: undefined, reason: undefined, content_length: undefined, content_type: undefined };
const ABSENT_OF_REQUESTS = { method: undefined, target: undefined, host: undefined, user_agent: undefined };
const PLAIN = { truncated: false, malformed: false, redacted: false, vlan: undefined, encap: undefined };

describe('record: tsv', () => {
  it('writes a request under every column', () => {
    assert.deepEqual(row(request('/', 'example.com', 'curl/8'), { ordinal: 12, interfaceName: 'eth0' }), {
      ts: '1567347411.002000000', frame: 12, iface: 'eth0', kind: 'CQ', src: '10.0.0.1', sport: 50905, dst: '192.0.2.80', dport: 80,
      method: 'GET', target: '/', version: 'HTTP/1.1', host: 'example.com', user_agent: 'curl/8',
      ...ABSENT_OF_RESPONSES, ...PLAIN, community_id: '1:Iplhc8qqKmosSO+XfTNCveCURAk=',
    });
  });

  it('writes a response under every column', () => {
    const payload = 'HTTP/1.1 302\tFound\r\nContent-Length: 10\r\nContent-Type: text/html\r\n';
    const { community_id: id, ...rest } = row(payload, {
      ipv6: true, nanoseconds: 1, vlans: [100, 7], encaps: [[ENCAP.GRE, 0], [ENCAP.VXLAN, 4096]], redacted: true,
    });
    assert.deepEqual(rest, {
      ts: '1567347411.000000001', frame: 1, iface: undefined, kind: 'CR', src: '2001:db8::1', sport: 50905, dst: '2001:db8::50', dport: 80,
      ...ABSENT_OF_REQUESTS, version: 'HTTP/1.1', status: 302, reason: 'Found', content_length: 10, content_type: 'text/html',
      truncated: true, malformed: true, redacted: true, vlan: [100, 7], encap: ['gre', 'vxlan:4096'],
    });
    assert.match(String(id), /^1:[A-Za-z0-9+/]{27}=$/);
  });

  it('writes the columns asked for, in that order', () => {
    assert.equal(line(request('/a', 'h', 'u'), 'dport host ts target'), '80\th\t1567347411.002000000\t/a');
    assert.equal(line(request('/a', 'h', 'u'), 'kind'), 'CQ');
  });

  it('names the client and the server of a message, whoever sent it', () => {
    const columns = 'id.orig_h id.orig_p id.resp_h id.resp_p';
    assert.equal(line(request('/', 'h', 'a'), columns), '10.0.0.1\t50905\t192.0.2.80\t80');
    assert.equal(line('HTTP/1.1 200 OK\r\n\r\n', columns), '192.0.2.80\t80\t10.0.0.1\t50905');
  });

  it('writes header fields by name, of requests and responses', () => {
    const columns = 'headers.referer headers.server headers.x-forwarded-for';
    assert.equal(line('GET / HTTP/1.1\r\nreferer: http://a/\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8\r\n\r\n', columns), 'http://a/\t-\t1.2.3.4, 5.6.7.8');
    assert.equal(line('HTTP/1.1 200 OK\r\nSERVER: nginx\r\nServer: two\r\n\r\n', columns), '-\tnginx\t-');
  });

  it('writes header fields that every record has once more', () => {
    assert.equal(line(request('/', 'h', 'a'), 'host headers.host headers.user-agent user_agent'), 'h\th\ta\ta');
    assert.equal(line('HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n', 'content_length headers.content-length'), '-\t5, 5');
  });

  it('writes every kind', () => {
    for (const kind of Object.values(KIND)) assert.equal(line(request('/', 'h', 'a'), 'kind', { kind }), KIND_NAMES[kind]);
  });

  it('keeps large ordinals and the last second of 9999', () => {
    const form = { ordinal: Number.MAX_SAFE_INTEGER, seconds: 253402300799, nanoseconds: 999_999_999 };
    assert.equal(line('GET /', 'frame ts', form), '9007199254740991\t253402300799.999999999');
  });

  describe('absent, empty and reserved values', () => {
    const rows: readonly (readonly [value: string, written: string, read: ZeekValue])[] = [
      ['', '(empty)', ''], ['-', '\\x2d', '-'], ['--', '--', '--'], ['-a', '-a', '-a'], ['(empty)', '\\x28empty)', '(empty)'],
      ['(empty', '(empty', '(empty'], ['(empty)!', '(empty)!', '(empty)!'], ['\\x2d', '\\x5cx2d', '\\x2d'], ['a,b', 'a,b', 'a,b'], ['a\tb', 'a\\x09b', 'a\tb'],
      ['#', '#', '#'],
    ];
    for (const [value, written, read] of rows) {
      it(JSON.stringify(value), () => {
        assert.equal(line(request('/', value, 'u'), 'ts host').split('\t')[1], written);
        assert.equal(row(request('/', value, 'u'))['host'], read);
      });
    }
    it('absent', () => {
      assert.equal(line('GET / HTTP/1.1\r\n\r\n', 'host user_agent reason iface vlan encap headers.a'), '-\t-\t-\t-\t-\t-\t-');
      assert.equal(line('HTTP/1.1 200\r\n\r\n', 'reason content_length content_type'), '-\t-\t-');
      assert.equal(line('GET /cut', 'version host truncated'), '-\t-\tT');
    });
  });

  it('no record begins like a comment', () => {
    for (const column of ['host', 'user_agent', 'headers.host']) {
      assert.equal(line(request('/', '#fields', '#fields'), `${column} ts`).split('\t')[0], '\\x23fields');
    }
    assert.equal(line('GET / HTTP/1.1\r\n\r\n', 'iface', { interfaceName: '#0' }), '\\x230');
    assert.equal(line('HTTP/1.1 200 #\r\n\r\n', 'reason'), '\\x23');
  });

  describe('what is typed as a number is one', () => {
    for (const value of ['', '-1', '+1', '01', '5, 5', '0x10', '9007199254740992']) {
      it(`content_length ${JSON.stringify(value)} is left out`, () => {
        assert.equal(row(`HTTP/1.1 200 OK\r\nContent-Length: ${value}\r\n\r\n`)['content_length'], undefined);
      });
    }
    it('status with zeros in front', () => assert.equal(row('HTTP/1.1 007 OK\r\n\r\n')['status'], 7));
  });

  it('valid UTF-8 stays, as Zeek keeps it', () => {
    assert.equal(line(request('/', utf8('bücher.example'), utf8('🐙\u0085')), 'host user_agent'), utf8('bücher.example\t🐙\\xc2\\x85'));
  });

  describe('every byte in every position', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      if (character === '\n') continue; // ends a line in every position
      it(`byte ${byte}`, () => {
        const value = `a${character}b`;
        const { target, host, user_agent: agent, iface } = row(request(value, value, value), { interfaceName: value });
        assert.deepEqual([target, host, agent, iface], [value, value, value, value]);
        const { reason, content_type: type } = row(`HTTP/1.1 200 ${character === '\r' ? 'ab' : value}\r\nContent-Type: ${value}\r\n\r\n`);
        assert.deepEqual([reason, type], [character === '\r' ? 'ab' : value, value]);
        assert.equal(row(request('/', value, 'a'), {}, ['headers.host'])['headers.host'], value);
        const written = line(request(value, value, value), 'target host user_agent');
        assert.doesNotMatch(written.replaceAll('\t', ''), /[\x00-\x1f\x7f]/);
        assert.doesNotThrow(() => new TextDecoder('utf-8', { fatal: true }).decode(latin1(written)));
      });
    }
  });

  it('every column has a type that Zeek knows, and describes every record', () => {
    const { headers } = readZeekLog(tsvHeader(COLUMN_NAMES).begin(new Date(0)));
    assert.deepEqual(headers[0].fields, COLUMN_NAMES);
    assert.ok(row(request('/', 'h', 'a'), {}, COLUMN_NAMES));
  });
});
