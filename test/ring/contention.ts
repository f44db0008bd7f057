// What the threads of batch_ring_threads.test.ts share: batches whose every byte follows from their number.

import type { BatchProducer } from '../../src/ring/batch_producer.js';
import type { BatchRingMemory } from '../../src/ring/batch_ring.js';

export type Role = 'produce' | 'consume' | 'wait for a slot';

export interface ContentionTask {
  readonly role: Role;
  readonly ring: BatchRingMemory;
  readonly batches: number;
  readonly seed: number;
  /** a consumer waits until its one word is not 0, then takes batches as fast as it can */
  readonly gate?: SharedArrayBuffer;
}

/** A consumer's report: the batches it took, in its order, and what was wrong with them. */
export interface Taken {
  readonly numbers: readonly number[];
  readonly faults: readonly string[];
}

/** A waiting producer's report, once it was let go. */
export interface Waited {
  readonly acquired: boolean;
  readonly ms: number;
}

/** Frames of a batch: none to three. */
export function framesOf(batch: number): number {
  return (batch * 7) & 3;
}

/** Bytes of a frame: 1 to 32. */
export function lengthOf(batch: number, frame: number): number {
  return 1 + ((batch * 13 + frame * 5) & 31);
}

/** A byte of a frame. */
export function byteOf(batch: number, frame: number, at: number): number {
  return (Math.imul(batch, 2654435761) >>> 24) ^ (frame * 37 + at * 11) & 0xff;
}

/** Publishes a batch into the open slot. */
export function publishBatch(producer: BatchProducer, batch: number): void {
  let at = producer.start;
  for (let frame = 0; frame < framesOf(batch); frame++) {
    const length = lengthOf(batch, frame);
    for (let i = 0; i < length; i++) producer.bytes[at + i] = byteOf(batch, frame, i);
    producer.add(at, length, length + batch, batch, frame, 1);
    at += length;
  }
  producer.publish(batch & 4095, batch * 10 + 1, batch, batch);
}
