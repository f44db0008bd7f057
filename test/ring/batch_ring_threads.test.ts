// The ring between real threads.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { BatchConsumer, BatchProducer, BatchRingOwner, CLAIM, STOP_REQUEST, allocateBatchRing } from '../../src/ring/batch_ring.js';
import type { ContentionTask, Taken, Waited } from './contention.js';

function start(task: ContentionTask): Worker {
  return new Worker(new URL('./contention_worker.js', import.meta.url), { workerData: task });
}

async function report<T>(worker: Worker): Promise<T> {
  const [message] = await once(worker, 'message') as [T];
  return message;
}

describe('ring: batches between threads', () => {
  it('one producer, three consumers: each of 20,000 batches is taken once, in order and whole, and all see the end', async () => {
    const batches = 20_000;
    const ring = allocateBatchRing(8, 128, 4);
    const consumers = [11, 12, 13].map((seed) => start({ role: 'consume', ring, batches, seed }));
    const taken = consumers.map((worker) => report<Taken>(worker));
    const producer = start({ role: 'produce', ring, batches, seed: 10 });
    assert.equal(await report<number>(producer), batches);
    const reports = await Promise.all(taken);
    for (const { numbers, faults } of reports) {
      assert.deepEqual(faults, []);
      assert.ok(numbers.every((number, i) => i === 0 || number > numbers[i - 1]), 'each consumer goes forward');
    }
    const all = reports.flatMap(({ numbers }) => numbers).sort((a, b) => a - b);
    assert.deepEqual(all, Array.from({ length: batches }, (_, batch) => batch));
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
      assert.ok(acquired && ms < 5000, `${ms} ms`);
    });

    it('is woken by a stop', async () => {
      const { worker, ring } = await waiting();
      new BatchRingOwner(ring).requestStop(STOP_REQUEST.DRAIN);
      const { acquired, ms } = await report<Waited>(worker);
      assert.ok(!acquired && ms < 5000, `${ms} ms`);
    });
  });
});
