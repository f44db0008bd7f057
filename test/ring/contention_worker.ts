// A thread of batch_ring_threads.test.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { FRAME, FRAME_WORDS } from '../../src/ring/batch_ring.js';
import { SeededRandom } from '../support/random.js';
import { type ContentionTask, type Taken, type Waited, byteOf, framesOf, lengthOf, publishBatch } from './contention.js';

const task = workerData as ContentionTask;

if (task.role === 'produce') parentPort?.postMessage(produce(task));
else if (task.role === 'consume') parentPort?.postMessage(consume(task));
else parentPort?.postMessage(waitForSlot(task));

/** @returns how many batches were published */
function produce({ ring, batches, seed }: ContentionTask): number {
  const producer = new BatchProducer(ring);
  const random = new SeededRandom(seed);
  for (let batch = 0; batch < batches; batch++) {
    while (!producer.acquire(1000));
    publishBatch(producer, batch);
    dawdle(random);
  }
  producer.end();
  return batches;
}

function consume({ ring, seed, gate }: ContentionTask): Taken {
  const consumer = new BatchConsumer(ring);
  const random = new SeededRandom(seed);
  const numbers: number[] = [];
  const faults: string[] = [];
  if (gate !== undefined) {
    parentPort?.postMessage('at the gate');
    Atomics.wait(new Int32Array(gate), 0, 0);
  }
  for (;;) {
    const claim = consumer.claim(1000);
    if (claim === CLAIM.ENDED) return { numbers, faults };
    if (claim === CLAIM.NOTHING) continue;
    if (gate === undefined) dawdle(random);
    const batch = consumer.watermarkSeconds;
    numbers.push(batch);
    const fault = faultOf(consumer, batch);
    if (fault !== undefined && faults.length < 10) faults.push(`batch ${batch}: ${fault}`);
    consumer.release();
  }
}

function faultOf(consumer: BatchConsumer, batch: number): string | undefined {
  if (consumer.batch !== batch) return `numbered ${consumer.batch}`;
  if (consumer.frames !== framesOf(batch)) return `${consumer.frames} frames`;
  if (consumer.firstFrame !== batch * 10 + 1 || consumer.source !== (batch & 4095)) return 'head of another batch';
  for (let frame = 0; frame < consumer.frames; frame++) {
    const word = consumer.firstWord + frame * FRAME_WORDS;
    const offset = consumer.index[word + FRAME.OFFSET];
    const length = consumer.index[word + FRAME.LENGTH];
    if (length !== lengthOf(batch, frame) || consumer.index[word + FRAME.SECONDS] !== batch) return `index of frame ${frame}`;
    for (let i = 0; i < length; i++) if (consumer.bytes[offset + i] !== byteOf(batch, frame, i)) return `byte ${i} of frame ${frame}`;
  }
  return undefined;
}

/** Waits for the slot behind the published ones, longer than the test would. */
function waitForSlot({ ring }: ContentionTask): Waited {
  const producer = new BatchProducer(ring);
  parentPort?.postMessage('waiting');
  const start = performance.now();
  const acquired = producer.acquire(60_000);
  return { acquired, ms: performance.now() - start };
}

/** Now and then a little work, so that the threads meet in ever new orders. */
function dawdle(random: SeededRandom): void {
  if (random.below(8) !== 0) return;
  for (let spin = random.below(2000); spin > 0; spin--) random.next();
}
