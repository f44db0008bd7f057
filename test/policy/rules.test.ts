import assert from 'node:assert/strict';
import { formatRules, MOST_GLOB_BYTES, parseRules } from '../../src/config/rules.js';
import { COUNTER } from '../../src/record/counters.js';
import { WRITTEN } from '../../src/policy/policy.js';
import { ethernetFrame, ipv6Packet, tcpSegment } from '../support/packets.js';
import { type PolicyForm, policyOf, recordOf } from './support.js';

/** Whether the record of a payload is written. From 10.0.0.1 to 192.0.2.80. */
function written(form: PolicyForm, payload: string | Uint8Array): boolean {
  const answer = policyOf(form).leftOut(recordOf(payload));
  assert.ok(answer === WRITTEN || answer === COUNTER.EXCLUDED);
  return answer === WRITTEN;
}

const request = (target: string, host?: string, method = 'GET'): string => (
  `${method} ${target} HTTP/1.1\r\n${host === undefined ? '' : `Host: ${host}\r\n`}\r\n`);
const response = (status: number): string => `HTTP/1.1 ${status} X\r\n\r\n`;
const includes = (rule: string, payload: string | Uint8Array): boolean => written({ include: [rule] }, payload);

describe('policy: -include and -exclude', () => {
  it('host: without its port, in any case', () => {
    for (const host of ['www.example.com', 'WWW.Example.COM', 'www.example.com:8080', 'www.example.com:']) {
      assert.equal(includes('host=*.EXAMPLE.com', request('/', host)), true, host);
    }
    for (const host of ['example.com', 'www.example.com.evil', '', undefined]) assert.equal(includes('host=*.example.com', request('/', host)), false, host);
    assert.equal(includes('host=[2001:db8::1]', request('/', '[2001:db8::1]:80')), true);
    assert.equal(includes('host=[2001:db8::1]', request('/', '[2001:db8::1]')), true);
    assert.equal(includes('host=*', request('/', '')), true);
    assert.equal(includes('host=*', request('/')), false);
  });

  it('path: the target without query, fragment, scheme and host', () => {
    const paths: readonly (readonly [target: string, path: string])[] = [
      ['/a/b', '/a/b'], ['/a?x=/b', '/a'], ['/a#b', '/a'], ['http://h:80/a?x', '/a'], ['http://h', '/'], ['http://h?x=/', '/'], ['\\*', '\\*'], ['h:443', 'h:443'],
      ['/http://h/x', '/http://h/x'], ['?x', '/'],
    ];
    for (const [target, path] of paths) {
      const payload = request(target.replace('\\', ''), 'h', path === 'h:443' ? 'CONNECT' : 'GET');
      assert.equal(includes(`path=${path}`, payload), true, target);
      assert.equal(includes(`path=${path}x`, payload), false, target);
    }
    assert.equal(includes('path=/A', request('/a')), false);
    assert.equal(includes('path=/hea*', 'GET /health'), true, 'a target that leaves the packet, as far as it is there');
  });

  it('method, status and address', () => {
    assert.equal(includes('method=get,POST', request('/', 'h', 'POST')), true);
    assert.equal(includes('method=get,POST', request('/', 'h', 'PUT')), false);
    assert.equal(includes('status=5??', response(503)), true);
    assert.equal(includes('status=404,5??', response(403)), false);
    assert.equal(includes('addr=10.0.0.0/8', request('/')), true);
    assert.equal(includes('addr=192.0.2.80', request('/')), true);
    assert.equal(includes('addr=192.0.2.81,2001:db8::/32', request('/')), false);
    const v6 = ethernetFrame(0x86dd, ipv6Packet(tcpSegment(request('/'))));
    assert.equal(includes('addr=192.0.2.81,2001:db8::/32', v6), true);
    assert.equal(includes('addr=0.0.0.0/0', v6), false);
  });

  it('a condition on what the record does not have never holds', () => {
    for (const rule of ['host=*', 'path=*', 'method=*']) {
      assert.equal(includes(rule, response(200)), false, rule);
      assert.equal(written({ exclude: [rule] }, response(200)), true, rule);
    }
    assert.equal(includes('status=*', request('/')), false);
    assert.equal(written({ exclude: ['status=*'] }, request('/')), true);
  });

  it('all conditions of a rule must hold, one of the rules is enough', () => {
    const rule = 'path=/api/* host=*.example.com';
    assert.equal(includes(rule, request('/api/1', 'a.example.com')), true);
    assert.equal(includes(rule, request('/api/1', 'a.example.org')), false);
    assert.equal(includes('path=/a* path=*z', request('/abc')), false);
    for (const include of [['path=/x', 'path=/y'], ['path=/x or path=/y'], ['path=/x,/y']]) {
      assert.deepEqual(['/x', '/y', '/z'].map((path) => written({ include }, request(path))), [true, true, false]);
    }
  });

  it('-exclude wins over -include', () => {
    const form = { include: ['path=/api/*'], exclude: ['path=*/health', 'addr=192.0.2.81'] };
    assert.deepEqual(['/api/1', '/api/health', '/x'].map((path) => written(form, request(path))), [true, false, false]);
    assert.equal(written({ exclude: ['path=/health*'] }, request('/')), true);
  });

  it('read what they show', () => {
    for (const text of ['host=*.example.com path=/api/*,/v1/* or status=5??', 'method=GET addr=10.0.0.0/8,2001:db8::/32', 'path=/a\\ b\\,c\\*\\\\,/d']) {
      assert.equal(formatRules(parseRules([text])!), text);
    }
    assert.deepEqual(parseRules(['host=a', 'host=b']), parseRules(['host=a or host=b']));
    assert.equal(includes('path=/a\\ b\\,\\*', request('/a b,*')), true);
    assert.equal(includes('path=/a\\ b\\,\\*', request('/a b,c')), false);
  });

  it('are refused when they say nothing, or what cannot be', () => {
    for (const text of [
      '', ' ', 'or', 'host=a or', 'or host=a', 'host=a or or host=b', 'host', 'host=', '=a', 'host=,a', 'host=a,', 'path=/a, path=/b', 'HOST=a', 'port=80', 'host!=a',
      'status=abc', 'status=5xx', 'addr=10.0.0.0/33', 'addr=host', 'addr=10.*', 'host=a\\', 'path=a\\\\\\', `path=${'*'.repeat(MOST_GLOB_BYTES + 1)}`, `host=${'a*'.repeat(32_768)}`,
    ]) {
      assert.equal(parseRules([text]), undefined, text.slice(0, 40));
      assert.equal(parseRules(['host=good', text]), undefined, text.slice(0, 40));
    }
    assert.equal(parseRules([`path=${'*'.repeat(MOST_GLOB_BYTES)}`])?.length, 1);
  });
});
