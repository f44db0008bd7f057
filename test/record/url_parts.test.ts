import assert from 'node:assert/strict';
import { UrlParts } from '../../src/record/url_parts.js';
import { VALUE, Values } from '../../src/record/values.js';
import { latin1, latin1Text, readSafely } from '../support/fence.js';

interface Parts {
  readonly scheme?: string;
  readonly domain?: string;
  readonly port?: number;
  readonly path?: string;
  readonly query?: string;
}

/** The parts of a target and a Host field, whatever stands around them. */
function parts(target: string, host?: string, method = 'GET'): Parts {
  const line = `${method} ${target} ${host ?? ''}`;
  return readSafely(latin1(line), ({ bytes, at, end }) => {
    const values = new Values(0);
    const targetAt = at + method.length + 1;
    values.set(VALUE.METHOD, bytes, at, at + method.length);
    values.set(VALUE.TARGET, bytes, targetAt, targetAt + target.length);
    if (host !== undefined) values.set(VALUE.HOST, bytes, end - host.length, end);
    const url = new UrlParts();
    url.take(values);
    const text = (from: Uint8Array, start: number, behind: number): string | undefined => (
      start < 0 ? undefined : latin1Text(Uint8Array.from({ length: behind - start }, (_, i) => from[start + i])));
    const found = {
      scheme: text(url.target, url.schemeStart, url.schemeEnd), domain: text(url.authority, url.domainStart, url.domainEnd),
      port: url.port < 0 ? undefined : url.port, path: text(url.target, url.pathStart, url.pathEnd), query: text(url.target, url.queryStart, url.queryEnd),
    };
    return Object.fromEntries(Object.entries(found).filter(([, part]) => part !== undefined));
  });
}

describe('record: parts of a URL', () => {
  const rows: readonly (readonly [target: string, host: string | undefined, parts: Parts])[] = [
    ['/', undefined, { path: '/' }],
    ['/', 'example.com', { domain: 'example.com', path: '/' }],
    ['/a/b?c=d&e', 'example.com:8080', { domain: 'example.com', port: 8080, path: '/a/b', query: 'c=d&e' }],
    ['/?', 'h', { domain: 'h', path: '/', query: '' }],
    ['/a?b?c', 'h', { domain: 'h', path: '/a', query: 'b?c' }],
    ['/http://x/', 'h', { domain: 'h', path: '/http://x/' }],
    ['*', 'h', { domain: 'h' }],
    ['http://example.com/a?b', 'other', { scheme: 'http', domain: 'example.com', path: '/a', query: 'b' }],
    ['HTTPS://user:p@ss@example.com:443/', 'other', { scheme: 'HTTPS', domain: 'example.com', port: 443, path: '/' }],
    ['http://example.com', undefined, { scheme: 'http', domain: 'example.com' }],
    ['http://example.com?q', undefined, { scheme: 'http', domain: 'example.com', query: 'q' }],
    ['http:///a', 'h', { scheme: 'http', domain: 'h', path: '/a' }],
    ['http://', 'h', { domain: 'h', scheme: 'http' }],
    ['http:/a', 'h', { domain: 'h' }],
    ['://a', 'h', { domain: 'h' }],
    ['word', 'h', { domain: 'h' }],
    ['/', '192.0.2.1:80', { domain: '192.0.2.1', port: 80, path: '/' }],
    ['/', '[2001:db8::1]:8080', { domain: '[2001:db8::1]', port: 8080, path: '/' }],
    ['/', '[2001:db8::1]', { domain: '[2001:db8::1]', path: '/' }],
    ['/', '[2001:db8::1', { domain: '[2001:db8::1', path: '/' }],
    ['/', '2001:db8::1', { domain: '2001:db8::1', path: '/' }],
    ['/', 'h:', { domain: 'h:', path: '/' }],
    ['/', 'h:65535', { domain: 'h', port: 65535, path: '/' }],
    ['/', 'h:65536', { domain: 'h:65536', path: '/' }],
    ['/', 'h:000080', { domain: 'h:000080', path: '/' }],
    ['/', 'h:8x', { domain: 'h:8x', path: '/' }],
    ['/', ':80', { domain: ':80', path: '/' }],
    ['/', '', { path: '/' }],
  ];
  for (const [target, host, expected] of rows) {
    it(`${target} of ${host ?? 'nobody'}`, () => assert.deepEqual(parts(target, host), expected));
  }

  it('CONNECT names host and port', () => {
    assert.deepEqual(parts('example.com:443', 'other', 'CONNECT'), { domain: 'example.com', port: 443 });
    assert.deepEqual(parts('[::1]:443', undefined, 'CONNECT'), { domain: '[::1]', port: 443 });
    assert.deepEqual(parts('example.com:443', 'other'), { domain: 'other' });
  });
});
