// The ring between real threads.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { BatchRingOwner, STOP_REQUEST, allocateBatchRing } from '../../src/ring/batch_ring.js';
import { type ContentionTask, type Taken, type Waited, publishBatch } from './contention.js';

function start(task: ContentionTask): Worker {
  return new Worker(new URL('./contention_worker.js', import.meta.url), { workerData: task });
}

async function report<T>(worker: Worker): Promise<T> {
  const [message] = await once(worker, 'message') as [T];
  return message;
}

function checkTaken(reports: readonly Taken[], batches: number): void {
  for (const { numbers, faults } of reports) {
    assert.deepEqual(faults, []);
    assert.ok(numbers.every((number, i) => i === 0 || number > numbers[i - 1]), 'each consumer goes forward');
  }
  const all = reports.flatMap(({ numbers }) => numbers).sort((a, b) => a - b);
  assert.deepEqual(all, Array.from({ length: batches }, (_, batch) => batch));
}

describe('ring: batches between threads', () => {
  it('three consumers race for 32,768 batches that are there: each is taken once, in order and whole', async () => {
    const batches = 32_768;
    const ring = allocateBatchRing(batches, 128, 4);
    const producer = new BatchProducer(ring);
    for (let batch = 0; batch < batches; batch++) {
      producer.acquire(0);
      publishBatch(producer, batch);
    }
    producer.end();
    const gate = new SharedArrayBuffer(4);
    const consumers = [1, 2, 3].map((seed) => start({ role: 'consume', ring, batches, seed, gate }));
    await Promise.all(consumers.map((worker) => report(worker)));
    const taken = consumers.map((worker) => report<Taken>(worker));
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
    checkTaken(await Promise.all(taken), batches);
  });

  it('one producer, three consumers: each of 20,000 batches is taken once, in order and whole, and all see the end', async () => {
    const batches = 20_000;
    const ring = allocateBatchRing(8, 128, 4);
    const consumers = [11, 12, 13].map((seed) => start({ role: 'consume', ring, batches, seed }));
    const taken = consumers.map((worker) => report<Taken>(worker));
    const producer = start({ role: 'produce', ring, batches, seed: 10 });
    assert.equal(await report<number>(producer), batches);
    checkTaken(await Promise.all(taken), batches);
    await Promise.all([...consumers, producer].map((worker) => worker.terminate()));
  });

  describe('a producer that waits for a slot', () => {
    async function waiting(): Promise<{ worker: Worker; ring: ReturnType<typeof allocateBatchRing> }> {
      const ring = allocateBatchRing(2, 64, 1);
      const producer = new BatchProducer(ring);
      for (let batch = 0; batch < 2; batch++) {
        producer.acquire(0);
        producer.publish(0, 1, 0, 0);
      }
      const worker = start({ role: 'wait for a slot', ring, batches: 0, seed: 1 });
      assert.equal(await report(worker), 'waiting');
      await delay(30);
      return { worker, ring };
    }

    it('is woken by release()', async () => {
      const { worker, ring } = await waiting();
      const consumer = new BatchConsumer(ring);
      assert.equal(consumer.claim(0), CLAIM.TAKEN);
      consumer.release();
      const { acquired, ms } = await report<Waited>(worker);
      assert.ok(acquired && ms < 30_000, `${ms} ms`);
    });

    it('is woken by a stop', async () => {
      const { worker, ring } = await waiting();
      new BatchRingOwner(ring).requestStop(STOP_REQUEST.DRAIN);
      const { acquired, ms } = await report<Waited>(worker);
      assert.ok(!acquired && ms < 30_000, `${ms} ms`);
    });
  });
});
