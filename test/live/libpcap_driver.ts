// The capture thread alone, for the tests: runs runLiveCapture() in a worker thread as the program does, takes its batches and
// tells what came, as JSON lines on standard output. A line on standard input asks for the stop: `drain` or `abandon`; or what came
// so far: `look`.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { mappedView } from '../../src/host/mapped_memory.js';
import { type LiveOptions, runLiveCapture } from '../../src/capture/live.js';
import type { CaptureMessage } from '../../src/capture/messages.js';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { type BatchRingMemory, BatchRingOwner, FRAME, FRAME_WORDS, STOP_REQUEST, allocateBatchRing } from '../../src/ring/batch_ring.js';
import { LinkReader, LinkRegistry, allocateLinkTable } from '../../src/ring/link_table.js';
import { LocalTableReader, LocalTableWriter, allocateLocalTable } from '../../src/ring/local_table.js';
import { SOURCE, SourceBoard, allocateSourceBoard } from '../../src/ring/source_board.js';

/** What the driver is asked to do. */
export interface DriverTask extends LiveOptions {
  readonly slots?: number;
  readonly slotBytes?: number;
  readonly slotFrames?: number;
  /** bytes of frames are told in hexadecimal (with the tag that the kernel took off put back), of this many frames at most */
  readonly keepFrames?: number;
  /** wait this long with every batch, as a slow disk would */
  readonly slowMs?: number;
  /** keep every batch this long before it is released, and see whether its bytes stay what they were */
  readonly holdMs?: number;
  /** keep a batch so as long as there is a file of this path */
  readonly holdWhile?: string;
}

/** A frame as the ring lists it. */
export interface DriverFrame {
  readonly row: number;
  readonly ordinal: number;
  readonly link: string;
  readonly linkType: number;
  readonly time: number;
  readonly nanoseconds: number;
  readonly wireLength: number;
  readonly hex: string;
}

/** What one row of the board says. */
export interface DriverTotals {
  readonly received: number;
  readonly dropped: number;
  readonly handed: number;
  readonly prefilter: number;
  readonly interfaceDropped: number;
  readonly open: number;
}

/** What has come so far. */
export interface DriverLook {
  /** frames in batches, by row */
  readonly counts: number[];
  /** by row, of the rows that had a batch */
  readonly totals: DriverTotals[];
  readonly batches: number;
  /** batches without frames */
  readonly empty: number;
}

/** The last line. */
export interface DriverResult extends DriverLook {
  readonly frames: DriverFrame[];
  /** frames whose ordinal or order of batches is wrong, frames older than their source's watermark */
  readonly misnumbered: number;
  /** batches whose bytes changed while they were held */
  readonly changed: number;
  readonly local: number;
  readonly cpuMs: number;
}

/** How often it looks whether to hold on. */
const HOLD_STEP_MS = 20;
/** Where a tag stands in an Ethernet frame. */
const TAG_PLACE = 12;

/** The tag that the kernel took off, as it stood in the frame. */
function tagBytes(tag: number): Uint8Array {
  return tag === 0 ? new Uint8Array(0) : Uint8Array.of(tag >>> 24, tag >>> 16, tag >>> 8, tag);
}

interface Memory {
  readonly ring: BatchRingMemory;
  readonly board: SharedArrayBuffer;
  readonly links: SharedArrayBuffer;
  readonly local: SharedArrayBuffer;
  readonly task: DriverTask;
}

function capture({ ring, board, links, local, task }: Memory): void {
  const producer = new BatchProducer(ring);
  const report = (message: CaptureMessage): void => parentPort?.postMessage(message);
  // JSON has made objects of the addresses' bytes
  const localGiven = task.localGiven?.map(({ bytes, prefix }) => ({ bytes: Uint8Array.from(Object.values(bytes)), prefix }));
  runLiveCapture({ ...task, localGiven }, producer, new SourceBoard(board), new LinkRegistry(links), new LocalTableWriter(local), report);
  producer.end();
}

async function main(task: DriverTask): Promise<void> {
  const memory: Memory = {
    ring: allocateBatchRing(task.slots ?? 8, task.slotBytes ?? 4 << 20, task.slotFrames ?? 32768),
    board: allocateSourceBoard(),
    links: allocateLinkTable(),
    local: allocateLocalTable(),
    task,
  };
  const owner = new BatchRingOwner(memory.ring);
  const worker = new Worker(new URL(import.meta.url), { workerData: memory });
  const say = (line: unknown): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
  worker.on('message', say);
  worker.on('error', (error) => say({ type: 'crash', text: error.stack }));
  const input = createInterface({ input: process.stdin });
  const taker = new Taker(memory);
  input.on('line', (line) => {
    if (line === 'look') say({ type: 'look', ...taker.look() });
    else owner.requestStop(line === 'drain' ? STOP_REQUEST.DRAIN : STOP_REQUEST.ABANDON);
  });
  let ended = false;
  const gone = new Promise<void>((resolve) => worker.on('exit', () => resolve()));
  while (!ended) {
    ended = taker.take();
    await new Promise((resolve) => setTimeout(resolve, task.slowMs ?? 1));
  }
  await gone;
  input.close();
  const usage = process.cpuUsage();
  say({ type: 'result', ...taker.result(), cpuMs: (usage.user + usage.system) / 1000 });
}

class Taker {
  private readonly consumer: BatchConsumer;
  private readonly links: LinkReader;
  private readonly board: SourceBoard;
  private readonly frames: DriverFrame[] = [];
  private readonly counts: number[] = [];
  private readonly watermarks: number[] = [];
  private batches = 0;
  private empty = 0;
  private misnumbered = 0;
  private changed = 0;

  constructor(private readonly memory: Memory) {
    this.consumer = new BatchConsumer(memory.ring, mappedView);
    this.links = new LinkReader(memory.links);
    this.board = new SourceBoard(memory.board);
  }

  /** Takes what is there (with slowMs or holdMs one batch). @returns true at the end */
  take(): boolean {
    for (;;) {
      const claim = this.consumer.claim(0);
      if (claim !== CLAIM.TAKEN) return claim === CLAIM.ENDED;
      this.count();
      if (this.memory.task.holdMs !== undefined || this.memory.task.holdWhile !== undefined) this.hold();
      this.consumer.release();
      // Under unbroken load there is always another one: the stop has to be heard between two.
      if (this.memory.task.slowMs !== undefined || this.memory.task.holdMs !== undefined || this.memory.task.holdWhile !== undefined) return false;
    }
  }

  private hold(): void {
    const { holdMs = HOLD_STEP_MS, holdWhile } = this.memory.task;
    const before = this.digest();
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    do Atomics.wait(nothing, 0, 0, holdMs);
    while (holdWhile !== undefined && existsSync(holdWhile));
    if (this.digest() !== before) this.changed++;
  }

  private digest(): string {
    const { consumer } = this;
    const hash = createHash('sha1');
    for (let index = 0; index < consumer.frames; index++) {
      const word = consumer.firstWord + index * FRAME_WORDS;
      const offset = consumer.index[word + FRAME.OFFSET];
      hash.update(consumer.bytes.slice(offset, offset + consumer.index[word + FRAME.LENGTH]));
    }
    return hash.digest('hex');
  }

  private count(): void {
    const { consumer } = this;
    const row = consumer.source;
    this.batches++;
    if (consumer.frames === 0) this.empty++;
    if (consumer.firstFrame !== (this.counts[row] ?? 0) + 1) this.misnumbered++;
    for (let index = 0; index < consumer.frames; index++) this.frame(row, index);
    this.counts[row] = (this.counts[row] ?? 0) + consumer.frames;
    this.watermarks[row] = consumer.watermarkSeconds * 1e6 + Math.floor(consumer.watermarkNanoseconds / 1000);
  }

  private frame(row: number, index: number): void {
    const { consumer } = this;
    const word = consumer.firstWord + index * FRAME_WORDS;
    const [offset, length, seconds, nanoseconds] = consumer.index.subarray(word, word + 4);
    if (seconds * 1e6 + Math.floor(nanoseconds / 1000) < (this.watermarks[row] ?? 0)) this.misnumbered++;
    if (this.frames.length >= (this.memory.task.keepFrames ?? 0)) return;
    const link = consumer.index[word + FRAME.LINK];
    const tag = tagBytes(consumer.index[word + FRAME.TAG]);
    const bytes = consumer.bytes.slice(offset, offset + length);
    this.frames.push({
      row,
      ordinal: consumer.firstFrame + index,
      link: new TextDecoder().decode(this.links.name(link)),
      linkType: this.links.linkType(link),
      time: seconds,
      nanoseconds,
      wireLength: consumer.index[word + FRAME.WIRE_LENGTH] + tag.length,
      hex: Buffer.concat([bytes.subarray(0, TAG_PLACE), tag, bytes.subarray(TAG_PLACE)]).toString('hex'),
    });
  }

  look(): DriverLook {
    const { counts, batches, empty } = this;
    return { counts: Array.from(counts, (count) => count ?? 0), totals: counts.map((_, row) => this.totals(row)), batches, empty };
  }

  result(): Omit<DriverResult, 'cpuMs'> {
    const local = new LocalTableReader(this.memory.local).changed()?.length ?? 0;
    const { frames, misnumbered, changed } = this;
    return { ...this.look(), frames, misnumbered, changed, local };
  }

  private totals(row: number): DriverTotals {
    const get = (number: number): number => this.board.get(row, number);
    return {
      received: get(SOURCE.RECEIVED),
      dropped: get(SOURCE.DROPPED),
      handed: get(SOURCE.HANDED),
      prefilter: get(SOURCE.PREFILTER),
      interfaceDropped: get(SOURCE.INTERFACE_DROPPED),
      open: get(SOURCE.OPEN),
    };
  }
}

if (isMainThread) await main(JSON.parse(process.argv[2]) as DriverTask);
else capture(workerData as Memory);
