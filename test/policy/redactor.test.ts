import assert from 'node:assert/strict';
import { VALUE } from '../../src/record/values.js';
import { ethernetFrame, ipv4Packet, tcpSegment } from '../support/packets.js';
import { type PolicyForm, policyOf, recordOf, valueOf } from './support.js';

const R = 'REDACTED';

/** What a record shows of a message: target or status, then the header fields asked for, then whether it says that it was redacted. */
function shown(payload: string, form: PolicyForm = {}): (string | boolean | undefined)[] {
  const { headers = [], redact = 'on' } = form;
  const view = recordOf(payload, headers);
  policyOf({ ...form, redact }).hide(view);
  const first = valueOf(view, view.isRequest ? VALUE.TARGET : VALUE.STATUS);
  return [first, ...headers.map((_, i) => valueOf(view, VALUE.FIRST_EXTRA + i)), view.redacted];
}

const get = (target: string, fields = ''): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;

describe('policy: what of a record is redacted', () => {
  it('the target, and the record says so', () => {
    assert.deepEqual(shown(get('/?token=a')), [`/?token=${R}`, true]);
    assert.deepEqual(shown(get('/?a=1')), ['/?a=1', false]);
    assert.deepEqual(shown(get('/?a=1'), { redact: 'query' }), [`/?a=${R}`, true]);
    assert.deepEqual(shown(get('/?token=a'), { redact: 'off' }), ['/?token=a', false]);
  });

  it('also where it is malformed or leaves the packet', () => {
    assert.deepEqual(shown('GET /?a=b token=5 \x01 c HTTP/1.1\r\n\r\n'), [`/?a=b token=${R}`, true]);
    assert.deepEqual(shown('GET /?token=ab'), [`/?token=${R}`, true]);
    assert.deepEqual(shown('GET http://bob:pw'), [`http://${R}`, true]);
    assert.deepEqual(shown('GET http://bob:80/'), ['http://bob:80/', false]);
  });

  it('user and password in the Host field, a cut one is none', () => {
    const host = (payload: string): string | undefined => {
      const view = recordOf(payload);
      policyOf({ redact: 'on' }).hide(view);
      return valueOf(view, VALUE.HOST);
    };
    assert.equal(host('GET / HTTP/1.1\r\nHost: bob:pw@h:80\r\n\r\n'), `bob:${R}@h:80`);
    assert.equal(host('GET / HTTP/1.1\r\nHost: example.com:80'), 'example.com:80');
  });

  it('Referer and Location, also cut', () => {
    const headers = ['location', 'referer'];
    assert.deepEqual(shown(get('/', 'Referer: http://b:p@h/?sig=1&x=2\r\n'), { headers }), ['/', undefined, `http://${R}@h/?sig=${R}&x=2`, true]);
    assert.deepEqual(shown('HTTP/1.1 302 Found\r\nLocation: /cb#id_token=x\r\n\r\n', { headers }), ['302', `/cb#id_token=${R}`, undefined, true]);
    assert.deepEqual(shown('GET / HTTP/1.1\r\nReferer: http://bob:pw', { headers }), ['/', undefined, `http://${R}`, true]);
    assert.deepEqual(shown('GET / HTTP/1.1\r\nReferer: http://bob:pw \t\r', { headers }), ['/', undefined, `http://${R}`, true]);
    assert.deepEqual(shown('GET / HTTP/1.1\r\nReferer: http://h:80\r\nX: y', { headers }), ['/', undefined, 'http://h:80', false]);
  });

  it('credentials: of Authorization the scheme stays', () => {
    const headers = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key', 'x-forwarded-for'];
    const fields = 'Authorization: Bearer abc def\r\nProxy-Authorization: Basic YQ==\r\nCookie: a=b; c=d\r\nX-Api-Key: k\r\nX-Forwarded-For: 192.0.2.1\r\n';
    assert.deepEqual(shown(get('/', fields), { headers }), ['/', `Bearer ${R}`, R, R, undefined, R, '192.0.2.1', true]);
    assert.deepEqual(shown(get('/', fields), { headers, redact: 'off' }), ['/', 'Bearer abc def', 'Basic YQ==', 'a=b; c=d', undefined, 'k', '192.0.2.1', false]);
    assert.deepEqual(shown('HTTP/1.1 200 OK\r\nSet-Cookie: sid=1\r\n\r\n', { headers }), ['200', undefined, undefined, undefined, R, undefined, undefined, true]);
    const authorization = (value: string): unknown => shown(get('/', `Authorization: ${value}\r\n`), { headers: ['authorization'] })[1];
    assert.equal(authorization('secret'), R);
    assert.equal(authorization('a:b c'), R);
    assert.equal(authorization('Basic \t x'), `Basic ${R}`);
    assert.equal(authorization(''), '');
    assert.deepEqual(shown('GET / HTTP/1.1\r\nAuthorization: Bea', { headers: ['authorization'] }), ['/', R, true]);
  });

  it('all values of a message as long as can be fit their room', () => {
    const headers = ['referer', 'location', 'link', 'origin', 'refresh', 'host'];
    const pairs = 'sig=a&'.repeat(580);
    const payload = get(`/?${pairs}`, headers.map((name) => `${name}: http://h/?${pairs}\r\n`).join(''));
    const segment = tcpSegment(payload);
    const view = recordOf(ethernetFrame(0x0800, ipv4Packet(segment, { totalLength: 0 })), headers);
    const before = view.values.length;
    policyOf({ redact: 'on', headers }).hide(view);
    assert.ok(view.values.length > before);
    for (let slot = 0; slot < VALUE.FIRST_EXTRA + headers.length; slot++) assert.doesNotMatch(valueOf(view, slot) ?? '', /=a|\0/);
  });
});
