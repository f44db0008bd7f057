// What a line says of a message can be read back to the bytes of the wire, whatever they are.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JsonFormat } from '../../src/record/json.js';
import { writeJsonText } from '../../src/record/json_text.js';
import { utcOffset } from '../../src/record/clock.js';
import { TextFormat } from '../../src/record/text.js';
import { writeTsvText } from '../../src/record/tsv_text.js';
import { type Fenced, latin1Text, readSafely } from '../support/fence.js';
import { lineOf } from '../support/records.js';
import { anyBytes, fieldValue, target } from './arbitrary.js';

/** The bytes that a line stands for: \xHH is a byte, everything else is itself. @param text one character a byte */
function unescape(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** A column of text: `-` stands for an absent or empty value. */
const column = (text: string): string => (text === '-' ? '' : unescape(text));

/** A string of JSON: what is not escaped is UTF-8. */
const jsonBytes = (text: string): string => unescape(Buffer.from(text, 'utf8').toString('latin1'));

const text = new TextFormat({ zone: utcOffset, addVlan: false, addInterface: false });
const json = new JsonFormat();
const request = fc.record({ asked: target.map(latin1Text), host: fieldValue.map(latin1Text), agent: fieldValue.map(latin1Text) });
const onWire = ({ asked, host, agent }: { asked: string; host: string; agent: string }): string => (
  `GET ${asked} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\n\r\n`);

describe('property: lines', () => {
  it('text: the columns of a request unescape to its bytes', () => {
    fc.assert(fc.property(request, (parts) => {
      const line = lineOf(text, onWire(parts));
      assert.match(line, /^[\x20-\x7e]*\n$/);
      const [, , , , kind, method, asked, version, host, ...agent] = line.slice(0, -1).split(' ');
      assert.deepEqual([kind, method, version], ['CQ', 'GET', 'HTTP/1.1']);
      assert.deepEqual([asked, host, agent.join(' ')].map(column), [parts.asked, parts.host, parts.agent]);
    }));
  });

  it('text: the columns of a response do, taken from both ends', () => {
    const response = fc.record({ length: fieldValue.map(latin1Text), type: fieldValue.map((bytes) => latin1Text(bytes.filter((byte) => byte !== 0x20))) });
    fc.assert(fc.property(response, ({ length, type }) => {
      const line = lineOf(text, `HTTP/1.1 404 Not Found\r\nContent-Length: ${length}\r\nContent-Type: ${type}\r\n\r\n`);
      const columns = line.slice(0, -1).split(' ');
      assert.deepEqual(columns.slice(4, -2), ['CR', 'HTTP/1.1', '404', 'Not', 'Found']);
      assert.deepEqual(columns.slice(-2).map(column), [length, type]);
    }));
  });

  it('json: the strings of a record unescape to its bytes', () => {
    fc.assert(fc.property(request, (parts) => {
      const line = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(lineOf(json, onWire(parts)), 'latin1'));
      const record = JSON.parse(line) as Record<string, string>;
      assert.deepEqual([record['target'], record['host'], record['user_agent']].map(jsonBytes), [parts.asked, parts.host, parts.agent]);
    }));
  });

  it('json and tsv: every bytes are a string that says which they were, and valid UTF-8', () => {
    const write = (bytes: Uint8Array, writer: (out: Uint8Array, fence: Fenced) => number): string => readSafely(bytes, (fence) => {
      const out = new Uint8Array(bytes.length * 5 + 16);
      return latin1Text(out.subarray(0, writer(out, fence)));
    });
    const decode = (written: string): string => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(written, 'latin1'));
    fc.assert(fc.property(anyBytes, fc.boolean(), (bytes, first) => {
      const string = JSON.parse(decode(write(bytes, (out, { bytes: from, at, end }) => writeJsonText(out, 0, from, at, end)))) as string;
      assert.equal(jsonBytes(string), latin1Text(bytes));
      const tsv = decode(write(bytes, (out, { bytes: from, at, end }) => writeTsvText(out, 0, from, at, end, first)));
      assert.doesNotMatch(tsv, /[\u0000-\u001f\u007f-\u009f]|^-?$/);
      assert.equal(first && tsv.startsWith('#'), false);
      assert.equal(tsv === '(empty)' ? '' : jsonBytes(tsv), latin1Text(bytes));
    }));
  });
});
