// The kernel's buffer of a TPACKET_V3 socket as this process sees it, a ring of blocks (linux/if_packet.h):
//
//   block   | version | private offset | STATUS | PACKETS | FIRST | ... |  frame  |  frame  | ... |
//   frame   | NEXT | SECONDS | NANOSECONDS | CAPTURED | WIRE | STATUS | MAC, net | hash | TCI | TPID | ... | bytes ...
//
//   kernel ------ fills, STATUS = USER -----> ours ---- list() ----> with the workers ---- giveBack(), STATUS = KERNEL ----> kernel
//                                               the batch ring's slot names the memory, its index the frames
//
// Blocks are listed in the kernel's order and given back in that order, each only when the batch that holds its last frame, and
// every batch before, was released (BatchProducer.isReleased). The capture thread alone writes STATUS here; workers only read, and
// only frames of a batch they have claimed and not released. So no block is parsed that the kernel may write. Nothing here makes
// system calls.

import type { BatchProducer } from '../ring/batch_producer.js';
import type { FrameSink } from './live_handle.js';
import { FILL } from './source.js';

// struct tpacket_block_desc and tpacket_hdr_v1, in 32-bit words
export const BLOCK = { STATUS: 2, PACKETS: 3, FIRST: 4 } as const;
// struct tpacket3_hdr, in 32-bit words; MAC is the lower half of its word in memory, TPID of its
export const HEADER = { NEXT: 0, SECONDS: 1, NANOSECONDS: 2, CAPTURED: 3, WIRE: 4, STATUS: 5, MAC: 6, TCI: 8, TPID: 9 } as const;

export const TP_STATUS_KERNEL = 0;
export const TP_STATUS_USER = 1;
export const TP_STATUS_VLAN_VALID = 0x10;

/**
 * Where the protocol headers lie, in words from the frame's own: two more cache lines that another core has written. Read here, they
 * are on their way together with the first, and the parser finds them.
 */
const SECOND_LINE = 16;
const THIRD_LINE = 32;
/** Blocks whose frames are fetched into the cache together. fetchTogether() names each: a loop over them would cost more than it saves. */
const TOGETHER = 4;
/** Of the blocks; gathering more in one batch would leave the kernel too few. */
const PRESSED = 1 / 16;
/** Kernels before 3.14 do not tell the TPID. */
const TPID_8021Q = 0x8100;

/** Blocks of a batch, by ordinal: those from `start` up to `end` (exclusive) may be given back when it is released. */
interface Lent {
  readonly batch: number;
  readonly start: number;
  end: number;
}

export class AfpacketBlocks {
  private readonly words: Uint32Array;
  private readonly halves: Uint16Array;
  private readonly status: Int32Array;
  private readonly blockWords: number;
  /** blocks are counted on and on: ordinal n is block n % blocks; those from `returned` to `listed` are lent or being listed */
  private listed = 0;
  private returned = 0;
  /** the first block whose frames may not have been fetched */
  private unfetched = 0;
  /** frames of block `listed` that are not listed yet, and the next one's first word; 0 when it has yet to be looked at */
  private left = 0;
  private next = 0;
  private readonly lent: Lent[] = [];
  /** of no meaning: it keeps the compiler from leaving the reads out */
  protected touched = 0;

  /**
   * @param memory the mapped buffer: its offsets are those of the listed frames
   * @param address where workers find it
   */
  constructor(memory: Uint8Array, private readonly address: number, private readonly blockBytes: number, private readonly blocks: number) {
    const { buffer, byteOffset, length } = memory;
    this.words = new Uint32Array(buffer, byteOffset, length >> 2);
    this.halves = new Uint16Array(buffer, byteOffset, length >> 1);
    this.status = new Int32Array(buffer, byteOffset, length >> 2);
    this.blockWords = blockBytes >> 2;
  }

  /** Whether blocks are listed and not given back. */
  get holding(): boolean {
    return this.listed > this.returned || this.left > 0;
  }

  /** Whether so many are listed in the last batch that it should go to the workers now. */
  get pressed(): boolean {
    const last = this.lent.at(-1);
    return last !== undefined && last.end - last.start >= this.blocks * PRESSED;
  }

  /** Whether workers may still read here. */
  get lentOut(): boolean {
    return this.lent.length > 0;
  }

  /**
   * Lists frames of the blocks that the kernel has filled.
   * @param slot open; it lies here when its first frame is listed
   * @param most frames wanted, from 1
   * @returns FILL.MORE when the slot is full or `most` are listed, FILL.IDLE when the kernel has filled no other block
   */
  list(slot: BatchProducer, most: number, sink: FrameSink): number {
    if (slot.frames === 0) slot.lieAt(this.address, this.blocks * this.blockBytes);
    const end = slot.frames + Math.min(slot.room, most);
    for (;;) {
      const start = this.listed;
      if (this.left === 0 && !this.openBlock()) return FILL.IDLE;
      if (slot.frames === end) return FILL.MORE;
      const frames = Math.min(this.left, end - slot.frames);
      this.walk(frames, sink);
      this.left -= frames;
      if (this.left === 0) this.listed++;
      this.lend(slot.openBatch, start);
    }
  }

  /** Looks at block `listed`. @returns whether it is ours and has frames to list */
  private openBlock(): boolean {
    while (this.isFilled(this.listed)) {
      if (this.listed >= this.unfetched) this.fetchTogether();
      const word = this.wordOf(this.listed);
      this.left = this.words[word + BLOCK.PACKETS];
      this.next = word + (this.words[word + BLOCK.FIRST] >> 2);
      if (this.left > 0) return true;
      this.listed++; // given back with its neighbours
    }
    return false;
  }

  private wordOf(block: number): number {
    return (block % this.blocks) * this.blockWords;
  }

  /** Whether the kernel has filled a block, from `listed` on. */
  private isFilled(block: number): boolean {
    // Acquire order: what the kernel wrote before it set the status is seen after.
    return block - this.returned < this.blocks && (Atomics.load(this.status, this.wordOf(block) + BLOCK.STATUS) & TP_STATUS_USER) !== 0;
  }

  /**
   * Brings the headers of block `listed` and of those behind it into the cache, if they are filled. Where a frame lies is known when the one
   * before it has come from the core that wrote it: in one block that is one wait after the other, in several they are waited for together.
   */
  private fetchTogether(): void {
    const { words, listed } = this;
    this.unfetched = listed + 1;
    for (let block = listed + 1; block < listed + TOGETHER; block++) if (!this.isFilled(block)) return;
    this.unfetched = listed + TOGETHER;
    const a = this.wordOf(listed);
    const b = this.wordOf(listed + 1);
    const c = this.wordOf(listed + 2);
    const d = this.wordOf(listed + 3);
    const packets = Math.min(words[a + BLOCK.PACKETS], words[b + BLOCK.PACKETS], words[c + BLOCK.PACKETS], words[d + BLOCK.PACKETS]);
    const last = words.length - 1;
    let atA = a + (words[a + BLOCK.FIRST] >> 2);
    let atB = b + (words[b + BLOCK.FIRST] >> 2);
    let atC = c + (words[c + BLOCK.FIRST] >> 2);
    let atD = d + (words[d + BLOCK.FIRST] >> 2);
    let touched = 0;
    // What a block has more of them is left to walk().
    for (let packet = 0; packet < packets; packet++) {
      touched ^= words[Math.min(atA + SECOND_LINE, last)] ^ words[Math.min(atA + THIRD_LINE, last)];
      touched ^= words[Math.min(atB + SECOND_LINE, last)] ^ words[Math.min(atB + THIRD_LINE, last)];
      touched ^= words[Math.min(atC + SECOND_LINE, last)] ^ words[Math.min(atC + THIRD_LINE, last)];
      touched ^= words[Math.min(atD + SECOND_LINE, last)] ^ words[Math.min(atD + THIRD_LINE, last)];
      atA += words[atA + HEADER.NEXT] >> 2;
      atB += words[atB + HEADER.NEXT] >> 2;
      atC += words[atC + HEADER.NEXT] >> 2;
      atD += words[atD + HEADER.NEXT] >> 2;
    }
    this.touched ^= touched;
  }

  private walk(frames: number, sink: FrameSink): void {
    const { words, halves } = this;
    let at = this.next;
    const last = words.length - 1;
    let touched = 0;
    for (let frame = 0; frame < frames; frame++) {
      touched ^= words[Math.min(at + SECOND_LINE, last)] ^ words[Math.min(at + THIRD_LINE, last)];
      const tagged = (words[at + HEADER.STATUS] & TP_STATUS_VLAN_VALID) !== 0;
      sink.frame(
        at * 4 + halves[(at + HEADER.MAC) * 2],
        words[at + HEADER.CAPTURED],
        words[at + HEADER.WIRE],
        words[at + HEADER.SECONDS],
        words[at + HEADER.NANOSECONDS],
        tagged ? (halves[(at + HEADER.TPID) * 2] || TPID_8021Q) * 0x10000 + (words[at + HEADER.TCI] & 0xffff) : 0,
      );
      at += words[at + HEADER.NEXT] >> 2;
    }
    this.touched = touched;
    this.next = at;
  }

  private lend(batch: number, start: number): void {
    const last = this.lent.at(-1);
    if (last?.batch === batch) last.end = this.listed;
    else this.lent.push({ batch, start, end: this.listed });
  }

  /** Gives the kernel back the blocks that the workers have released. */
  giveBack(producer: BatchProducer): void {
    const { lent } = this;
    while (lent.length > 0 && producer.isReleased(lent[0].batch)) {
      const { end } = lent[0];
      for (; this.returned < end; this.returned++) {
        const word = this.wordOf(this.returned);
        // Release order: the workers' last reads, which isReleased() has waited for, come before.
        Atomics.store(this.status, word + BLOCK.STATUS, TP_STATUS_KERNEL);
      }
      lent.shift();
    }
  }
}
