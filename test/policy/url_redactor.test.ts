import assert from 'node:assert/strict';
import { SECRET_NAMES } from '../../src/policy/secret_names.js';
import { MAX_EXTRA_BYTES, UrlRedactor } from '../../src/policy/url_redactor.js';
import { latin1, latin1Text, readSafely } from '../support/fence.js';
import { SeededRandom } from '../support/random.js';
import { cpuMs } from '../support/cpu_time.js';

const R = 'REDACTED';
const named = new UrlRedactor(false);
const every = new UrlRedactor(true);

/** The value without its secrets, whatever stands around it; nothing is written outside the room for it. */
function redacted(url: string, { redactor = named, cut = false } = {}): string {
  return readSafely(latin1(url), ({ bytes, at, end }) => {
    const room = end - at + MAX_EXTRA_BYTES;
    const out = new Uint8Array(room + 8).fill(0xee);
    const behind = redactor.redact(bytes, at, end, cut, out, 4);
    if (behind < 0) return url;
    assert.ok(behind <= 4 + room);
    assert.ok(out.subarray(0, 4).every((byte) => byte === 0xee) && out.subarray(4 + room).every((byte) => byte === 0xee));
    return latin1Text(out.subarray(4, behind));
  });
}

describe('policy: secrets in URLs', () => {
  describe('are replaced', () => {
    const rows: readonly (readonly [url: string, written: string])[] = [
      ['/?token=abc', `/?token=${R}`],
      ['/?a=1&token=abc&b=2', `/?a=1&token=${R}&b=2`],
      ['/?a=1;token=x;b=2', `/?a=1;token=${R};b=2`],
      ['/cb#access_token=a&state=1', `/cb#access_token=${R}&state=1`],
      ['/#/cb?access_token=a', `/#/cb?access_token=${R}`],
      ['/a;jsessionid=AB?x=1', `/a;jsessionid=${R}?x=1`],
      ['http://h/p?sig=1', `http://h/p?sig=${R}`],
      ['token=abc', `token=${R}`],
      ['/&token=abc', `/&token=${R}`],
      ['?token=abc', `?token=${R}`],
    ];
    for (const [url, written] of rows) it(url, () => assert.equal(redacted(url), written));

    it('whatever the well-known name, in any case', () => {
      for (const name of SECRET_NAMES) {
        for (const form of [name, name.toUpperCase(), name.toLowerCase()]) assert.equal(redacted(`/p?${form}=x%20y&z=1`), `/p?${form}=${R}&z=1`);
      }
    });
  });

  describe('are found under disguised names', () => {
    const names = [
      '%74oken', 'tok%65n', '%54OKEN', '%2574oken', '%25252574oken', '+token', 'token+', '%20token', 'token%00', 'to%00ken', 'to\x00ken', 'token\t', 'token[]',
      'token%5B%5D', 'token[0]', 'token[a][b]', 'user[token]', 'user%5Btoken%5D', 'user.token', 'to_ken', 'Access-Token', 'accessToken', '"token"', '$token',
    ];
    for (const name of names) it(JSON.stringify(name), () => assert.equal(redacted(`/?${name}=abc&b=1`), `/?${name}=${R}&b=1`));
  });

  describe('are not seen in', () => {
    const urls = [
      '', '/', '*', '/index.html', '/?', '/?=', '/?=abc', '/?token', '/?token=', '/?token=&a=1', '/?a=token', '/?tokens=1', '/?mytoken=1', '/token/abc',
      '/users/bob@example.com?email=bob@example.com', '/@scope/pkg', '/a//b@c', 'example.com:443', 'http://[2001:db8::1]:80/?q=1', 'http://h:80/a@b',
      '/?url=http://example.com&email=bob@x.org', '/%', '/%4', '/%zz=1', '/?%=1', 'http://@h/', '/?monkey=1', '//h/?q=1',
    ];
    for (const url of urls) it(JSON.stringify(url), () => assert.equal(redacted(url), url));
  });

  describe('end where their parameter ends', () => {
    const rows: readonly (readonly [url: string, written: string])[] = [
      // What could as well be another parameter only ends a secret where a name follows.
      ['/?password=a;b&c=1', `/?password=${R}&c=1`],
      ['/?password=a#b', `/?password=${R}`],
      ['/?password=a?b', `/?password=${R}`],
      ['/?password=a;b=1', `/?password=${R};b=1`],
      ['/?password=a;=1', `/?password=${R}`],
      ['/?password=a=b=c', `/?password=${R}`],
      ['/?password=a b\x01c&d=1', `/?password=${R}&d=1`],
      ['/?password=a/b\\c&d', `/?password=${R}&d`],
      ['/?password=a%26b%3Dc&d', `/?password=${R}&d`],
      ['/?x=1 token=a b', `/?x=1 token=${R}`],
      ['/?token=token=a&token=b', `/?token=${R}&token=${R}`],
    ];
    for (const [url, written] of rows) it(JSON.stringify(url), () => assert.equal(redacted(url), written));
  });

  describe('are found in URLs inside parameters', () => {
    const rows: readonly (readonly [url: string, written: string])[] = [
      ['/?next=/cb?token=a&x=1', `/?next=/cb?token=${R}&x=1`],
      ['/?next=%2Fcb%3Ftoken%3Da%26x%3D1&y=2', `/?next=%2Fcb%3Ftoken%3D${R}%26x%3D1&y=2`],
      ['/?n=%252Fcb%253Ftoken%253Da%2526x%253D1%26z%3D3&y=2', `/?n=%252Fcb%253Ftoken%253D${R}%2526x%253D1%26z%3D3&y=2`],
      ['/?a=1%26token=abc%26b=2&c=3', `/?a=1%26token=${R}&c=3`],
      ['/?u=http://bob:pw@h/&x=1', `/?u=http://${R}@h/&x=1`],
      ['/?u=http%3A%2F%2Fbob%3Apw%40h%2F&x=1', `/?u=http%3A%2F%2F${R}%40h%2F&x=1`],
      ['/?u=//bob:pw@h', `/?u=//${R}@h`],
      ['/web/http://bob:pw@h/p', `/web/http://${R}@h/p`],
      ['/?a=token=abc', `/?a=token=${R}`],
    ];
    for (const [url, written] of rows) it(url, () => assert.equal(redacted(url), written));
  });

  describe('are found as user and password', () => {
    const rows: readonly (readonly [url: string, written: string])[] = [
      ['http://bob:pw@h/', `http://${R}@h/`],
      ['http://ghp_secret@h/', `http://${R}@h/`],
      ['http://b@x:p@ss@h/p', `http://${R}@h/p`],
      ['http://bob:p%40w%2Fx@h/p', `http://${R}@h/p`],
      ['http://bob:p&w;x=1@h/p', `http://${R}@h/p`],
      ['http://bob:pw@[2001:db8::1]:80/?q=1', `http://${R}@[2001:db8::1]:80/?q=1`],
      ['HTTP://bob:pw@h?q=@', `HTTP://${R}@h?q=@`],
      ['http:/\\bob:pw@h/', `http:/\\${R}@h/`],
      ['http:bob:pw@h/', `http:${R}@h/`],
      ['//bob:pw@h/', `//${R}@h/`],
      ['pw@h:443', `${R}@h:443`],
      ['bob:pw@h:443', `bob:${R}@h:443`],
      ['http://bob:p w@h/', `http://${R}@h/`],
      ['http://token=x:y@h/', `http://${R}@h/`],
    ];
    for (const [url, written] of rows) it(url, () => assert.equal(redacted(url), written));
  });

  it('of a value that is cut off go as far as they are there', () => {
    const cut = true;
    assert.equal(redacted('/?a=1&token=a', { cut }), `/?a=1&token=${R}`);
    assert.equal(redacted('/?token=a%2', { cut }), `/?token=${R}`);
    // Before the @ a user and his password look like a host and its port.
    assert.equal(redacted('http://bob:hun', { cut }), `http://${R}`);
    assert.equal(redacted('http://bob:hun@ter', { cut }), `http://${R}`);
    assert.equal(redacted('/?u=http://bob:hun', { cut }), `/?u=http://${R}`);
    for (const whole of ['http://bob:80/', 'http://', 'http:/', '/abc', '/?tok', '/?token=', 'htt', '']) assert.equal(redacted(whole, { cut }), whole);
  });

  it('of a URL never show, wherever the packet ends', () => {
    const url = 'http://bob:5ECRET@example.com/a?x=1&token=5ECRET&u=http%3A%2F%2Fbob%3A5ECRET%40h%2F%3Fsig%3D5ECRET%26y#access_token=5ECRET';
    for (let length = 0; length <= url.length; length++) {
      assert.doesNotMatch(redacted(url.slice(0, length), { cut: length < url.length }), /5E|CR|ET/, url.slice(0, length));
    }
  });

  it('with query, every value of query and fragment is replaced', () => {
    const rows: readonly (readonly [url: string, written: string])[] = [
      ['/p', '/p'], ['/p?', '/p?'], ['/p?a=', '/p?a='],
      ['/p?a=1&b=2', `/p?a=${R}&b=${R}`], ['/p?a=1;b=2#c=3', `/p?a=${R};b=${R}#c=${R}`], ['/p?a=b=c&&d=1', `/p?a=${R}&&d=${R}`],
      ['/p?words', `/p?${R}`], ['/p?a=1&words', `/p?a=${R}&${R}`], ['/p#part', `/p#${R}`], ['/p?a=1?b=2', `/p?a=${R}`], ['/p?a%3D1', `/p?${R}`],
      ['http://bob:pw@h/p;sid=1?a=1', `http://${R}@h/p;sid=${R}?a=${R}`],
    ];
    for (const [url, written] of rows) assert.equal(redacted(url, { redactor: every }), written);
  });

  it('never show, whatever stands around them', () => {
    const random = new SeededRandom(3);
    const pieces = ['token', '=', '&', ';', '?', '#', '/', '//', ':', '@', '%', '%25', '%3D', '%26', '%40', '%2F', 'http', 'a', 'sig', ' ', '\\', '\xff', '[', '%253D'];
    const noise = (): string => Array.from({ length: random.below(9) }, () => pieces[random.below(pieces.length)]).join('');
    const secrets = ['&token=5ECRET&', '?%74oken=5ECRET&', ';sig=5ECRET', '%26token%3D5ECRET%26', 'http://bob:5ECRET@', '#password=5ECRET', '%3Fa%5Bpwd%5D=5ECRET'];
    for (let round = 0; round < 4000; round++) {
      const url = noise() + secrets[random.below(secrets.length)] + noise();
      for (const redactor of [named, every]) assert.doesNotMatch(redacted(url, { redactor, cut: random.below(4) === 0 }), /5ECRET/, url);
    }
  });

  it('a value that would grow without end has its rest replaced as a whole', () => {
    for (const [redactor, piece] of [[named, 'sig=a&'], [every, 'a&']] as const) {
      const url = `/?${piece.repeat(20_000)}`;
      const out = new Uint8Array(url.length + MAX_EXTRA_BYTES);
      const end = redactor.redact(latin1(url), 0, url.length, false, out, 0);
      assert.ok(end > 1000 && end <= out.length);
      assert.match(latin1Text(out.subarray(0, end)), /REDACTED$/);
      assert.doesNotMatch(latin1Text(out.subarray(0, end)), /=a|&a/);
    }
  });

  it('take time by the length of the value alone', () => {
    const took = cpuMs(() => {
      const out = new Uint8Array(262_144);
      const deep = Array.from({ length: 160 }, (_, depth) => `:%${'25'.repeat(depth)}2F%${'25'.repeat(depth)}2F`).join('');
      for (const piece of ['//', ':%2F%2F', '%25', 'http://a:b@', '/?token=;', 'token[', '%', ':/%2F', '@', 'a;', '?#;', deep]) {
        const url = latin1(`http:${piece.repeat(Math.ceil(131_072 / piece.length))}`).subarray(0, 131_072);
        for (const redactor of [named, every]) for (const cut of [false, true]) redactor.redact(url, 0, url.length, cut, out, 0);
      }
    });
    assert.ok(took < 3000, `${took} ms`);
  });
});
