// A file read ahead of who lists its frames: while this thread lists and parses, Node's thread pool reads the next slot, and when that
// is not done in time (V8's compiler wants the other core at the start of a run), this thread reads on itself instead of waiting.
//
// What is read does not wait for what the slot before it leaves over, a record cut in two: each slot keeps a gap for that at its
// beginning, and the bytes of the file lie behind it.

import type { BatchProducer } from '../ring/batch_producer.js';
import type { FileByteSource } from './byte_source_file.js';

/** The most that is left over of a slot: the longest frame of the pcap format, and the header of its record. */
const MOST_GAP_BYTES = 266_240;
/** Of a small slot, a fourth. */
const GAP_SHIFT = 2;
/** What this thread reads before it looks again whether the thread pool is done. */
const HELP_BYTES = 512 << 10;

/** The bytes of one slot. */
interface Chunk {
  readonly batch: number;
  /** where they begin in the ring's bytes: gapBytes behind the slot's beginning */
  readonly base: number;
  readonly size: number;
  /** of the first of them in the file */
  readonly position: number;
  /** how many are there */
  length: number;
  /** the file ends with them */
  ended: boolean;
  /** why there are no more of them, a SourceError */
  failure: unknown;
}

export class ReadAhead {
  /** by batch: the slots that are being read, or have been and were not taken */
  private chunks: Chunk[] = [];
  /** what the thread pool reads */
  private inPool: { readonly chunk: Chunk; readonly done: Promise<void> } | undefined;
  /** room before the bytes of each slot, for what the slot before leaves over */
  readonly gapBytes: number;

  /** @param file read from its `bytesRead` on; that follows what is taken */
  constructor(private readonly file: FileByteSource, private readonly slotBytes: number) {
    this.gapBytes = Math.min(MOST_GAP_BYTES, slotBytes >> GAP_SHIFT);
  }

  /**
   * Waits for the bytes of the open slot, and has the next ones read.
   * @returns they begin at `base` in the ring; fewer than `size` only at the end of the file, or before what could not be read
   */
  async take(slot: BatchProducer): Promise<Readonly<Chunk>> {
    if (this.chunks.length > 0 && this.chunks[0].batch !== slot.openBatch) await this.drop();
    this.readOn(slot);
    const [chunk] = this.chunks;
    for (;;) {
      // Lets a read that is done say so, and its successor begin.
      await new Promise(setImmediate);
      if (isWhole(chunk)) break;
      if (this.inPool === undefined) this.readOn(slot);
      else if (!this.help(slot)) await this.inPool.done;
    }
    this.chunks.shift();
    this.file.bytesRead = chunk.position + chunk.length;
    return chunk;
  }

  /** Forgets what was not taken: the ring is free to be filled in another way. */
  async drop(): Promise<void> {
    this.chunks = [];
    await this.inPool?.done;
  }

  /** The file is closed once nobody reads it. */
  close(): void {
    if (this.inPool === undefined) this.file.close();
    else void this.inPool.done.then(() => this.file.close());
    this.chunks = [];
  }

  /** Has the thread pool read what comes next, if it does not read and a slot is free. */
  private readOn(slot: BatchProducer): void {
    if (this.inPool !== undefined) return;
    const chunk = this.chunks.find((each) => !isWhole(each)) ?? this.add(slot);
    if (chunk === undefined) return;
    const from = chunk.base + chunk.length;
    const reading = this.file.readBeside(slot.bytes, from, chunk.base + chunk.size, chunk.position + chunk.length);
    const done = reading.then((got) => keep(chunk, got), (error: unknown) => (chunk.failure = error)).then(() => {
      this.inPool = undefined;
      // Nothing follows what was dropped meanwhile.
      if (this.chunks.includes(chunk)) this.readOn(slot);
    });
    this.inPool = { chunk, done };
  }

  /** Reads a piece of what comes behind the thread pool's slot. @returns false when no slot is free for it */
  private help(slot: BatchProducer): boolean {
    const chunk = this.chunks.find((each) => !isWhole(each) && each !== this.inPool?.chunk) ?? this.add(slot);
    if (chunk === undefined) return false;
    const from = chunk.base + chunk.length;
    const end = Math.min(from + HELP_BYTES, chunk.base + chunk.size);
    try {
      keep(chunk, this.file.readAt(slot.bytes, from, end, chunk.position + chunk.length));
    } catch (error) {
      // It comes when everything before it was taken.
      chunk.failure = error;
    }
    return true;
  }

  /** The chunk behind the last one: none where the file has ended or the workers have all slots. */
  private add(slot: BatchProducer): Chunk | undefined {
    const last = this.chunks.at(-1);
    if (last?.ended === true || last?.failure !== undefined) return undefined;
    const batch = last === undefined ? slot.openBatch : (last.batch + 1) | 0;
    const start = slot.regionOf(batch);
    if (start < 0) return undefined;
    const chunk = {
      batch,
      base: start + this.gapBytes,
      size: this.slotBytes - this.gapBytes,
      position: last === undefined ? this.file.bytesRead : last.position + last.size,
      length: 0,
      ended: false,
      failure: undefined,
    };
    this.chunks.push(chunk);
    return chunk;
  }
}

function keep(chunk: Chunk, got: number): void {
  chunk.length += got;
  if (got === 0) chunk.ended = true;
}

function isWhole(chunk: Chunk): boolean {
  return chunk.ended || chunk.failure !== undefined || chunk.length === chunk.size;
}
