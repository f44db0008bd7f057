import assert from 'node:assert/strict';
import { GATHER_BYTES, GATHER_MS, GatheredLines } from '../../src/pipeline/gathered_lines.js';
import { COUNTER, COUNTERS } from '../../src/record/counters.js';
import { type Block, makeBlocks, readBlock } from '../support/blocks.js';
import { latin1 } from '../support/fence.js';

const REGION_BYTES = GATHER_BYTES * 1.5;

describe('pipeline: gathered lines', () => {
  let passed: Block[];
  let lines: GatheredLines;
  let batch: number;

  beforeEach(() => {
    passed = [];
    batch = 40;
    const blocks = makeBlocks(2, 1, REGION_BYTES, false);
    lines = new GatheredLines(blocks, false, (number) => {
      passed.push(readBlock(blocks[number]));
      blocks[number].setFree();
    }, () => false);
  });

  /** A batch of one frame for each text. */
  function parse(source: number, watermarkSeconds: number, ...texts: string[]): void {
    const head = { batch: batch++, source, watermarkSeconds, watermarkNanoseconds: 7 };
    const counters = new Float64Array(COUNTERS);
    for (const text of texts) {
      const bytes = latin1(`${text}\n`);
      const at = lines.reserve(head, counters, 0, 1, bytes.length);
      lines.bytes.set(bytes, at);
      lines.commit(at + bytes.length, 0, 0);
      counters[COUNTER.LINE_BYTES] += bytes.length;
    }
    counters[COUNTER.FRAMES] = counters[COUNTER.PARSED] = texts.length;
    assert.equal(lines.finish(head, counters), true);
  }

  const textOf = ({ segments }: Block): string => segments.map(({ text }) => text).join('');

  it('batches of one source are one to the writer, with the sum of their counters and the last watermark', () => {
    parse(2, 100, 'a', 'b');
    parse(2, 101);
    parse(2, 102, 'c');
    assert.equal(passed.length, 0);
    assert.ok(lines.due <= performance.now() + GATHER_MS);
    assert.equal(lines.handOn(), true);
    assert.equal(lines.due, Infinity);
    assert.deepEqual(passed.map(({ batch: number, source, last, watermark }) => [number, source, last, watermark]), [[0, 2, true, [102, 7]]]);
    assert.equal(textOf(passed[0]), 'a\nb\nc\n');
    assert.deepEqual([passed[0].counters[COUNTER.FRAMES], passed[0].counters[COUNTER.LINE_BYTES]], [3, 6]);
    lines.handOn();
    assert.equal(passed.length, 1, 'nothing is handed on twice');
  });

  it('another source does not wait, and numbers and sums begin anew', () => {
    parse(0, 100, 'a');
    parse(1, 90);
    parse(0, 101, 'b');
    lines.handOn();
    assert.deepEqual(passed.map((block) => [block.batch, block.source, block.watermark[0], textOf(block), block.counters[COUNTER.FRAMES]]),
      [[0, 0, 100, 'a\n', 1], [1, 1, 90, '', 0], [2, 0, 101, 'b\n', 1]]);
  });

  it('many bytes do not wait', () => {
    parse(0, 100, 'x'.repeat(GATHER_BYTES * 0.75));
    assert.equal(passed.length, 0);
    parse(0, 101, 'y'.repeat(GATHER_BYTES * 0.5));
    assert.equal(passed.length, 1);
  });

  it('a block that is full is passed on before the end of what is gathered', () => {
    parse(0, 100, 'x'.repeat(GATHER_BYTES), 'y'.repeat(GATHER_BYTES));
    assert.deepEqual(passed.map((block) => [block.batch, block.last, textOf(block)[0]]), [[0, false, 'x'], [0, true, 'y']]);
    assert.equal(passed[1].counters[COUNTER.FRAMES], 2);
  });
});
