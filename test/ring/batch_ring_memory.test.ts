// Batches whose frames lie outside the ring, and when nobody reads them any more.

import assert from 'node:assert/strict';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { FRAME, allocateBatchRing } from '../../src/ring/batch_ring.js';

const SLOTS = 4;
const outside = Uint8Array.of(10, 11, 12, 13);

describe('ring: frames in other memory', () => {
  let producer: BatchProducer;
  let consumer: BatchConsumer;
  let viewed: [number, number][];
  beforeEach(() => {
    const memory = allocateBatchRing(SLOTS, 64, 3);
    viewed = [];
    producer = new BatchProducer(memory);
    consumer = new BatchConsumer(memory, (address, bytes) => {
      viewed.push([address, bytes]);
      return outside;
    });
  });

  function publish(): number {
    assert.equal(producer.acquire(0), true);
    const batch = producer.openBatch;
    producer.publish(0, 1, 0, 0);
    return batch;
  }

  it('a worker sees the memory that the batch names, and the ring again with the next batch', () => {
    producer.acquire(0);
    producer.lieAt(2 ** 46 + 4096, 4);
    producer.add(2, 1, 1, 0, 0, 0);
    producer.publish(0, 1, 0, 0);
    producer.acquire(0);
    producer.bytes[producer.start] = 77;
    producer.add(producer.start, 1, 1, 0, 0, 0);
    producer.publish(0, 2, 0, 0);
    for (const expected of [12, 77]) {
      assert.equal(consumer.claim(0), CLAIM.TAKEN);
      assert.equal(consumer.bytes[consumer.index[consumer.firstWord + FRAME.OFFSET]], expected);
      consumer.release();
    }
    assert.deepEqual(viewed, [[2 ** 46 + 4096, 4]]);
  });

  it('an open slot without frames forgets the memory when it is asked for again: another source may fill it', () => {
    producer.acquire(0);
    producer.lieAt(4096, 4);
    producer.acquire(0);
    producer.publish(0, 1, 0, 0);
    assert.equal(consumer.claim(0), CLAIM.TAKEN);
    assert.deepEqual(viewed, []);
  });

  it('an open slot with frames keeps it', () => {
    producer.acquire(0);
    producer.lieAt(4096, 4);
    producer.add(0, 1, 1, 0, 0, 0);
    producer.acquire(0);
    producer.publish(0, 1, 0, 0);
    assert.equal(consumer.claim(0), CLAIM.TAKEN);
    assert.deepEqual(viewed, [[4096, 4]]);
  });

  it('a consumer that was given no way to view other memory says so', () => {
    const memory = allocateBatchRing(2, 64, 3);
    const blind = new BatchConsumer(memory);
    const source = new BatchProducer(memory);
    source.acquire(0);
    source.lieAt(4096, 4);
    source.add(0, 1, 1, 0, 0, 0);
    source.publish(0, 1, 0, 0);
    assert.throws(() => blind.claim(0), /0x1000/);
  });

  it('a batch is released only after a worker has given it back', () => {
    producer.acquire(0);
    const open = producer.openBatch;
    assert.equal(producer.isReleased(open), false);
    assert.equal(publish(), open);
    assert.equal(producer.isReleased(open), false);
    consumer.claim(0);
    assert.equal(producer.isReleased(open), false);
    consumer.release();
    assert.equal(producer.isReleased(open), true);
  });

  it('and stays so when its slot is used again', () => {
    const first = publish();
    for (let later = 1; later <= 2 * SLOTS; later++) {
      consumer.claim(0);
      consumer.release();
      const batch = publish();
      assert.deepEqual([producer.isReleased(first), producer.isReleased(batch)], [true, false], `${later} later`);
    }
  });
});
