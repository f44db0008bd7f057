import assert from 'node:assert/strict';
import {
  AfpacketBlocks, BLOCK, HEADER, TP_STATUS_KERNEL, TP_STATUS_USER, TP_STATUS_VLAN_VALID,
} from '../../src/capture/afpacket_blocks.js';
import type { FrameSink } from '../../src/capture/live_handle.js';
import { FILL } from '../../src/capture/source.js';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { FRAME, FRAME_WORDS, allocateBatchRing } from '../../src/ring/batch_ring.js';
import { SeededRandom } from '../support/random.js';

const BLOCK_BYTES = 4096;
const FIRST_FRAME = 48;
const ADDRESS = 0x7000_0000;
const MAC = 82;
const POISON = 0xee;

/** The kernel's side: fills blocks in a circle as far as they are its own, and poisons every block when it gets it back. */
class Kernel {
  readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private next = 0;
  /** number of the next frame */
  sent = 0;

  constructor(private readonly blocks: number) {
    const memory = new SharedArrayBuffer(blocks * BLOCK_BYTES);
    this.bytes = new Uint8Array(memory);
    this.words = new Int32Array(memory);
  }

  status(block: number): number {
    return this.words[block * (BLOCK_BYTES >> 2) + BLOCK.STATUS];
  }

  /** What is the kernel's may change at any time: so it does. */
  poison(): void {
    for (let block = 0; block < this.blocks; block++) {
      if (this.status(block) !== TP_STATUS_KERNEL) continue;
      this.bytes.fill(POISON, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
      this.words[block * (BLOCK_BYTES >> 2) + BLOCK.STATUS] = TP_STATUS_KERNEL;
    }
  }

  /** Fills the next block with frames that hold their number eight times. @returns false when it is not the kernel's */
  fill(frames: number, tag = 0): boolean {
    const at = this.next * BLOCK_BYTES;
    if (this.status(this.next) !== TP_STATUS_KERNEL) return false;
    const view = new DataView(this.bytes.buffer);
    const set = (offset: number, value: number): void => view.setUint32(offset, value, true);
    let frame = at + FIRST_FRAME;
    for (let i = 0; i < frames; i++, frame += 128) {
      set(frame + HEADER.NEXT * 4, i + 1 < frames ? 128 : 0);
      set(frame + HEADER.SECONDS * 4, 1000 + this.sent);
      set(frame + HEADER.NANOSECONDS * 4, this.sent);
      set(frame + HEADER.CAPTURED * 4, 32);
      set(frame + HEADER.WIRE * 4, 100);
      set(frame + HEADER.STATUS * 4, TP_STATUS_USER | (tag > 0 ? TP_STATUS_VLAN_VALID : 0));
      view.setUint16(frame + HEADER.MAC * 4, MAC, true);
      set(frame + HEADER.TCI * 4, tag % 0x10000);
      view.setUint16(frame + HEADER.TPID * 4, tag / 0x10000, true);
      for (let word = 0; word < 8; word++) set(frame + MAC + word * 4, this.sent);
      this.sent++;
    }
    set(at + BLOCK.PACKETS * 4, frames);
    set(at + BLOCK.FIRST * 4, FIRST_FRAME);
    Atomics.store(this.words, (at >> 2) + BLOCK.STATUS, TP_STATUS_USER);
    this.next = (this.next + 1) % this.blocks;
    return true;
  }
}

class Rig implements FrameSink {
  readonly kernel: Kernel;
  readonly blocks: AfpacketBlocks;
  readonly producer: BatchProducer;
  readonly ring;
  listed = 0;

  constructor(blocks: number, slots = 4, slotFrames = 64) {
    this.kernel = new Kernel(blocks);
    this.blocks = new AfpacketBlocks(this.kernel.bytes, ADDRESS, BLOCK_BYTES, blocks);
    this.ring = allocateBatchRing(slots, 64, slotFrames);
    this.producer = new BatchProducer(this.ring);
  }

  consumer(): BatchConsumer {
    return new BatchConsumer(this.ring, (address, bytes) => {
      assert.deepEqual([address, bytes], [ADDRESS, this.kernel.bytes.length]);
      return this.kernel.bytes;
    });
  }

  frame(offset: number, length: number, wireLength: number, seconds: number, nanoseconds: number, tag: number): void {
    this.producer.add(offset, length, wireLength, seconds, nanoseconds, 3);
    this.producer.tag(tag);
    this.listed++;
  }

  list(most = Infinity): number {
    assert.equal(this.producer.acquire(0), true);
    return this.blocks.list(this.producer, most, this);
  }

  publish(): void {
    this.producer.publish(0, 1, 0, 0);
  }
}

/** The numbers that the frames of the claimed batch hold; a frame that holds anything else fails. */
function numbers(consumer: BatchConsumer): number[] {
  return Array.from({ length: consumer.frames }, (_, i) => {
    const word = consumer.firstWord + i * FRAME_WORDS;
    const [offset, length, seconds, nanoseconds] = consumer.index.subarray(word, word + 4);
    const view = new DataView(consumer.bytes.buffer, offset, length);
    const number = view.getUint32(0, true);
    for (let at = 0; at < length; at += 4) assert.equal(view.getUint32(at, true), number);
    assert.deepEqual([length, seconds, nanoseconds], [32, 1000 + number, number]);
    return number;
  });
}

function take(consumer: BatchConsumer): number[] {
  assert.equal(consumer.claim(0), CLAIM.TAKEN);
  return numbers(consumer);
}

describe('the mapped buffer of a packet socket', () => {
  it('lists the frames of every filled block where they lie, with times, lengths and tags', () => {
    const rig = new Rig(4);
    rig.kernel.fill(3);
    rig.kernel.fill(2, 0x88a80007);
    assert.equal(rig.list(), FILL.IDLE);
    rig.publish();
    const consumer = rig.consumer();
    assert.deepEqual(take(consumer), [0, 1, 2, 3, 4]);
    const column = (field: number): number[] => Array.from({ length: 5 }, (_, i) => consumer.index[consumer.firstWord + i * FRAME_WORDS + field]);
    assert.deepEqual(column(FRAME.OFFSET), [130, 258, 386, BLOCK_BYTES + 130, BLOCK_BYTES + 258]);
    assert.deepEqual(column(FRAME.TAG), [0, 0, 0, 0x88a80007, 0x88a80007]);
    assert.deepEqual(column(FRAME.WIRE_LENGTH), [100, 100, 100, 100, 100]);
    assert.deepEqual(column(FRAME.LINK), [3, 3, 3, 3, 3]);
  });

  it('lists blocks that were filled together, whatever each holds', () => {
    const rig = new Rig(8);
    const fills = [3, 1, 0, 5, 7, 2, 2];
    for (const frames of fills) rig.kernel.fill(frames);
    assert.equal(rig.list(), FILL.IDLE);
    rig.publish();
    assert.deepEqual(take(rig.consumer()), Array.from({ length: fills.reduce((sum, frames) => sum + frames) }, (_, number) => number));
  });

  it('takes a tag whose TPID an old kernel does not tell for one of 802.1Q', () => {
    const rig = new Rig(2);
    rig.kernel.fill(1, 5);
    rig.list();
    rig.publish();
    const consumer = rig.consumer();
    take(consumer);
    assert.equal(consumer.index[consumer.firstWord + FRAME.TAG], 0x81000005);
  });

  it('gives blocks back when their batch is released, and not before', () => {
    const rig = new Rig(4);
    assert.equal(rig.blocks.holding, false);
    rig.kernel.fill(2);
    rig.kernel.fill(2);
    rig.list();
    const held = (): boolean[] => [0, 1].map((block) => rig.kernel.status(block) !== TP_STATUS_KERNEL);
    const stillHeld = (): void => {
      rig.blocks.giveBack(rig.producer);
      assert.deepEqual([held(), rig.blocks.holding, rig.blocks.lentOut], [[true, true], true, true]);
    };
    stillHeld();
    rig.publish();
    stillHeld();
    const consumer = rig.consumer();
    take(consumer);
    stillHeld();
    consumer.release();
    rig.blocks.giveBack(rig.producer);
    assert.deepEqual([held(), rig.blocks.holding, rig.blocks.lentOut], [[false, false], false, false]);
  });

  it('gives nothing back while a batch before is not released', () => {
    const rig = new Rig(4);
    const [first, second] = [rig.consumer(), rig.consumer()];
    for (const consumer of [first, second]) {
      rig.kernel.fill(1);
      rig.list();
      rig.publish();
      take(consumer);
    }
    second.release();
    rig.blocks.giveBack(rig.producer);
    assert.deepEqual([rig.kernel.status(0), rig.kernel.status(1)], [TP_STATUS_USER, TP_STATUS_USER]);
    first.release();
    rig.blocks.giveBack(rig.producer);
    assert.deepEqual([rig.kernel.status(0), rig.kernel.status(1)], [TP_STATUS_KERNEL, TP_STATUS_KERNEL]);
  });

  it('spreads a block over batches when a slot is full or no more frames are wanted, and keeps it until the last is released', () => {
    const rig = new Rig(2, 4, 5);
    rig.kernel.fill(12);
    const consumer = rig.consumer();
    const seen: number[][] = [];
    for (const [most, result] of [[Infinity, FILL.MORE], [3, FILL.MORE], [Infinity, FILL.IDLE]]) {
      assert.equal(rig.list(most), result);
      rig.publish();
      assert.equal(rig.kernel.status(0), TP_STATUS_USER);
      seen.push(take(consumer));
      consumer.release();
      rig.blocks.giveBack(rig.producer);
    }
    assert.deepEqual(seen, [[0, 1, 2, 3, 4], [5, 6, 7], [8, 9, 10, 11]]);
    assert.equal(rig.kernel.status(0), TP_STATUS_KERNEL);
  });

  it('never lists a block twice: with all of them lent out there is nothing', () => {
    const rig = new Rig(2);
    for (let i = 0; i < 2; i++) rig.kernel.fill(1);
    rig.list();
    assert.equal(rig.list(), FILL.IDLE);
    assert.equal(rig.listed, 2);
    assert.equal(rig.kernel.fill(1), false);
  });

  it('passes over an empty block and gives it back with the next', () => {
    const rig = new Rig(4);
    rig.kernel.fill(0);
    rig.kernel.fill(1);
    rig.list();
    rig.publish();
    const consumer = rig.consumer();
    assert.deepEqual(take(consumer), [0]);
    consumer.release();
    rig.blocks.giveBack(rig.producer);
    assert.deepEqual([rig.kernel.status(0), rig.kernel.status(1)], [TP_STATUS_KERNEL, TP_STATUS_KERNEL]);
  });

  it('is pressed when a batch has gathered a good part of the buffer, whatever the workers hold', () => {
    const rig = new Rig(64);
    for (let i = 0; i < 3; i++) rig.kernel.fill(1);
    rig.list();
    assert.equal(rig.blocks.pressed, false);
    rig.kernel.fill(1);
    rig.list();
    assert.equal(rig.blocks.pressed, true);
    rig.publish();
    rig.kernel.fill(1);
    rig.list();
    assert.equal(rig.blocks.pressed, false);
  });

  it('shows no worker a block that was given back, however batches are released: ten thousand random steps', () => {
    const numbersAtRandom = new SeededRandom(7);
    const random = (limit: number): number => numbersAtRandom.below(limit);
    const rig = new Rig(8, 4, 20);
    const idle = [0, 1, 2].map(() => rig.consumer());
    const busy: { consumer: BatchConsumer; seen: number[] }[] = [];
    const all: number[] = [];
    const claimed = new Map<number, number[]>();
    let batches = 0;
    for (let step = 0; step < 10_000; step++) {
      const what = random(5);
      if (what === 0) rig.kernel.fill(random(20));
      else if (what === 1 && rig.producer.acquire(0)) rig.blocks.list(rig.producer, 1 + random(30), rig);
      else if (what === 2 && rig.producer.acquire(0)) rig.publish();
      else if (what === 3 && idle.length > 0) {
        const consumer = idle[0];
        if (consumer.claim(0) !== CLAIM.TAKEN) continue;
        idle.shift();
        const seen = numbers(consumer);
        claimed.set(consumer.batch, seen);
        batches++;
        busy.push({ consumer, seen });
      } else if (what === 4 && busy.length > 0) {
        const [{ consumer, seen }] = busy.splice(random(busy.length), 1);
        // As the parser does: read until the very release.
        assert.deepEqual(numbers(consumer), seen);
        consumer.release();
        idle.push(consumer);
      }
      rig.blocks.giveBack(rig.producer);
      rig.kernel.poison();
      for (const { consumer, seen } of busy) assert.deepEqual(numbers(consumer), seen);
    }
    for (const [, seen] of [...claimed].sort(([a], [b]) => a - b)) all.push(...seen);
    assert.deepEqual(all, Array.from({ length: all.length }, (_, i) => i));
    assert.ok(batches > 500 && all.length > 2000, `${batches} ${all.length}`);
  });
});
