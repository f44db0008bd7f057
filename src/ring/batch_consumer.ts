// A parsing worker's end of the batch ring.

import { type BatchRingMemory, BatchRingView, CONTROL, FIRST_SLOT, FRAME_WORDS, NUMBER, SLOT, SLOT_NUMBERS, SLOT_WORDS, STATE } from './batch_ring.js';

/** Answers of BatchConsumer.claim(). */
export const CLAIM = { TAKEN: 0, NOTHING: 1, ENDED: 2 } as const;

/** Gives a view of memory that the capture thread has mapped, by its address in this process. */
export type MemoryViewer = (address: number, bytes: number) => Uint8Array;

/** A worker's end: claim() a batch, read it, release() it. */
export class BatchConsumer extends BatchRingView {
  /** what the frame offsets of the claimed batch count in; valid until release() */
  bytes: Uint8Array;
  /** the claimed batch's number, modulo 2^32 */
  batch = 0;
  /** row of the source board */
  source = 0;
  /** frames in it, 0 for a batch that only moves the watermark */
  frames = 0;
  /** ordinal of its first frame in its source, from 1 */
  firstFrame = 0;
  watermarkSeconds = 0;
  watermarkNanoseconds = 0;
  /** first index word of its first frame */
  firstWord = 0;
  private slot = 0;
  private readonly ownBytes: Uint8Array;

  /**
   * @param viewer needed where frames may lie outside the ring: live capture on Linux
   * @param worker from 0: whose batches these are, should it die over one; needed where there are several consumers
   */
  constructor(memory: BatchRingMemory, private readonly viewer: MemoryViewer = noViewer, private readonly worker = 0) {
    super(memory);
    this.ownBytes = new Uint8Array(memory.bytes);
    this.bytes = this.ownBytes;
  }

  /**
   * Takes the next batch, or waits for one.
   * @param timeoutMs the longest wait
   * @returns CLAIM.TAKEN, CLAIM.NOTHING when the time ran out, CLAIM.ENDED when none will come
   */
  claim(timeoutMs: number): number {
    const { control } = this;
    let waited = false;
    for (;;) {
      // ENDED is read before PUBLISHED: what was published before the end is then always seen.
      const ended = Atomics.load(control, CONTROL.ENDED);
      const claimed = Atomics.load(control, CONTROL.CLAIMED);
      const published = Atomics.load(control, CONTROL.PUBLISHED);
      if (((published - claimed) | 0) > 0) {
        if (Atomics.compareExchange(control, CONTROL.CLAIMED, claimed, (claimed + 1) | 0) !== claimed) continue;
        // Nothing between the two can throw or be where V8 ends a thread (a call of a function, a loop's turn): no batch is nobody's.
        Atomics.store(control, FIRST_SLOT + (claimed & (this.slots - 1)) * SLOT_WORDS + SLOT.STATE, STATE.TAKEN + this.worker);
        this.open(claimed);
        return CLAIM.TAKEN;
      }
      if (ended === 1) return CLAIM.ENDED;
      if (waited) return CLAIM.NOTHING;
      Atomics.wait(control, CONTROL.PUBLISHED, published, timeoutMs);
      waited = true;
    }
  }

  /**
   * Takes over the batch that a dead worker had claimed and not released: its head, without its bytes; release() follows.
   * @returns false when it had none
   */
  adopt(worker: number): boolean {
    const batch = this.heldBy(worker);
    if (batch !== undefined) this.readHead(batch);
    return batch !== undefined;
  }

  /** Number of the batch that a worker has claimed and not released, undefined: none. Of a living worker it is old news. */
  heldBy(worker: number): number | undefined {
    const { slots } = this;
    const last = Atomics.load(this.control, CONTROL.CLAIMED) - 1;
    for (let slot = 0; slot < slots; slot++) {
      if (Atomics.load(this.control, this.slotWord(slot, SLOT.STATE)) === STATE.TAKEN + worker) return (last - ((last - slot) & (slots - 1))) | 0;
    }
    return undefined;
  }

  private open(batch: number): void {
    const { numbers } = this;
    this.readHead(batch);
    const { slot } = this;
    const address = numbers[slot * SLOT_NUMBERS + NUMBER.MEMORY_ADDRESS];
    this.bytes = address === 0 ? this.ownBytes : this.viewer(address, numbers[slot * SLOT_NUMBERS + NUMBER.MEMORY_BYTES]);
  }

  private readHead(batch: number): void {
    const { control, numbers } = this;
    const slot = batch & (this.slots - 1);
    this.batch = batch;
    this.slot = slot;
    this.frames = control[this.slotWord(slot, SLOT.FRAMES)];
    this.source = control[this.slotWord(slot, SLOT.SOURCE)];
    this.firstFrame = numbers[slot * SLOT_NUMBERS + NUMBER.FIRST_FRAME];
    this.watermarkSeconds = numbers[slot * SLOT_NUMBERS + NUMBER.WATERMARK_SECONDS];
    this.watermarkNanoseconds = numbers[slot * SLOT_NUMBERS + NUMBER.WATERMARK_NANOSECONDS];
    this.firstWord = slot * this.slotFrames * FRAME_WORDS;
  }

  /** Gives the slot back: its bytes, wherever they lie, and index words must not be read after this. */
  release(): void {
    const state = this.slotWord(this.slot, SLOT.STATE);
    Atomics.store(this.control, state, STATE.FREE);
    Atomics.add(this.control, CONTROL.RELEASED, 1);
    Atomics.notify(this.control, state, 1);
  }
}

function noViewer(address: number): never {
  throw new Error(`a batch lies in mapped memory (0x${address.toString(16)}), which this consumer cannot view`);
}
