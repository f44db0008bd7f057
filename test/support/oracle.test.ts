import assert from 'node:assert/strict';
import { fixturePath } from './fixtures.js';
import type { OracleMessage } from './oracle.js';
import { hasStrictStartLine, oracle } from './oracle.js';
import { asJsonRecord, jsonText, rfc3339 } from './oracle_json.js';

const startLines = (messages: readonly OracleMessage[]): string[] => messages.map(({ frame, method, target, version, status, reason }) => (
  `${frame} ${method === undefined ? `${version} ${status} ${reason}` : `${method} ${target} ${version}`}`));

describe('test support: the oracle', () => {
  it('lists the messages of a capture with their fields', () => {
    const messages = oracle(fixturePath('basic-keepalive.pcap'));
    assert.equal(messages.length, 14);
    const [request, response] = messages.map(asJsonRecord);
    const { time, sport, ...rest } = request;
    assert.match(String(time), /^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    assert.deepEqual(rest, { frame: 4, kind: 'CQ', src: '198.18.1.2', dst: '198.18.1.1', dport: 80, method: 'GET', target: '/',
      version: 'HTTP/1.1', host: '198.18.1.1', user_agent: 'curl-test/1.0' });
    assert.deepEqual({ ...response, time: '' }, { time: '', frame: 6, kind: 'CR', src: '198.18.1.1', sport: 80, dst: '198.18.1.2',
      dport: sport, version: 'HTTP/1.1', status: 200, reason: 'OK', content_length: 51, content_type: 'text/html' });
  });

  it('lists pipelined messages, and none out of a body', () => {
    const lines = startLines(oracle(fixturePath('pipelined.pcap'), '8000'));
    assert.deepEqual(lines.filter((line) => line.startsWith('4 ')), ['4 GET /1 HTTP/1.1', '4 GET /2 HTTP/1.1', '4 HEAD /3 HTTP/1.1']);
    assert.deepEqual(lines.filter((line) => line.startsWith('8 ')), ['8 POST /4 HTTP/1.1', '8 GET /5 HTTP/1.1']);
    assert.ok(lines.every((line) => !line.includes('/no ') && !line.includes('/body')));
  });

  it('knows messages on the given ports only', () => {
    const file = fixturePath('ipv6.pcap');
    assert.equal(oracle(file, '80,8080').length, 6);
    assert.ok(oracle(file, '80').every(({ sport, dport }) => sport === 80 || dport === 80));
  });

  it('reads a file that is cut short', () => {
    assert.deepEqual(oracle(fixturePath('cut-file.pcap')), oracle(fixturePath('basic-keepalive.pcap')));
  });

  it('keeps hostile values byte for byte', () => {
    const hosts = oracle(fixturePath('escapes.pcap'), '8000').map(({ host }) => host);
    for (const host of ['b\xc3\xbccher.example.test', '\x80', 'x\x1b[2J', 'tab\there', '\\\\server', 'two words', 'first']) {
      assert.ok(hosts.includes(host), JSON.stringify(host));
    }
  });

  it('tells strict start lines from what tshark takes beside them', () => {
    assert.ok(oracle(fixturePath('registered-methods.pcap'), '8000').every(hasStrictStartLine));
    const refused = startLines(oracle(fixturePath('refused-start-lines.pcap'), '8000').filter(hasStrictStartLine));
    assert.deepEqual(refused.map((line) => line.replace(/^\d+ /, '')), ['M-SEARCH * HTTP/1.1']);
  });

  it('throws for what is no capture', () => {
    assert.throws(() => oracle(fixturePath('README.md')), /README\.md/);
  });

  it('writes texts and times as JSON records carry them', () => {
    assert.equal(jsonText('a\\\xc3\xa9\xc2\x80\xff\x01\xed\xa0\x80\xf0\x9f\x90\x99'), 'a\\x5cé\\xc2\\x80\\xff\\x01\\xed\\xa0\\x80🐙');
    assert.equal(jsonText('\xef\xbb\xbf'), '\ufeff');
    assert.equal(jsonText(undefined), undefined);
    assert.equal(rfc3339('1567.000000123'), '1970-01-01T00:26:07.000000123Z');
  });
});
