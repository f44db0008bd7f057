import assert from 'node:assert/strict';
import { BatchOrder } from '../../src/log/batch_order.js';
import { BLOCK, type LineBlock } from '../../src/ring/line_blocks.js';
import { fill, makeBlock } from './support.js';

function block(batch: number, last: boolean): LineBlock {
  const made = makeBlock();
  fill(made, { batch, last, lines: [] });
  return made;
}

function takeAll(order: BatchOrder): number[] {
  const batches: number[] = [];
  for (let taken = order.take(); taken !== undefined; taken = order.take()) batches.push(taken.words[BLOCK.BATCH] >>> 0);
  return batches;
}

describe('BatchOrder', () => {
  it('waits for the next batch, whatever else has come', () => {
    const order = new BatchOrder(0);
    order.add(block(2, true));
    order.add(block(1, true));
    assert.deepEqual(takeAll(order), []);
    order.add(block(0, true));
    assert.deepEqual(takeAll(order), [0, 1, 2]);
  });

  it('gives the first blocks of a batch before its last has come, and nothing of the next batch', () => {
    const order = new BatchOrder(0);
    order.add(block(1, true));
    order.add(block(0, false));
    order.add(block(0, false));
    assert.deepEqual(takeAll(order), [0, 0]);
    assert.deepEqual(takeAll(order), []);
    order.add(block(0, true));
    assert.deepEqual(takeAll(order), [0, 1]);
  });

  it('counts on over the wrap of the batch number', () => {
    const order = new BatchOrder(0xfffffffe);
    for (const batch of [1, 0, 0xffffffff, 0xfffffffe]) order.add(block(batch, true));
    assert.deepEqual(takeAll(order), [0xfffffffe, 0xffffffff, 0, 1]);
  });

  it('wraps in the middle of the signed range too', () => {
    const order = new BatchOrder(0x7fffffff);
    order.add(block(0x80000000, true));
    order.add(block(0x7fffffff, true));
    assert.deepEqual(takeAll(order), [0x7fffffff, 0x80000000]);
  });

  it('skips to the oldest batch there is when the missing ones are given up', () => {
    const order = new BatchOrder(0xffffffff);
    order.add(block(5, true));
    order.add(block(2, true));
    order.skipMissing();
    assert.deepEqual(takeAll(order), [2]);
    order.skipMissing();
    assert.deepEqual(takeAll(order), [5]);
    order.skipMissing();
    assert.deepEqual(takeAll(order), []);
  });
});
