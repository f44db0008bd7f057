import assert from 'node:assert/strict';
import { copyRange, wholeLines } from '../../src/log/lines.js';

const PARTS = ['one\ntw', '', 'o\n\nfo', 'ur\n'].map((text) => Buffer.from(text));
const TEXT = Buffer.concat(PARTS);

describe('wholeLines', () => {
  it('counts the lines that end inside the limit, for every limit', () => {
    for (let limit = 0; limit <= TEXT.length; limit++) {
      const head = TEXT.toString('latin1', 0, limit);
      const expected = { lines: head.split('\n').length - 1, bytes: head.lastIndexOf('\n') + 1 };
      assert.deepEqual(wholeLines(PARTS, limit), expected, `limit ${String(limit)}`);
    }
  });
});

describe('copyRange', () => {
  it('copies any range across the parts', () => {
    for (let from = 0; from <= TEXT.length; from++) {
      for (let to = from; to <= TEXT.length; to++) {
        assert.deepEqual(Buffer.from(copyRange(PARTS, from, to)), TEXT.subarray(from, to), `${String(from)} to ${String(to)}`);
      }
    }
  });
});
