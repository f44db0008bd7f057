// The batch ring: the capture thread fills slots with frames, the parsing workers take them in order.
//
// Everything about a slot is in this file. One SharedArrayBuffer each for
//
//   control   Int32Array    | PUBLISHED | CLAIMED | ENDED | STOP | BEATS | RELEASED | WAKE | ... | slot 0 | slot 1 | ... |
//                             slot: STATE, FRAMES, SOURCE, padding (one cache line a slot)
//   numbers   Float64Array  | slot 0: FIRST_FRAME, WATERMARK_SECONDS, WATERMARK_NANOSECONDS,                  | slot 1 | ... |
//                             |         MEMORY_ADDRESS, MEMORY_BYTES, padding                                   |
//   index     Uint32Array   | slot 0: frame 0, frame 1, ... | slot 1 | ... |        FRAME_WORDS words a frame
//   bytes     Uint8Array    | slot 0: frame bytes in any layout | slot 1 | ... |    slotBytes a slot
//
//   batch number n lives in slot n % slots
//
//          publish(): STATE = FULL, PUBLISHED++    claim(): CLAIMED++, STATE = TAKEN + worker    release(): STATE = FREE
//   free ------------------------------------> full ----------------------------------> taken ------------------> free
//        the capture thread, in order                 any worker, in order                    that worker, or adopt() for a dead one
//
// A frame is where the index says it is: a source may leave its own headers between frames (a savefile's, libpcap's
// dump), the workers never look at them. Its bytes may also lie outside the ring, in memory the capture thread has mapped
// (the kernel's own buffer): the slot then says where, and release() says that nobody reads there any more. Frame bytes and index words are plain writes; they become visible to the worker
// because publish() stores STATE and PUBLISHED atomically after them and claim() reads PUBLISHED atomically before.
// Batch numbers count modulo 2^32; `slots` is a power of two, so the wrap keeps its slot.

import { writeSync } from 'node:fs';

/** Index words of one frame, FRAME_WORDS of them. */
export const FRAME = {
  /** where its first byte is, counted from the start of the ring's `bytes`, or of the memory that the batch names */
  OFFSET: 0,
  /** captured bytes */
  LENGTH: 1,
  /** capture time: seconds since 1970, low 32 bits */
  SECONDS: 2,
  /** 0 to 999,999,999 */
  NANOSECONDS: 3,
  /** seconds since 1970, high bits (0 until 2106) */
  SECONDS_HIGH: 4,
  /** row of the link table (link_table.ts): link type and interface name */
  LINK: 5,
  /** bytes on the wire */
  WIRE_LENGTH: 6,
  /**
   * a VLAN tag the kernel has taken off, outside those in the bytes: TPID in the upper half, TCI in the lower; 0 for none. Only
   * live sources write it: in the ring of a replay it stays 0.
   */
  TAG: 7,
} as const;
export const FRAME_WORDS = 8;

const PUBLISHED = 0;
const CLAIMED = 1;
const ENDED = 2;
const STOP = 3;
/** rounds of a live capture's loop, modulo 2^32: while they grow it is alive */
const BEATS = 4;
/** batches given back, modulo 2^32 */
const RELEASED = 5;
/** a descriptor whose poll() a stop request is to end, and 1; 0 for none */
const WAKE = 6;
const FIRST_SLOT = 16;
const SLOT_WORDS = 16;
const STATE = 0;
const FRAMES = 1;
const SOURCE = 2;

const FREE = 0;
const FULL = 1;
/** and the worker's number */
const TAKEN = 2;

const SLOT_NUMBERS = 8;
const FIRST_FRAME = 0;
const WATERMARK_SECONDS = 1;
const WATERMARK_NANOSECONDS = 2;
/** address in this process of the memory that frame offsets count in; 0 for the ring's `bytes` */
const MEMORY_ADDRESS = 3;
const MEMORY_BYTES = 4;

/** What main asks of the capture thread. */
export const STOP_REQUEST = { RUN: 0, DRAIN: 1, ABANDON: 2 } as const;

/** The shared memory of a ring, as it travels to the threads. */
export interface BatchRingMemory {
  readonly slots: number;
  readonly slotBytes: number;
  readonly slotFrames: number;
  readonly control: SharedArrayBuffer;
  readonly numbers: SharedArrayBuffer;
  readonly index: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

/**
 * Allocates a ring; the kernel hands out its pages only when a slot is first used.
 * @param slots a power of two, at least 2
 * @param slotBytes frame bytes a slot, a multiple of 8; also the largest frame a source may bring
 * @param slotFrames frames a slot
 */
export function allocateBatchRing(slots: number, slotBytes: number, slotFrames: number): BatchRingMemory {
  if (slots < 2 || (slots & (slots - 1)) !== 0) throw new RangeError('slots must be a power of two');
  return {
    slots,
    slotBytes,
    slotFrames,
    control: new SharedArrayBuffer((FIRST_SLOT + slots * SLOT_WORDS) * 4),
    numbers: new SharedArrayBuffer(slots * SLOT_NUMBERS * 8),
    index: new SharedArrayBuffer(slots * slotFrames * FRAME_WORDS * 4),
    bytes: new SharedArrayBuffer(slots * slotBytes),
  };
}

/** What both ends see of the ring. */
class BatchRingView {
  /** frame index of every slot, FRAME_WORDS words a frame */
  readonly index: Uint32Array;
  /** how many slots there are */
  readonly slots: number;
  protected readonly slotBytes: number;
  protected readonly slotFrames: number;
  protected readonly control: Int32Array;
  protected readonly numbers: Float64Array;

  // Sizes are copied: to the compiler an object from another thread is of another kind than one made here (pipeline/warm_up.ts).
  constructor(memory: BatchRingMemory) {
    this.slots = memory.slots;
    this.slotBytes = memory.slotBytes;
    this.slotFrames = memory.slotFrames;
    this.control = new Int32Array(memory.control);
    this.numbers = new Float64Array(memory.numbers);
    this.index = new Uint32Array(memory.index);
  }

  /** One of STOP_REQUEST. */
  get stopRequest(): number {
    return Atomics.load(this.control, STOP);
  }

  /** Batches published and not yet claimed: 0 to slots. */
  get waiting(): number {
    return (Atomics.load(this.control, PUBLISHED) - Atomics.load(this.control, CLAIMED)) | 0;
  }

  /** No batch follows: workers that find nothing more stop. */
  end(): void {
    Atomics.store(this.control, ENDED, 1);
    Atomics.notify(this.control, PUBLISHED);
  }

  /** Rounds of a live capture's loop so far, modulo 2^32. */
  get beats(): number {
    return Atomics.load(this.control, BEATS);
  }

  /** Batches given back so far, modulo 2^32. */
  get released(): number {
    return Atomics.load(this.control, RELEASED);
  }

  /** Slots with a batch that is not given back yet: waiting or being parsed. */
  get slotsInUse(): number {
    let held = 0;
    for (let slot = 0; slot < this.slots; slot++) if (Atomics.load(this.control, this.slotWord(slot, STATE)) !== FREE) held++;
    return held;
  }

  protected slotWord(slot: number, word: number): number {
    return FIRST_SLOT + slot * SLOT_WORDS + word;
  }
}

/** Main's end: it asks for the stop, and ends the ring in place of a capture thread that broke. */
export class BatchRingOwner extends BatchRingView {
  /** Asks the capture thread to stop; a request never becomes a weaker one. Wakes a producer that waits for a slot, or in poll(). */
  requestStop(request: number): void {
    if (Atomics.load(this.control, STOP) >= request) return;
    Atomics.store(this.control, STOP, request);
    for (let slot = 0; slot < this.slots; slot++) Atomics.notify(this.control, this.slotWord(slot, STATE));
    const wake = Atomics.load(this.control, WAKE);
    if (wake > 0) writeSync(wake - 1, new Uint8Array(new BigUint64Array([1n]).buffer));
  }
}

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
    this.batch = Atomics.load(this.control, PUBLISHED);
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
    const state = this.slotWord(slot, STATE);
    let held = Atomics.load(this.control, state);
    // A worker that takes the batch meanwhile changes the word without a notification.
    while (held !== FREE && Atomics.wait(this.control, state, held, timeoutMs) === 'not-equal') held = Atomics.load(this.control, state);
    if (Atomics.load(this.control, state) !== FREE) return false;
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
    Atomics.add(this.control, BEATS, 1);
  }

  /** A stop request makes this descriptor readable (eventfd). It has to stay open until the process ends: whoever asks does so at any time. */
  wakeThrough(descriptor: number): void {
    Atomics.store(this.control, WAKE, descriptor + 1);
  }

  /** Where the slot begins that a batch has or will have, from the open one on; -1 while the workers have that slot. */
  regionOf(batch: number): number {
    const ahead = (batch - this.batch) | 0;
    const slot = batch & (this.slots - 1);
    const isFree = ahead >= 0 && ahead < this.slots && Atomics.load(this.control, this.slotWord(slot, STATE)) === FREE;
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
    return Atomics.load(this.control, this.slotWord(batch & (this.slots - 1), STATE)) === FREE;
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
    control[this.slotWord(slot, FRAMES)] = this.frames;
    control[this.slotWord(slot, SOURCE)] = source;
    numbers[slot * SLOT_NUMBERS + FIRST_FRAME] = firstFrame;
    numbers[slot * SLOT_NUMBERS + WATERMARK_SECONDS] = watermarkSeconds;
    numbers[slot * SLOT_NUMBERS + WATERMARK_NANOSECONDS] = watermarkNanoseconds;
    numbers[slot * SLOT_NUMBERS + MEMORY_ADDRESS] = this.memoryAddress;
    numbers[slot * SLOT_NUMBERS + MEMORY_BYTES] = this.memoryBytes;
    // Release order: STATE before PUBLISHED, so that a claimed slot is always seen FULL and can be freed.
    Atomics.store(control, this.slotWord(slot, STATE), FULL);
    this.batch = (this.batch + 1) | 0;
    Atomics.store(control, PUBLISHED, this.batch);
    Atomics.notify(control, PUBLISHED, 1);
    this.opened = false;
  }
}

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
      const ended = Atomics.load(control, ENDED);
      const claimed = Atomics.load(control, CLAIMED);
      const published = Atomics.load(control, PUBLISHED);
      if (((published - claimed) | 0) > 0) {
        if (Atomics.compareExchange(control, CLAIMED, claimed, (claimed + 1) | 0) !== claimed) continue;
        // Nothing between the two can throw or be where V8 ends a thread (a call of a function, a loop's turn): no batch is nobody's.
        Atomics.store(control, FIRST_SLOT + (claimed & (this.slots - 1)) * SLOT_WORDS + STATE, TAKEN + this.worker);
        this.open(claimed);
        return CLAIM.TAKEN;
      }
      if (ended === 1) return CLAIM.ENDED;
      if (waited) return CLAIM.NOTHING;
      Atomics.wait(control, PUBLISHED, published, timeoutMs);
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
    const last = Atomics.load(this.control, CLAIMED) - 1;
    for (let slot = 0; slot < slots; slot++) {
      if (Atomics.load(this.control, this.slotWord(slot, STATE)) === TAKEN + worker) return (last - ((last - slot) & (slots - 1))) | 0;
    }
    return undefined;
  }

  private open(batch: number): void {
    const { numbers } = this;
    this.readHead(batch);
    const { slot } = this;
    const address = numbers[slot * SLOT_NUMBERS + MEMORY_ADDRESS];
    this.bytes = address === 0 ? this.ownBytes : this.viewer(address, numbers[slot * SLOT_NUMBERS + MEMORY_BYTES]);
  }

  private readHead(batch: number): void {
    const { control, numbers } = this;
    const slot = batch & (this.slots - 1);
    this.batch = batch;
    this.slot = slot;
    this.frames = control[this.slotWord(slot, FRAMES)];
    this.source = control[this.slotWord(slot, SOURCE)];
    this.firstFrame = numbers[slot * SLOT_NUMBERS + FIRST_FRAME];
    this.watermarkSeconds = numbers[slot * SLOT_NUMBERS + WATERMARK_SECONDS];
    this.watermarkNanoseconds = numbers[slot * SLOT_NUMBERS + WATERMARK_NANOSECONDS];
    this.firstWord = slot * this.slotFrames * FRAME_WORDS;
  }

  /** Gives the slot back: its bytes, wherever they lie, and index words must not be read after this. */
  release(): void {
    const state = this.slotWord(this.slot, STATE);
    Atomics.store(this.control, state, FREE);
    Atomics.add(this.control, RELEASED, 1);
    Atomics.notify(this.control, state, 1);
  }
}

function noViewer(address: number): never {
  throw new Error(`a batch lies in mapped memory (0x${address.toString(16)}), which this consumer cannot view`);
}

/** Answers of BatchConsumer.claim(). */
export const CLAIM = { TAKEN: 0, NOTHING: 1, ENDED: 2 } as const;
