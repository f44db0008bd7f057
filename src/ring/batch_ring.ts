// The batch ring: the capture thread fills slots with frames (batch_producer.ts), the parsing workers take them in order
// (batch_consumer.ts). This file has what all see of it: the layout, the memory, and main's end.
//
// One SharedArrayBuffer each for
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

/** Words of `control`; those of the slots follow from FIRST_SLOT on. */
export const CONTROL = {
  PUBLISHED: 0,
  CLAIMED: 1,
  ENDED: 2,
  STOP: 3,
  /** rounds of a live capture's loop, modulo 2^32: while they grow it is alive */
  BEATS: 4,
  /** batches given back, modulo 2^32 */
  RELEASED: 5,
  /** a descriptor whose poll() a stop request is to end, and 1; 0 for none */
  WAKE: 6,
} as const;
export const FIRST_SLOT = 16;

/** Words of a slot in `control`, SLOT_WORDS of them. */
export const SLOT = { STATE: 0, FRAMES: 1, SOURCE: 2 } as const;
export const SLOT_WORDS = 16;

/** Values of SLOT.STATE; TAKEN and the worker's number. */
export const STATE = { FREE: 0, FULL: 1, TAKEN: 2 } as const;

/** Numbers of a slot in `numbers`, SLOT_NUMBERS of them. */
export const NUMBER = {
  FIRST_FRAME: 0,
  WATERMARK_SECONDS: 1,
  WATERMARK_NANOSECONDS: 2,
  /** address in this process of the memory that frame offsets count in; 0 for the ring's `bytes` */
  MEMORY_ADDRESS: 3,
  MEMORY_BYTES: 4,
} as const;
export const SLOT_NUMBERS = 8;

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
export class BatchRingView {
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
    return Atomics.load(this.control, CONTROL.STOP);
  }

  /** Batches published and not yet claimed: 0 to slots. */
  get waiting(): number {
    return (Atomics.load(this.control, CONTROL.PUBLISHED) - Atomics.load(this.control, CONTROL.CLAIMED)) | 0;
  }

  /** No batch follows: workers that find nothing more stop. */
  end(): void {
    Atomics.store(this.control, CONTROL.ENDED, 1);
    Atomics.notify(this.control, CONTROL.PUBLISHED);
  }

  /** Rounds of a live capture's loop so far, modulo 2^32. */
  get beats(): number {
    return Atomics.load(this.control, CONTROL.BEATS);
  }

  /** Batches given back so far, modulo 2^32. */
  get released(): number {
    return Atomics.load(this.control, CONTROL.RELEASED);
  }

  /** Slots with a batch that is not given back yet: waiting or being parsed. */
  get slotsInUse(): number {
    let held = 0;
    for (let slot = 0; slot < this.slots; slot++) if (Atomics.load(this.control, this.slotWord(slot, SLOT.STATE)) !== STATE.FREE) held++;
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
    if (Atomics.load(this.control, CONTROL.STOP) >= request) return;
    Atomics.store(this.control, CONTROL.STOP, request);
    for (let slot = 0; slot < this.slots; slot++) Atomics.notify(this.control, this.slotWord(slot, SLOT.STATE));
    const wake = Atomics.load(this.control, CONTROL.WAKE);
    if (wake > 0) writeSync(wake - 1, new Uint8Array(new BigUint64Array([1n]).buffer));
  }
}
