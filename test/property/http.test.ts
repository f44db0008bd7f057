// Messages put together from any parts are taken apart into the same parts.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { METHODS } from '../../src/http/methods.js';
import { latin1Text } from '../support/fence.js';
import { scan } from '../support/messages.js';
import { anyBytes, anyCase, blanks, fieldValue, lineEnd, target, version } from './arbitrary.js';

type Field = readonly [name: string, value: string];

/** A field line as the wire has it. */
const line = ([name, value]: Field, [before, behind, end]: readonly [string, string, string]): string => `${name}:${before}${value}${behind}${end}`;
const spacing = fc.tuple(blanks, blanks, lineEnd);

/** Fields of the given names, any number of each, among others; and what the scan has to say of them. */
function fields(names: readonly string[]): fc.Arbitrary<{ readonly text: string; readonly first: Readonly<Record<string, string>> }> {
  const others = ['X-Host', 'Hos', 'Hostt', 'Content', 'Accept', 'A', 'Cookie'];
  const name = fc.constantFrom(...names, ...names, ...others).chain(anyCase);
  const field = fc.tuple(name, fieldValue.map(latin1Text));
  return fc.array(fc.tuple(field, spacing), { maxLength: 8 }).map((lines) => {
    const first: Record<string, string> = {};
    for (const [[given, value]] of lines) first[given.toLowerCase()] ??= value;
    return { text: lines.map(([one, space]) => line(one, space)).join(''), first };
  });
}

const body = anyBytes.map(latin1Text);

describe('property: HTTP', () => {
  it('a request is what it was made of', () => {
    const request = fc.record({ method: fc.constantFrom(...METHODS), target: target.map(latin1Text), version, end: lineEnd,
      fields: fields(['Host', 'User-Agent']), close: lineEnd, body });
    fc.assert(fc.property(request, (parts) => {
      const head = `${parts.method} ${parts.target} ${parts.version}${parts.end}${parts.fields.text}${parts.close}`;
      const { request: found, truncated, malformed, bodyStart } = scan(head + parts.body)!;
      assert.deepEqual(found, {
        method: parts.method, target: parts.target, version: parts.version, host: parts.fields.first['host'], userAgent: parts.fields.first['user-agent'],
      });
      assert.deepEqual([truncated, malformed, bodyStart], [false, false, head.length]);
    }));
  });

  it('a response is what it was made of', () => {
    const reason = fieldValue.map((bytes) => latin1Text(bytes.filter((byte) => byte !== 0x0d)).replace(/^[ \t]+|[ \t]+$/g, ''));
    const response = fc.record({ version, status: fc.integer({ min: 0, max: 999 }).map((code) => String(code).padStart(3, '0')), reason, end: lineEnd,
      fields: fields(['Content-Length', 'Content-Type']), close: lineEnd, body });
    fc.assert(fc.property(response, (parts) => {
      const head = `${parts.version} ${parts.status} ${parts.reason}${parts.end}${parts.fields.text}${parts.close}`;
      const { response: found, truncated, malformed, bodyStart } = scan(head + parts.body)!;
      assert.deepEqual(found, {
        version: parts.version, status: parts.status, reason: parts.reason,
        contentLength: parts.fields.first['content-length'], contentType: parts.fields.first['content-type'],
      });
      assert.deepEqual([truncated, malformed, bodyStart], [false, false, head.length]);
    }));
  });

  it('cut anywhere it is the same request truncated, or none', () => {
    const request = fc.record({ method: fc.constantFrom('GET', 'POST', 'OPTIONS'), target: target.map(latin1Text), fields: fields(['Host', 'User-Agent']) });
    fc.assert(fc.property(request, fc.nat(), ({ method, target: asked, fields: { text } }, where) => {
      const whole = `${method} ${asked} HTTP/1.1\r\n${text}\r\n`;
      const cut = whole.slice(0, where % whole.length);
      const found = scan(cut);
      if (found === undefined) return;
      assert.equal(found.truncated, true);
      assert.equal(found.request?.method, method);
      assert.ok(asked.startsWith(found.request?.target ?? '?'), 'a target that was asked for');
    }));
  });

  it('pipelined requests with bodies of their length are found one behind the other', () => {
    const one = fc.record({ target: target.map(latin1Text), body });
    fc.assert(fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), (requests) => {
      let rest = requests.map(({ target: asked, body: content }) => `PUT ${asked} HTTP/1.1\r\nContent-Length: ${content.length}\r\n\r\n${content}`).join('');
      for (const { target: asked } of requests) {
        const found = scan(rest)!;
        assert.equal(found.request?.target, asked);
        rest = rest.slice(found.messageEnd);
      }
      assert.equal(rest, '');
    }));
  });
});
