// Line blocks between a real worker and the writer.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { allocateLineBlock, LineBlock } from '../../src/ring/line_blocks.js';
import { type Block, readBlock } from '../support/blocks.js';
import type { LineWriterTask } from './line_output_worker.js';

describe('pipeline: line output between threads', () => {
  it('every line of 2000 batches arrives once and in order, however late the writer gives blocks back', async () => {
    const memories = [0, 1].map(() => allocateLineBlock(1, 100, false));
    const blocks = memories.map((memory) => new LineBlock(memory));
    const task: LineWriterTask = { blocks: memories, batches: 2000, linesPerBatch: 12 };
    const worker = new Worker(new URL('./line_output_worker.js', import.meta.url), { workerData: task });
    const passed: Block[] = [];
    worker.on('message', async (number: number) => {
      passed.push(readBlock(blocks[number]));
      if (passed.length % 3 === 0) await turn();
      blocks[number].setFree();
    });
    await once(worker, 'exit');
    while (passed.filter(({ last }) => last).length < task.batches) await turn();
    const lines = passed.flatMap(({ segments }) => segments).flatMap(({ text }) => text.split('\n').slice(0, -1));
    assert.deepEqual(lines, Array.from({ length: task.batches * task.linesPerBatch }, (_, i) => `line ${i}`));
    const last = passed.filter((block) => block.last);
    assert.deepEqual(last.map(({ batch }) => batch), Array.from({ length: task.batches }, (_, i) => i));
    assert.ok(last.every(({ batch, counters }) => counters.every((count) => count === batch)), 'counters of their batch');
  });
});
