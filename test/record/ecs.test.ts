import assert from 'node:assert/strict';
import { EcsFormat } from '../../src/record/ecs.js';
import { KIND } from '../../src/record/kinds.js';
import { ENCAP } from '../../src/wire/encap.js';
import { checkEcs, flatten } from '../support/ecs_fields.js';
import { latin1 } from '../support/fence.js';
import { type RecordForm, lineOf } from '../support/records.js';

/** The leaves of the record's object; checks that it is one line of valid UTF-8 in the terms of the schema. */
function leaves(payload: string, form: RecordForm = {}, hostname = 'sensor-1'): Map<string, unknown> {
  const line = lineOf(new EcsFormat({ headers: form.headers ?? [], hostname }), payload, form);
  assert.equal(line.indexOf('\n'), line.length - 1, 'one newline, at the end');
  const document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(latin1(line))) as object;
  checkEcs(document, 'httplog');
  return flatten(document);
}

const request = (target: string, host: string, agent = 'curl/8'): string => (
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\n\r\n`);

describe('record: ecs', () => {
  it('writes a request', () => {
    assert.deepEqual(Object.fromEntries(leaves(request('/a?b=c', 'example.com:8080'), { ordinal: 12, interfaceName: 'eth0', vlans: [100] })), {
      '@timestamp': '2019-09-01T14:16:51.002000000Z', 'ecs.version': '8.11.0',
      'event.kind': 'event', 'event.category': ['network', 'web'], 'event.type': ['access', 'protocol'], 'event.module': 'httplog',
      'event.dataset': 'httplog.http', 'event.action': 'http_request',
      'observer.product': 'httplog', 'observer.type': 'sensor', 'observer.hostname': 'sensor-1', 'observer.ingress.interface.name': 'eth0',
      'source.ip': '10.0.0.1', 'source.port': 50905, 'destination.ip': '192.0.2.80', 'destination.port': 80,
      'client.ip': '10.0.0.1', 'client.port': 50905, 'server.ip': '192.0.2.80', 'server.port': 80,
      'network.transport': 'tcp', 'network.protocol': 'http', 'network.type': 'ipv4', 'network.direction': 'ingress',
      'network.community_id': '1:Iplhc8qqKmosSO+XfTNCveCURAk=', 'network.vlan.id': '100',
      'http.version': '1.1', 'http.request.method': 'GET', 'url.original': '/a?b=c', 'url.domain': 'example.com', 'url.port': 8080,
      'url.path': '/a', 'url.query': 'b=c', 'user_agent.original': 'curl/8',
      'httplog.kind': 'CQ', 'httplog.frame': 12, 'httplog.vlan': [100],
    });
  });

  it('writes a response', () => {
    const payload = 'HTTP/1.0 404\tNot Found\r\nContent-Length: 10\r\nContent-Type: text/html\r\n';
    const found = leaves(payload, { ipv6: true, nanoseconds: 1, vlans: [100, 5, 7], encaps: [[ENCAP.GRE, 0], [ENCAP.VXLAN, 4096]], redacted: true }, '');
    const { 'network.community_id': id, ...rest } = Object.fromEntries(found);
    assert.deepEqual(rest, {
      '@timestamp': '2019-09-01T14:16:51.000000001Z', 'ecs.version': '8.11.0',
      'event.kind': 'event', 'event.category': ['network', 'web'], 'event.type': ['error', 'protocol'], 'event.module': 'httplog',
      'event.dataset': 'httplog.http', 'event.action': 'http_response', 'event.outcome': 'failure',
      'observer.product': 'httplog', 'observer.type': 'sensor',
      'source.ip': '2001:db8::1', 'source.port': 50905, 'destination.ip': '2001:db8::50', 'destination.port': 80,
      'client.ip': '2001:db8::50', 'client.port': 80, 'server.ip': '2001:db8::1', 'server.port': 50905,
      'network.transport': 'tcp', 'network.protocol': 'http', 'network.type': 'ipv6', 'network.direction': 'egress',
      'network.vlan.id': '100', 'network.inner.vlan.id': '7',
      'http.version': '1.0', 'http.response.status_code': 404, 'http.response.body.bytes': 10, 'tags': ['truncated', 'malformed', 'redacted'],
      'httplog.kind': 'CR', 'httplog.frame': 1, 'httplog.reason': 'Not Found', 'httplog.content_type': 'text/html',
      'httplog.vlan': [100, 5, 7], 'httplog.encap': ['gre', 'vxlan:4096'],
    });
    assert.match(String(id), /^1:[A-Za-z0-9+/]{27}=$/);
  });

  it('leaves out what is absent', () => {
    const names = [...leaves('GET /cut', {}, '').keys()].filter((name) => /^(?:http|url|user_agent|tags|observer)\b/.test(name));
    assert.deepEqual(names, ['observer.product', 'observer.type', 'http.request.method', 'url.original', 'url.path', 'tags']);
    const ofResponse = [...leaves('HTTP/1.1 200\r\n\r\n').keys()].filter((name) => /^http/.test(name));
    assert.deepEqual(ofResponse, ['http.version', 'http.response.status_code', 'httplog.kind', 'httplog.frame']);
  });

  it('says by the status whether it went well', () => {
    for (const [status, outcome] of [['100', 'success'], ['200', 'success'], ['399', 'success'], ['400', 'failure'], ['999', 'failure'], ['000', 'success']]) {
      const found = leaves(`HTTP/1.1 ${status} x\r\n\r\n`);
      assert.equal(found.get('event.outcome'), outcome);
      assert.equal(found.get('http.response.status_code'), Number(status));
    }
  });

  it('tells the direction from the kind', () => {
    for (const [kind, direction] of [[KIND.CQ, 'ingress'], [KIND.CR, 'egress'], [KIND.SQ, 'egress'], [KIND.SR, 'ingress']] as const) {
      assert.equal(leaves(kind === KIND.CQ || kind === KIND.SQ ? request('/', 'h') : 'HTTP/1.1 200 OK\r\n\r\n', { kind }).get('network.direction'), direction);
    }
  });

  it('a length that is no number is text of ours', () => {
    for (const value of ['', '5, 5', '-1', '9007199254740992']) {
      const found = leaves(`HTTP/1.1 200 OK\r\nContent-Length: ${value}\r\n\r\n`);
      assert.equal(found.get('httplog.content_length'), value);
      assert.equal(found.has('http.response.body.bytes'), false);
    }
  });

  it('puts header fields where the schema has them, else under httplog', () => {
    const headers = ['referer', 'x-request-id', 'x-forwarded-for', 'host', 'location'];
    const asked = leaves('GET / HTTP/1.1\r\nHost: h\r\nReferer: http://r/\r\nX-Request-ID: 17\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n', { headers });
    assert.equal(asked.get('http.request.referrer'), 'http://r/');
    assert.equal(asked.get('http.request.id'), '17');
    assert.deepEqual([...asked].filter(([name]) => name.startsWith('httplog.headers')), [['httplog.headers.x-forwarded-for', '1.2.3.4'], ['httplog.headers.host', 'h']]);
    const answered = leaves('HTTP/1.1 302 Found\r\nLocation: /x\r\nX-Request-ID: 17\r\n\r\n', { headers });
    assert.deepEqual([...answered].filter(([name]) => name.startsWith('httplog.headers')), [['httplog.headers.x-request-id', '17'], ['httplog.headers.location', '/x']]);
    assert.equal([...leaves('HTTP/1.1 200 OK\r\n\r\n', { headers }).keys()].some((name) => name.startsWith('httplog.headers')), false);
  });

  it('a name of the host with characters of its own', () => {
    assert.equal(leaves(request('/', 'h'), {}, 'a"b\\c\u00e9').get('observer.hostname'), 'a"b\\c\u00e9');
  });

  describe('every byte in every position', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      if (character === '\n') continue; // ends a line in every position
      it(`byte ${byte}`, () => {
        const stands = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
        const expected = `a${stands ? character : `\\x${byte.toString(16).padStart(2, '0')}`}b`;
        const value = `a${character}b`;
        const form = { headers: ['x'], interfaceName: value };
        const asked = leaves(`GET /${value} HTTP/1.1\r\nHost: ${value}\r\nUser-Agent: ${value}\r\nX: ${value}\r\n\r\n`, form);
        assert.deepEqual(
          ['url.original', 'url.domain', 'user_agent.original', 'httplog.headers.x', 'observer.ingress.interface.name'].map((name) => asked.get(name)),
          [`/${expected}`, expected, expected, expected, expected]);
        assert.equal(asked.get('url.path') === '/a' ? `${String(asked.get('url.path'))}?${String(asked.get('url.query'))}` : asked.get('url.path'), `/${expected}`);
        const answered = leaves(`HTTP/1.1 200 ${character === '\r' ? 'ab' : value}\r\nContent-Type: ${value}\r\nContent-Length: ${value}\r\n\r\n`);
        assert.deepEqual([answered.get('httplog.content_type'), answered.get('httplog.content_length')], [expected, expected]);
        assert.equal(answered.get('httplog.reason'), character === '\r' ? 'ab' : expected);
      });
    }
  });
});
