import assert from 'node:assert/strict';
import type { FileByteSource } from '../../src/capture/byte_source_file.js';
import { ReadAhead } from '../../src/capture/read_ahead.js';
import { SourceError } from '../../src/capture/source.js';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { allocateBatchRing } from '../../src/ring/batch_ring.js';

const SLOT_BYTES = 64;
const SLOTS = 4;
/** A fourth of each is the gap. */
const CHUNK_BYTES = 48;

/** A file of bytes that tell their position; the test says when the thread pool is done with a read. */
class SlowFile {
  bytesRead = 0;
  closed = false;
  readonly waiting: (() => void)[] = [];
  readonly helped: number[] = [];
  failAt = Infinity;

  constructor(private readonly size: number) {}

  readAt(into: Uint8Array, start: number, end: number, position: number): number {
    this.helped.push(position);
    if (position >= this.failAt) throw new SourceError('disk on fire');
    return this.copy(into, start, end, position);
  }

  readBeside(into: Uint8Array, start: number, end: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => {
        assert.ok(!this.closed, 'nobody reads a closed file');
        if (position >= this.failAt) reject(new SourceError('disk on fire'));
        else resolve(this.copy(into, start, end, position));
      });
    });
  }

  close(): void {
    this.closed = true;
  }

  private copy(into: Uint8Array, start: number, end: number, position: number): number {
    const count = Math.max(0, Math.min(end - start, this.size - position));
    for (let i = 0; i < count; i++) into[start + i] = position + i;
    return count;
  }
}

class Rig {
  private readonly ring = allocateBatchRing(SLOTS, SLOT_BYTES, 4);
  readonly slot = new BatchProducer(this.ring);
  readonly consumer = new BatchConsumer(this.ring);
  readonly ahead: ReadAhead;

  constructor(readonly file: SlowFile) {
    this.ahead = new ReadAhead(file as unknown as FileByteSource, SLOT_BYTES);
  }

  /** Takes the open slot's bytes and publishes it. @returns their values */
  async next(): Promise<{ bytes: number[]; ended: boolean; failure: unknown }> {
    assert.ok(this.slot.acquire(0));
    const { base, length, ended, failure } = await this.ahead.take(this.slot);
    assert.ok(base >= this.slot.start + SLOT_BYTES / 4 && base + length <= this.slot.limit, 'behind the gap of its slot');
    const bytes = Array.from(this.slot.bytes.subarray(base, base + length));
    this.slot.publish(0, 1, 0, 0);
    return { bytes, ended, failure };
  }

  release(): void {
    assert.equal(this.consumer.claim(0), CLAIM.TAKEN);
    this.consumer.release();
  }
}

const positions = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => (from + index) & 0xff);
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

describe('reading ahead', () => {
  it('gives the bytes of a file in order, whoever is slow', async () => {
    const file = new SlowFile(3 * CHUNK_BYTES + 5);
    const rig = new Rig(file);
    const seen: number[] = [];
    for (let ended = false; !ended;) {
      const taking = rig.next();
      await turns(3);
      // The pool may have had more than one read meanwhile.
      const pump = setInterval(() => file.waiting.shift()?.(), 1);
      const got = await taking;
      clearInterval(pump);
      seen.push(...got.bytes);
      ended = got.ended;
      assert.equal(file.bytesRead, seen.length);
      rig.release();
    }
    assert.deepEqual(seen, positions(0, 3 * CHUNK_BYTES + 5));
  });

  it('reads on in this thread while the thread pool is busy, as far as slots are free', async () => {
    const file = new SlowFile(1000);
    const rig = new Rig(file);
    const taking = rig.next();
    await turns(20);
    assert.equal(file.waiting.length, 1, 'one read at a time in the pool');
    assert.equal(file.helped.length, SLOTS - 1, 'the slots behind the open one');
    file.waiting.shift()!();
    assert.deepEqual((await taking).bytes, positions(0, CHUNK_BYTES));
    for (const chunk of [1, 2, 3]) assert.deepEqual((await rig.next()).bytes, positions(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES));
    assert.equal(file.waiting.length, 0, 'no slot was given back: there is nowhere to read to');
    rig.release();
    const fifth = rig.next();
    await turns(2);
    file.waiting.shift()!();
    assert.deepEqual((await fifth).bytes, positions(4 * CHUNK_BYTES, 5 * CHUNK_BYTES));
  });

  for (const who of ['the thread pool', 'this thread'] as const) {
    it(`gives what comes before an error, then the error: read by ${who}`, async () => {
      const file = new SlowFile(1000);
      file.failAt = CHUNK_BYTES;
      const rig = new Rig(file);
      const first = rig.next();
      // A turn in which the pool is not done has this thread read the second slot.
      await turns(who === 'this thread' ? 5 : 0);
      file.waiting.shift()!();
      const { bytes, failure } = await first;
      assert.deepEqual([bytes, failure], [positions(0, CHUNK_BYTES), undefined]);
      const second = rig.next();
      const pump = setInterval(() => file.waiting.shift()?.(), 1);
      const outcome = await second;
      clearInterval(pump);
      assert.equal(file.helped.includes(CHUNK_BYTES), who === 'this thread');
      assert.deepEqual(outcome.bytes, []);
      assert.ok(outcome.failure instanceof SourceError, String(outcome.failure));
    });
  }

  it('closes the file when nobody reads it any more', async () => {
    const file = new SlowFile(1000);
    const rig = new Rig(file);
    const taking = rig.next();
    await turns(1);
    file.waiting.shift()!();
    await taking;
    await turns(1);
    assert.equal(file.waiting.length, 1, 'the next slot is being read');
    rig.ahead.close();
    assert.equal(file.closed, false);
    file.waiting.shift()!();
    await turns(1);
    assert.equal(file.closed, true);
    assert.equal(file.waiting.length, 0);
  });
});
