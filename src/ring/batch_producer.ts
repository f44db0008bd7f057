// The capture thread's end of the batch ring.

import { type BatchRingMemory, BatchRingView, CONTROL, FRAME, FRAME_WORDS, NUMBER, SLOT, SLOT_NUMBERS, STATE } from './batch_ring.js';

/**
 * The capture thread's end. One slot is open at a time, between acquire() and publish(): sources write frame bytes into
 * `bytes` from `start` (inclusive) to `limit` (exclusive) and list each frame with add().
 */
export class BatchProducer extends BatchRingView {
  /** frame bytes of every slot */
  readonly bytes: Uint8Array;
  /** first byte of the open slot in `bytes` */
  start = 0;
  /** one past its last byte */
  limit = 0;
  /** frames listed in the open slot */
  frames = 0;
  private slot = 0;
  private opened = false;
  private nextWord = 0;
  private batch: number;
  private memoryAddress = 0;
  private memoryBytes = 0;

  constructor(memory: BatchRingMemory) {
    super(memory);
    this.bytes = new Uint8Array(memory.bytes);
    this.batch = Atomics.load(this.control, CONTROL.PUBLISHED);
  }

  /**
   * Opens the next slot; waits while the workers still have it.
   * @param timeoutMs the longest wait
   * @returns false when the time ran out or a stop was requested first: look at stopRequest and call again
   */
  acquire(timeoutMs: number): boolean {
    if (this.frames === 0 || !this.opened) this.memoryAddress = this.memoryBytes = 0;
    if (this.opened) return true;
    const slot = this.batch & (this.slots - 1);
    const state = this.slotWord(slot, SLOT.STATE);
    let held = Atomics.load(this.control, state);
    // A worker that takes the batch meanwhile changes the word without a notification.
    while (held !== STATE.FREE && Atomics.wait(this.control, state, held, timeoutMs) === 'not-equal') held = Atomics.load(this.control, state);
    if (Atomics.load(this.control, state) !== STATE.FREE) return false;
    this.slot = slot;
    this.opened = true;
    this.start = slot * this.slotBytes;
    this.limit = this.start + this.slotBytes;
    this.frames = 0;
    this.nextWord = slot * this.slotFrames * FRAME_WORDS;
    return true;
  }

  /** A live capture's loop goes round: whoever watches it sees that it is alive. */
  beat(): void {
    Atomics.add(this.control, CONTROL.BEATS, 1);
  }

  /** A stop request makes this descriptor readable (eventfd). It has to stay open until the process ends: whoever asks does so at any time. */
  wakeThrough(descriptor: number): void {
    Atomics.store(this.control, CONTROL.WAKE, descriptor + 1);
  }

  /** Where the slot begins that a batch has or will have, from the open one on; -1 while the workers have that slot. */
  regionOf(batch: number): number {
    const ahead = (batch - this.batch) | 0;
    const slot = batch & (this.slots - 1);
    const isFree = ahead >= 0 && ahead < this.slots && Atomics.load(this.control, this.slotWord(slot, SLOT.STATE)) === STATE.FREE;
    return isFree ? slot * this.slotBytes : -1;
  }

  /** Number of the batch that is or will be open, modulo 2^32. */
  get openBatch(): number {
    return this.batch;
  }

  /**
   * The frames of the open slot, which has none yet, lie in other memory: their offsets count from its start.
   * @param address in this process; the memory stays as it is until isReleased(openBatch)
   */
  lieAt(address: number, bytes: number): void {
    this.memoryAddress = address;
    this.memoryBytes = bytes;
  }

  /** Whether a batch was published and given back: nobody reads its frames any more. */
  isReleased(batch: number): boolean {
    const since = (this.batch - batch) | 0;
    if (since <= 0) return false;
    // Its slot is open or published again only after it was free.
    if (since > this.slots) return true;
    return Atomics.load(this.control, this.slotWord(batch & (this.slots - 1), SLOT.STATE)) === STATE.FREE;
  }

  /** How many more frames the open slot's index can list. */
  get room(): number {
    return this.slotFrames - this.frames;
  }

  /**
   * Lists a frame; the caller has checked `room`.
   * @param offset where its bytes begin in `bytes`
   * @param seconds since 1970, 0 to 2^53
   * @param link row of the link table
   */
  add(offset: number, length: number, wireLength: number, seconds: number, nanoseconds: number, link: number): void {
    const { index } = this;
    const at = this.nextWord;
    index[at + FRAME.OFFSET] = offset;
    index[at + FRAME.LENGTH] = length;
    index[at + FRAME.SECONDS] = seconds;
    index[at + FRAME.NANOSECONDS] = nanoseconds;
    index[at + FRAME.SECONDS_HIGH] = seconds > 0xffffffff ? seconds / 0x100000000 : 0;
    index[at + FRAME.LINK] = link;
    index[at + FRAME.WIRE_LENGTH] = wireLength;
    this.nextWord = at + FRAME_WORDS;
    this.frames++;
  }

  /** Notes the tag that the kernel has taken off the frame listed last: FRAME.TAG, 0 for none. */
  tag(tag: number): void {
    this.index[this.nextWord - FRAME_WORDS + FRAME.TAG] = tag;
  }

  /**
   * Hands the open slot to the workers. A batch without frames is allowed: it carries a watermark.
   * @param source row of the source board all its frames came from
   * @param firstFrame ordinal of its first frame in that source, from 1
   * @param watermarkSeconds no later batch of this source will hold a frame older than this (several sources: the writer
   *   merges by it); with `watermarkNanoseconds` below the second
   */
  publish(source: number, firstFrame: number, watermarkSeconds: number, watermarkNanoseconds: number): void {
    const { control, numbers, slot } = this;
    control[this.slotWord(slot, SLOT.FRAMES)] = this.frames;
    control[this.slotWord(slot, SLOT.SOURCE)] = source;
    numbers[slot * SLOT_NUMBERS + NUMBER.FIRST_FRAME] = firstFrame;
    numbers[slot * SLOT_NUMBERS + NUMBER.WATERMARK_SECONDS] = watermarkSeconds;
    numbers[slot * SLOT_NUMBERS + NUMBER.WATERMARK_NANOSECONDS] = watermarkNanoseconds;
    numbers[slot * SLOT_NUMBERS + NUMBER.MEMORY_ADDRESS] = this.memoryAddress;
    numbers[slot * SLOT_NUMBERS + NUMBER.MEMORY_BYTES] = this.memoryBytes;
    // Release order: STATE before PUBLISHED, so that a claimed slot is always seen FULL and can be freed.
    Atomics.store(control, this.slotWord(slot, SLOT.STATE), STATE.FULL);
    this.batch = (this.batch + 1) | 0;
    Atomics.store(control, CONTROL.PUBLISHED, this.batch);
    Atomics.notify(control, CONTROL.PUBLISHED, 1);
    this.opened = false;
  }
}
