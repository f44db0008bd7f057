import assert from 'node:assert/strict';
import { HeaderFields } from '../../src/http/headers.js';
import { latin1, latin1Text, readSafely } from '../support/fence.js';

const NAMES = ['Host', 'User-Agent', 'Content-Length', 'Content-Type', 'X'];

interface Section {
  /** by name, only those that are there */
  readonly fields: Readonly<Record<string, string>>;
  /** offset behind the empty line, -1 when the section does not end */
  readonly end: number;
}

function read(section: string): Section {
  return readSafely(latin1(section), ({ bytes, at, end }) => {
    const headers = new HeaderFields(NAMES);
    const behind = headers.scan(bytes, at, end);
    const fields: Record<string, string> = {};
    NAMES.forEach((name, slot) => {
      const start = headers.start[slot];
      if (start < 0) return;
      assert.ok(start >= at && headers.end[slot] >= start && headers.end[slot] <= end, 'inside the section');
      fields[name] = latin1Text(Uint8Array.from({ length: headers.end[slot] - start }, (_, i) => bytes[start + i]));
    });
    return { fields, end: behind < 0 ? -1 : behind - at };
  });
}

const fieldsOf = (section: string): Readonly<Record<string, string>> => read(section).fields;

describe('http: header fields', () => {
  const rows: readonly (readonly [title: string, section: string, fields: Readonly<Record<string, string>>])[] = [
    ['in their order', 'Host: a\r\nUser-Agent: b\r\n\r\n', { Host: 'a', 'User-Agent': 'b' }],
    ['in any order, among others', 'Accept: */*\r\nUser-Agent: b\r\nVia: c\r\nHost: a\r\n\r\n', { Host: 'a', 'User-Agent': 'b' }],
    ['in any case', 'hOST: a\r\nUSER-agent: b\r\ncontent-LENGTH: 1\r\n\r\n', { Host: 'a', 'User-Agent': 'b', 'Content-Length': '1' }],
    ['without white space', 'Host:a\r\n\r\n', { Host: 'a' }],
    ['with optional white space around', 'Host: \t a b\t \t\r\n\r\n', { Host: 'a b' }],
    ['with LF alone', 'Host: a\nUser-Agent: b\n\n', { Host: 'a', 'User-Agent': 'b' }],
    ['with several CR before LF', 'Host: a\r\r\nUser-Agent: b\r\r\r\n\r\r\n', { Host: 'a', 'User-Agent': 'b' }],
    ['empty', 'Host:\r\nUser-Agent: \t \r\n\r\n', { Host: '', 'User-Agent': '' }],
    ['with a bare CR inside, which is no line end', 'Host: a\rUser-Agent: b\r\n\r\n', { Host: 'a\rUser-Agent: b' }],
    ['the first of a name', 'Host: a\r\nHost: b\r\nhost: c\r\n\r\n', { Host: 'a' }],
    ['the first of a name, also when it is empty', 'Host:\r\nHost: b\r\n\r\n', { Host: '' }],
    ['of one letter', 'x: 1\r\n\r\n', { X: '1' }],
    ['with colons in the value', 'Host: a:80:\r\n\r\n', { Host: 'a:80:' }],
    ['with bytes above ASCII', 'Host: \xe9\xff\r\n\r\n', { Host: '\xe9\xff' }],
    ['cut in the value', 'Host: exam', { Host: 'exam' }],
    ['cut behind CR', 'Host: exam\r', { Host: 'exam' }],
    ['cut behind the colon', 'Host:', { Host: '' }],
    ['cut in the name', 'Hos', {}],
    ['cut before the colon', 'Host', {}],
    ['not where a name only begins or ends the same', 'Hosts: a\r\nHos: b\r\nX-Host: c\r\nContent-Lengths: 1\r\n\r\n', {}],
    ['not with white space before the colon', 'Host : a\r\n\r\n', {}],
    ['not in a folded line', 'Accept: b\r\n Host: a\r\n\tUser-Agent: c\r\n\r\n', {}],
    ['not behind the empty line', 'Accept: b\r\n\r\nHost: a\r\n\r\n', {}],
    ['not behind an empty first line', '\r\nHost: a\r\n\r\n', {}],
    ['not where a control byte looks like the other case', '\x48\x4f\x53\x14: a\r\nUser\x0dAgent: b\r\n\r\n', {}],
  ];
  for (const [title, section, fields] of rows) {
    it(`are found ${title}`, () => assert.deepEqual(fieldsOf(section), fields));
  }

  it('of a folded value only the first line counts', () => assert.equal(fieldsOf('Host: a\r\n b\r\n\r\n')['Host'], 'a'));

  it('end at the empty line, CRLF, LF or mixed', () => {
    for (const section of ['\r\n', '\n', 'A: b\r\n\r\n', 'A: b\n\n', 'A: b\r\n\n', 'A: b\n\r\n']) {
      assert.equal(read(`${section}body\r\n\r\n`).end, section.length, JSON.stringify(section));
    }
  });

  it('do not end otherwise', () => {
    for (const section of ['', '\r', 'A', 'A: b', 'A: b\r\n', 'A: b\n', 'A: b\r\n\r', '\r\r', 'A: b\r\r', 'A: b\r\n \r\n']) {
      assert.equal(read(section).end, -1, JSON.stringify(section));
    }
  });

  it('a name matches letters in either case and no other byte', () => {
    for (let byte = 0; byte < 256; byte++) {
      const character = String.fromCharCode(byte);
      assert.equal('Host' in fieldsOf(`H${character}st: a\r\n\r\n`), character === 'o' || character === 'O', `byte ${byte}`);
      assert.equal('User-Agent' in fieldsOf(`User${character}Agent: a\r\n\r\n`), character === '-', `byte ${byte}`);
      assert.equal('X' in fieldsOf(`x${character} a\r\n\r\n`), character === ':', `byte ${byte}`);
    }
  });

  it('at every truncation length a value is the beginning of the whole one', () => {
    const full = 'Host: example.com\r\nX:\r\nUser-Agent:  curl/8 (x y)  \r\nContent-Type: text/html\n\r\n';
    const whole = fieldsOf(full);
    for (let length = 0; length < full.length; length++) {
      const { fields, end } = read(full.slice(0, length));
      assert.equal(end, -1);
      for (const [name, value] of Object.entries(fields)) assert.ok(whole[name].startsWith(value), `${name} at ${length}`);
    }
  });

  it('wanted twice are found twice', () => {
    const section = latin1('Via: a\r\nHost: b\r\nHOST: c\r\n\r\n');
    const headers = new HeaderFields(['Host', 'Via', 'host']);
    headers.scan(section, 0, section.length);
    assert.deepEqual([...headers.start], [14, 5, 14]);
    assert.deepEqual([...headers.end], [15, 6, 15]);
  });

  it('of the last scan are forgotten', () => {
    const headers = new HeaderFields(['Host']);
    headers.scan(latin1('Host: a\r\n\r\n'), 0, 11);
    headers.scan(latin1('Via: a\r\n\r\n'), 0, 10);
    assert.equal(headers.start[0], -1);
  });
});
