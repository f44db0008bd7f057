import assert from 'node:assert/strict';
import { COUNTERS } from '../../src/record/counters.js';
import {
  BLOCK, BLOCK_NUMBER, LineBlock, MAX_RECORDS, MAX_SEGMENTS, RECORD_WORDS, SEGMENT_WORDS, allocateLineBlock,
} from '../../src/ring/line_blocks.js';

describe('ring: line blocks', () => {
  it('have room for regions, segments, counters and, when merging, records', () => {
    const block = new LineBlock(allocateLineBlock(4, 100, true));
    assert.equal(block.bytes.length, 400);
    assert.equal(block.words.length, LineBlock.segment(MAX_SEGMENTS));
    assert.equal(block.numbers.length, BLOCK_NUMBER.COUNTERS + COUNTERS);
    assert.equal(block.records.length, MAX_RECORDS * RECORD_WORDS);
    assert.equal(new LineBlock(allocateLineBlock(1, 100, false)).records.length, 0);
  });

  it('segments lie behind the header words, side by side', () => {
    assert.ok(LineBlock.segment(0) > Math.max(...Object.values(BLOCK)));
    assert.equal(LineBlock.segment(7) - LineBlock.segment(6), SEGMENT_WORDS);
  });

  it('are free, then full, then free again, seen from either end', () => {
    const memory = allocateLineBlock(1, 100, false);
    const [worker, writer] = [new LineBlock(memory), new LineBlock(memory)];
    assert.equal(worker.waitFree(0), true);
    worker.setFull();
    const start = performance.now();
    assert.equal(worker.waitFree(20), false);
    assert.ok(performance.now() - start >= 15, 'waited');
    writer.setFree();
    assert.equal(worker.waitFree(0), true);
  });
});
