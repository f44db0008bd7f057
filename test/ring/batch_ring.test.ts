// The ring seen from one thread; batch_ring_threads.test.ts has several.

import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { BatchRingOwner, type BatchRingMemory, FRAME, FRAME_WORDS, STOP_REQUEST, allocateBatchRing } from '../../src/ring/batch_ring.js';

const SLOTS = 4;
const SLOT_BYTES = 64;
const SLOT_FRAMES = 3;

interface Ends {
  readonly memory: BatchRingMemory;
  readonly producer: BatchProducer;
  readonly consumer: BatchConsumer;
}

/** @param firstBatch number of the first batch, modulo 2^32 */
function ends(firstBatch = 0): Ends {
  const memory = allocateBatchRing(SLOTS, SLOT_BYTES, SLOT_FRAMES);
  // PUBLISHED and CLAIMED, as the diagram in batch_ring.ts has them.
  new Int32Array(memory.control).fill(firstBatch, 0, 2);
  return { memory, producer: new BatchProducer(memory), consumer: new BatchConsumer(memory) };
}

/** Publishes a batch of one frame that holds its number. */
function publish(producer: BatchProducer, number: number): void {
  assert.equal(producer.acquire(0), true);
  producer.bytes[producer.start] = number;
  producer.add(producer.start, 1, 1, 0, 0, 0);
  producer.publish(0, number, 0, 0);
}

/** Takes and releases a batch, and answers the number its frame holds. */
function take(consumer: BatchConsumer): number {
  assert.equal(consumer.claim(0), CLAIM.TAKEN);
  const number = consumer.bytes[consumer.index[consumer.firstWord + FRAME.OFFSET]];
  assert.equal(consumer.firstFrame, number);
  consumer.release();
  return number;
}

/** A busy machine may let a thread wait for its turn; not so long. */
const LONG_MS = 30_000;

function elapsedMs(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

describe('ring: batches', () => {
  it('the number of slots must be a power of two', () => {
    for (const slots of [0, 1, 3, 6, 12]) assert.throws(() => allocateBatchRing(slots, 8, 1), RangeError);
    for (const slots of [2, 4, 64]) assert.equal(allocateBatchRing(slots, 8, 1).bytes.byteLength, slots * 8);
  });

  it('a frame arrives as it was listed', () => {
    const { producer, consumer } = ends();
    assert.equal(producer.acquire(0), true);
    producer.bytes.set([1, 2, 3, 4, 5], producer.start + 8);
    producer.add(producer.start + 8, 5, 1500, 1567347411, 999_999_999, 9);
    producer.add(producer.start + 9, 0, 0, 2 ** 32 * 3 + 7, 0, 4095);
    producer.publish(17, 1001, 123, 456);
    assert.equal(consumer.waiting, 1);
    assert.equal(consumer.claim(0), CLAIM.TAKEN);
    assert.deepEqual(
      [consumer.batch, consumer.source, consumer.frames, consumer.firstFrame, consumer.watermarkSeconds, consumer.watermarkNanoseconds],
      [0, 17, 2, 1001, 123, 456],
    );
    const words = (frame: number): number[] => {
      const at = consumer.firstWord + frame * FRAME_WORDS;
      return [FRAME.LENGTH, FRAME.WIRE_LENGTH, FRAME.SECONDS, FRAME.SECONDS_HIGH, FRAME.NANOSECONDS, FRAME.LINK]
        .map((word) => consumer.index[at + word]);
    };
    assert.deepEqual(words(0), [5, 1500, 1567347411, 0, 999_999_999, 9]);
    assert.deepEqual(words(1), [0, 0, 7, 3, 0, 4095]);
    const offset = consumer.index[consumer.firstWord + FRAME.OFFSET];
    assert.deepEqual([...consumer.bytes.subarray(offset, offset + 5)], [1, 2, 3, 4, 5]);
  });

  it('slots lie side by side, and a slot lists no more than its frames', () => {
    const { producer } = ends();
    for (let slot = 0; slot < SLOTS; slot++) {
      assert.equal(producer.acquire(0), true);
      assert.deepEqual([producer.start, producer.limit, producer.room], [slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES, SLOT_FRAMES]);
      for (let frame = 0; frame < SLOT_FRAMES; frame++) producer.add(producer.start, 1, 1, 0, 0, 0);
      assert.equal(producer.room, 0);
      producer.publish(0, 1, 0, 0);
    }
  });

  it('a batch without frames carries a watermark', () => {
    const { producer, consumer } = ends();
    producer.acquire(0);
    producer.publish(2, 1, 55, 66);
    assert.equal(consumer.claim(0), CLAIM.TAKEN);
    assert.deepEqual([consumer.frames, consumer.source, consumer.watermarkSeconds, consumer.watermarkNanoseconds], [0, 2, 55, 66]);
  });

  it('acquire() again before publish() is the same slot, with what it lists', () => {
    const { producer } = ends();
    producer.acquire(0);
    producer.add(producer.start, 1, 1, 0, 0, 0);
    const { start } = producer;
    assert.equal(producer.acquire(0), true);
    assert.deepEqual([producer.start, producer.frames], [start, 1]);
  });

  it('batches are taken in order, each once, by whoever comes', () => {
    const { producer, consumer, memory } = ends();
    const other = new BatchConsumer(memory);
    for (let number = 1; number <= SLOTS; number++) publish(producer, number);
    assert.deepEqual([take(consumer), take(other), take(other), take(consumer)], [1, 2, 3, 4]);
    assert.equal(other.claim(0), CLAIM.NOTHING);
  });

  describe('a worker that died over its batch', () => {
    it('leaves it to an heir: its number and head, and the slot is free when that releases it', () => {
      const { producer, consumer, memory } = ends();
      const dead = new BatchConsumer(memory, undefined, 1);
      for (let number = 1; number <= SLOTS; number++) publish(producer, number);
      assert.equal(take(consumer), 1);
      assert.equal(dead.claim(0), CLAIM.TAKEN);
      publish(producer, 5);
      assert.equal(producer.acquire(0), false);
      const heir = new BatchConsumer(memory);
      assert.equal(heir.heldBy(1), 1);
      assert.equal(heir.adopt(1), true);
      assert.deepEqual([heir.batch, heir.frames, heir.firstFrame, heir.source], [dead.batch, dead.frames, dead.firstFrame, dead.source]);
      heir.release();
      assert.equal(heir.adopt(1), false);
      publish(producer, 6);
      assert.deepEqual([take(consumer), take(consumer), take(consumer), take(consumer)], [3, 4, 5, 6]);
    });

    it('had none, where it had claimed none or released it', () => {
      const { producer, consumer, memory } = ends();
      const heir = new BatchConsumer(memory);
      assert.equal(heir.adopt(0), false);
      publish(producer, 1);
      assert.equal(heir.adopt(0), false);
      take(consumer);
      assert.equal(heir.adopt(0), false);
    });
  });

  describe('a full ring', () => {
    it('makes the producer wait for its time and no longer', () => {
      const { producer, consumer } = ends();
      for (let number = 1; number <= SLOTS; number++) publish(producer, number);
      assert.equal(consumer.waiting, SLOTS);
      const ms = elapsedMs(() => assert.equal(producer.acquire(30), false));
      assert.ok(ms >= 25 && ms < LONG_MS, `${ms} ms`);
      assert.equal(consumer.claim(0), CLAIM.TAKEN);
      assert.equal(producer.acquire(0), false, 'taken is not free');
      consumer.release();
      publish(producer, 5);
    });

    it('goes on in order when a later slot comes back first', () => {
      const { producer, consumer, memory } = ends();
      const slow = new BatchConsumer(memory);
      for (let number = 1; number <= SLOTS; number++) publish(producer, number);
      assert.equal(slow.claim(0), CLAIM.TAKEN);
      assert.equal(take(consumer), 2);
      assert.equal(producer.acquire(0), false, 'the slot of batch 1 is next, and still taken');
      slow.release();
      publish(producer, 5);
      publish(producer, 6);
      assert.deepEqual([take(consumer), take(consumer), take(consumer), take(consumer)], [3, 4, 5, 6]);
    });
  });

  describe('an empty ring', () => {
    it('makes a consumer wait for its time and no longer', () => {
      const { consumer } = ends();
      const ms = elapsedMs(() => assert.equal(consumer.claim(30), CLAIM.NOTHING));
      assert.ok(ms >= 25 && ms < LONG_MS, `${ms} ms`);
    });

    it('that has ended says so, after the last batch', () => {
      const { producer, consumer } = ends();
      publish(producer, 1);
      producer.end();
      assert.equal(take(consumer), 1);
      const ms = elapsedMs(() => assert.equal(consumer.claim(2 * LONG_MS), CLAIM.ENDED));
      assert.ok(ms < LONG_MS, 'without waiting');
    });
  });

  describe('a stop', () => {
    it('is seen by both ends and never becomes weaker', () => {
      const { memory, producer, consumer } = ends();
      const owner = new BatchRingOwner(memory);
      assert.equal(producer.stopRequest, STOP_REQUEST.RUN);
      for (const [request, seen] of [
        [STOP_REQUEST.DRAIN, STOP_REQUEST.DRAIN], [STOP_REQUEST.RUN, STOP_REQUEST.DRAIN],
        [STOP_REQUEST.ABANDON, STOP_REQUEST.ABANDON], [STOP_REQUEST.DRAIN, STOP_REQUEST.ABANDON],
      ]) {
        owner.requestStop(request);
        assert.deepEqual([producer.stopRequest, consumer.stopRequest, owner.stopRequest], [seen, seen, seen]);
      }
    });

    it('each that is new goes to the descriptor that ends the wait of the capture thread', () => {
      const { memory, producer } = ends();
      const owner = new BatchRingOwner(memory);
      const directory = mkdtempSync(join(tmpdir(), 'httplog-ring-'));
      const path = join(directory, 'events');
      const descriptor = openSync(path, 'w');
      try {
        producer.wakeThrough(descriptor);
        for (const request of [STOP_REQUEST.DRAIN, STOP_REQUEST.DRAIN, STOP_REQUEST.ABANDON]) owner.requestStop(request);
        const written = readFileSync(path);
        assert.deepEqual([written.length, written.readBigUInt64LE(0), written.readBigUInt64LE(8)], [16, 1n, 1n]);
      } finally {
        closeSync(descriptor);
        rmSync(directory, { recursive: true });
      }
    });

    it('takes nothing away: free slots and published batches stay', () => {
      const { memory, producer, consumer } = ends();
      publish(producer, 1);
      new BatchRingOwner(memory).requestStop(STOP_REQUEST.DRAIN);
      publish(producer, 2);
      assert.deepEqual([take(consumer), take(consumer)], [1, 2]);
    });
  });

  for (const [title, firstBatch] of [['2^31', 0x7fffffff - 5], ['2^32', -6]] as const) {
    it(`batch numbers pass ${title} and keep their slots and order`, () => {
      const { producer, consumer } = ends(firstBatch);
      let taken = 0;
      for (let number = 1; number <= 40; number++) {
        publish(producer, number);
        if (consumer.waiting < SLOTS && number % 3 !== 0) continue;
        while (consumer.waiting > 0) {
          assert.equal(consumer.waiting, number - taken);
          assert.equal(take(consumer), ++taken);
          assert.equal(consumer.batch, (firstBatch + taken - 1) | 0);
        }
      }
      assert.equal(taken, 39);
      assert.equal(take(consumer), 40);
      assert.equal(consumer.claim(0), CLAIM.NOTHING);
    });
  }

  it('a full ring around the wrap still stops the producer', () => {
    const { producer, consumer } = ends(-2);
    for (let number = 1; number <= SLOTS; number++) publish(producer, number);
    assert.equal(producer.acquire(0), false);
    assert.equal(take(consumer), 1);
    publish(producer, 5);
    assert.equal(producer.acquire(0), false);
  });
});
