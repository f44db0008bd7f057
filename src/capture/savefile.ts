// A capture file as a source of frames: bytes go from the file into the slot, the format's walker lists the frames where they
// lie, and a record that is not whole at the end of the slot is carried over to the next.

import type { BatchProducer } from '../ring/batch_producer.js';
import type { LinkRegistry } from '../ring/link_table.js';
import { displayName, READ, type ByteSource, type Stopping } from './byte_source.js';
import { GzipByteSource, isGzip } from './byte_source_gzip.js';
import { openBytes } from './byte_source_open.js';
import { FileByteSource } from './byte_source_file.js';
import { isPcap, PCAP_HEADER_BYTES, PcapWalker } from './pcap_file.js';
import { isPcapng, PCAPNG_HEADER_BYTES, PcapngWalker } from './pcapng_file.js';
import { ReadAhead } from './read_ahead.js';
import { FILL, SourceError, type FrameSource } from './source.js';

/** Takes one line for the user; the run goes on. */
export type Warn = (text: string) => void;

/** Lists the frames of one format. Rare things leave the walk through fields, never as an exception. */
export interface RecordWalker {
  /** LINKTYPE_ number, of several the first; UNKNOWN_LINK_TYPE before it is known */
  readonly linkType: number;
  /** ordinal of the next frame, from 1 */
  readonly nextFrame: number;
  /** the latest time listed; 0 and 0 before the first */
  readonly newestSeconds: number;
  readonly newestNanoseconds: number;
  /** '' or what is wrong with the record the walk stopped at: it cannot go on */
  readonly damage: string;
  /** a record longer than a slot has begun and not ended */
  readonly skipping: boolean;
  /**
   * Lists the whole records between `start` and `end`, which lie in the open slot, until its index is full.
   * @returns where it stopped: `end`, or the first byte of a record that is incomplete, has no room, or is damaged. A record
   *   that starts with the slot and fills it is never incomplete.
   */
  walk(slot: BatchProducer, start: number, end: number): number;
}

const HEAD_BYTES = Math.max(PCAP_HEADER_BYTES, PCAPNG_HEADER_BYTES);
const MAGIC_BYTES = 4;

/** How a regular file is read: in this thread, in Node's thread pool, or there ahead of who lists the frames, which one source can do of a ring. */
export const READ_WAY = { HERE: 0, BESIDE: 1, AHEAD: 2 } as const;
export type ReadWay = (typeof READ_WAY)[keyof typeof READ_WAY];

/** How long frames wait in a slot that fills slowly (a quiet pipe). */
const LATENCY_MS = 100;

/**
 * Opens a capture file: pcap or pcapng, plain or gzip, told by its first bytes.
 * @param file path, or `-` for standard input
 * @param row of the source board
 * @param slotBytes bytes of a slot of the ring it will fill: no frame can be longer
 * @param way how a regular file is read
 * @throws SourceError
 */
export async function openSavefile(
  file: string,
  row: number,
  slotBytes: number,
  links: LinkRegistry,
  warn: Warn,
  stopping: Stopping,
  way: ReadWay = READ_WAY.HERE,
): Promise<SavefileSource> {
  const name = displayName(file);
  let bytes = await openBytes(file, stopping, way !== READ_WAY.HERE);
  try {
    let head = await readHead(bytes, stopping);
    if (head.length === 0) throw new SourceError(`${name}: is empty: not a capture file`);
    if (isGzip(head)) {
      bytes = new GzipByteSource(bytes, name, head);
      head = await readHead(bytes, stopping);
    }
    const ahead = way === READ_WAY.AHEAD && bytes instanceof FileByteSource && bytes.isPositioned ? new ReadAhead(bytes, slotBytes) : undefined;
    return new SavefileSource(name, row, bytes, head, chooseWalker(name, head, slotBytes, links, warn), warn, ahead);
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/** The first HEAD_BYTES, fewer where there are no more. */
async function readHead(bytes: ByteSource, stopping: Stopping): Promise<Uint8Array> {
  const head = new Uint8Array(HEAD_BYTES);
  let length = 0;
  while (length < HEAD_BYTES && !stopping()) {
    const got = await bytes.read(head, length, HEAD_BYTES);
    if (got === READ.END) break;
    if (got > 0) length += got;
  }
  return head.subarray(0, length);
}

function chooseWalker(name: string, head: Uint8Array, slotBytes: number, links: LinkRegistry, warn: Warn): RecordWalker {
  const view = new DataView(head.buffer, 0, head.length);
  if (head.length >= MAGIC_BYTES) {
    const tooShort = (least: number): boolean => {
      if (head.length >= least) return false;
      throw new SourceError(`${name}: ends inside the file header (${head.length} of ${least} bytes): there is no frame in it`);
    };
    if (isPcap(view) && !tooShort(PCAP_HEADER_BYTES)) return new PcapWalker(name, view, slotBytes, links);
    if (isPcapng(view) && !tooShort(PCAPNG_HEADER_BYTES)) return new PcapngWalker(name, slotBytes, links, warn);
  }
  const first = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw new SourceError(`${name}: not a capture file (it begins ${first}); pcap, pcapng and either in gzip are read`);
}

export class SavefileSource implements FrameSource {
  /** bytes read that come before the ones the next slot begins with */
  private carry = new Uint8Array(0);
  private carried = 0;
  /** position in the (uncompressed) file of the first carried byte */
  private position = 0;

  /**
   * @param head the bytes read already, from the beginning of the file
   * @param ahead reads `bytes` ahead, into slots that nobody else fills
   */
  constructor(
    readonly name: string,
    readonly row: number,
    private readonly bytes: ByteSource,
    head: Uint8Array,
    private readonly walker: RecordWalker,
    private readonly warn: Warn,
    private readonly ahead: ReadAhead | undefined,
  ) {
    // The pcap walker has read the file header; pcapng's is a block like the others.
    this.position = walker instanceof PcapWalker ? PCAP_HEADER_BYTES : 0;
    this.keep(head, this.position, head.length);
  }

  get linkType(): number {
    return this.walker.linkType;
  }

  get nextFrame(): number {
    return this.walker.nextFrame;
  }

  get newestSeconds(): number {
    return this.walker.newestSeconds;
  }

  get newestNanoseconds(): number {
    return this.walker.newestNanoseconds;
  }

  /** Bytes of the file read so far: of a .gz the compressed ones. */
  get bytesRead(): number {
    return this.bytes.bytesRead;
  }

  /** Size of the file, 0 where unknown. */
  get bytesTotal(): number {
    return this.bytes.bytesTotal;
  }

  async fill(slot: BatchProducer): Promise<number> {
    const { ahead } = this;
    if (ahead === undefined) return this.fillFrom(slot, this.bytes);
    if (this.carried <= ahead.gapBytes) return this.fillAhead(slot, ahead);
    // A record that hardly fits a slot, or more frames than its index lists: they need the whole slot.
    await ahead.drop();
    return this.fillFrom(slot, this.bytes);
  }

  /** Lists the frames of what was read ahead. */
  private async fillAhead(slot: BatchProducer, ahead: ReadAhead): Promise<number> {
    const { walker } = this;
    const { base, length, ended, failure } = await ahead.take(slot);
    const start = base - this.carried;
    const end = base + length;
    slot.bytes.set(this.carry.subarray(0, this.carried), start);
    const at = walker.walk(slot, start, end);
    if (walker.damage !== '') throw this.damaged(at - start);
    if (failure !== undefined) throw failure;
    // What the index had no room for comes with the next slot.
    const outcome = ended && slot.room > 0 ? FILL.END : FILL.MORE;
    this.leave(slot, start, at, end, outcome);
    return outcome;
  }

  private async fillFrom(slot: BatchProducer, bytes: ByteSource): Promise<number> {
    const { walker } = this;
    const start = slot.start;
    slot.bytes.set(this.carry.subarray(0, this.carried), start);
    let end = start + this.carried;
    let at = start;
    let outcome: number = FILL.MORE;
    const deadlineMs = performance.now() + LATENCY_MS;
    for (;;) {
      at = walker.walk(slot, at, end);
      if (walker.damage !== '') throw this.damaged(at - start);
      if (slot.room === 0 || end === slot.limit || performance.now() > deadlineMs) break;
      const got = await bytes.read(slot.bytes, end, slot.limit);
      if (got <= 0) {
        outcome = got === READ.END ? FILL.END : FILL.IDLE;
        break;
      }
      end += got;
    }
    this.leave(slot, start, at, end, outcome);
    return outcome;
  }

  /** Notes what was listed, `start` to `at`, and keeps what is left up to `end`. */
  private leave(slot: BatchProducer, start: number, at: number, end: number, outcome: number): void {
    if (outcome === FILL.END) this.warnOfCut(end - at);
    this.position += at - start;
    this.keep(slot.bytes, at, end);
  }

  close(): void {
    if (this.ahead !== undefined) this.ahead.close();
    else this.bytes.close();
  }

  private keep(from: Uint8Array, at: number, end: number): void {
    this.carried = end - at;
    if (this.carry.length < this.carried) this.carry = new Uint8Array(this.carried * 2);
    this.carry.set(from.subarray(at, end));
  }

  private damaged(offset: number): SourceError {
    const { name, walker, position } = this;
    const frames = walker.nextFrame - 1;
    return new SourceError(
      `${name}: damaged at byte ${position + offset}, frame ${walker.nextFrame}: ${walker.damage}; ` +
        `the ${frames} frames before it were read, the rest was not`,
    );
  }

  /** @param rest bytes of an incomplete record at the end of the file */
  private warnOfCut(rest: number): void {
    const frame = this.nextFrame;
    if (rest > 0 || this.walker.skipping) {
      this.warn(`${this.name}: cut off in frame ${frame}; the ${frame - 1} frames before it were read`);
    } else if (this.bytes.cutOff) {
      this.warn(`${this.name}: the gzip data is cut off after frame ${frame - 1}; the frames up to it were read`);
    }
  }
}
