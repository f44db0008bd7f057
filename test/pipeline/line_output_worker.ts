// A thread of line_output_threads.test.ts: writes numbered lines, a batch at a time.

import { parentPort, workerData } from 'node:worker_threads';
import { LineOutput } from '../../src/pipeline/line_output.js';
import { COUNTERS } from '../../src/record/counters.js';
import { LineBlock, type LineBlockMemory } from '../../src/ring/line_blocks.js';
import { latin1 } from '../support/fence.js';

export interface LineWriterTask {
  readonly blocks: readonly LineBlockMemory[];
  readonly batches: number;
  readonly linesPerBatch: number;
}

const { blocks, batches, linesPerBatch } = workerData as LineWriterTask;
const output = new LineOutput(
  blocks.map((memory) => new LineBlock(memory)), false, (block) => parentPort?.postMessage(block), () => false,
);

for (let batch = 0; batch < batches; batch++) {
  const head = { batch, source: 0, watermarkSeconds: 0, watermarkNanoseconds: 0 };
  const counters = new Float64Array(COUNTERS).fill(batch);
  for (let i = 0; i < linesPerBatch; i++) {
    const line = latin1(`line ${batch * linesPerBatch + i}\n`);
    const at = output.reserve(head, counters, 0, 1, line.length);
    output.bytes.set(line, at);
    output.commit(at + line.length, 0, 0);
  }
  output.finish(head, counters);
}
