// An interface of our own making, for code that should be fast before real frames come: its buffer is laid out as the kernel's
// (afpacket_blocks.ts), its frames are the same ones again and again.

import type { BatchProducer } from '../ring/batch_producer.js';
import { AfpacketBlocks, BLOCK, HEADER, TP_STATUS_USER } from './afpacket_blocks.js';
import type { FrameSink, LiveHandle } from './live_handle.js';

const BLOCKS = 2;
const BLOCK_FRAMES = 128;
const FRAME_ROOM = 2048;
const BLOCK_BYTES = (BLOCK_FRAMES + 1) * FRAME_ROOM;
/** From a frame's header to its bytes. */
const MAC_OFFSET = 82;
const LINKTYPE_ETHERNET = 1;

/** Bytes of its buffer. */
export const MADE_UP_BYTES = BLOCKS * BLOCK_BYTES;

export class MadeUpInterface implements LiveHandle {
  readonly way = 'afpacket';
  readonly fd = -1;
  readonly linkType = LINKTYPE_ETHERNET;
  readonly nanoseconds = true;
  readonly holding = false;
  readonly pressed = false;
  private readonly blocks: AfpacketBlocks;
  private readonly words: Int32Array;

  /**
   * @param memory MADE_UP_BYTES of it, all zero
   * @param address where it is mapped
   * @param frames Ethernet, each at most 1900 bytes
   */
  constructor(memory: Uint8Array, address: number, frames: readonly Uint8Array[]) {
    this.words = new Int32Array(memory.buffer, memory.byteOffset, memory.length >> 2);
    this.blocks = new AfpacketBlocks(memory, address, BLOCK_BYTES, BLOCKS);
    const halves = new Uint16Array(memory.buffer, memory.byteOffset, memory.length >> 1);
    for (let number = 0; number < BLOCKS * BLOCK_FRAMES; number++) {
      const bytes = frames[number % frames.length];
      const word = wordOf(number);
      this.words[word + HEADER.NEXT] = FRAME_ROOM;
      this.words[word + HEADER.CAPTURED] = this.words[word + HEADER.WIRE] = bytes.length;
      halves[(word + HEADER.MAC) * 2] = MAC_OFFSET;
      memory.set(bytes, word * 4 + MAC_OFFSET);
    }
  }

  /** The kernel's part: fills every block, each of which must have been given back. @param seconds capture time */
  receive(seconds: number): void {
    const { words } = this;
    for (let number = 0; number < BLOCKS * BLOCK_FRAMES; number++) {
      words[wordOf(number) + HEADER.SECONDS] = seconds;
      words[wordOf(number) + HEADER.NANOSECONDS] = number;
    }
    for (let word = 0; word < words.length; word += BLOCK_BYTES >> 2) {
      words[word + BLOCK.PACKETS] = BLOCK_FRAMES;
      words[word + BLOCK.FIRST] = FRAME_ROOM;
      Atomics.store(words, word + BLOCK.STATUS, TP_STATUS_USER);
    }
  }

  fill(slot: BatchProducer, most: number, sink: FrameSink): number {
    return this.blocks.list(slot, most, sink);
  }

  reclaim(producer: BatchProducer): void {
    this.blocks.giveBack(producer);
  }

  readStatistics(): boolean {
    return false;
  }

  stopIntake(): void {
    // nothing comes that was not asked for
  }

  close(): void {
    // the memory is the caller's
  }
}

/** The header of a frame; the first of a block lies behind room for the block's own. */
function wordOf(number: number): number {
  const block = Math.floor(number / BLOCK_FRAMES);
  return (block * BLOCK_BYTES + (1 + number - block * BLOCK_FRAMES) * FRAME_ROOM) >> 2;
}
