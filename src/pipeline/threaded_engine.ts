// The threads of a run: one captures, one or more parse.

import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { CaptureMessage, CaptureReport } from '../capture/messages.js';
import { BatchRingOwner } from '../ring/batch_ring.js';
import { allocateLineBlock, LineBlock, type LineBlockMemory } from '../ring/line_blocks.js';
import { Breakdowns } from './breakdowns.js';
import { type Engine, type EngineOutput, LIVE_BLOCKS, REGION_BYTES, regionCount } from './engine.js';
import { runParserWorker } from './parser_worker.js';
import type { CaptureTask, ParsingOptions } from './tasks.js';

/** Line blocks of a worker that parses a file, which waits for us: one being filled, one being written, one between. */
const REPLAY_BLOCKS = 3;
/** How long what is in the ring may take behind the end of a capture thread that broke: as long as a stop. */
const DRAIN_MS = 10_000;

export class ThreadedEngine implements Engine {
  /** grows by the tails */
  readonly blocks: LineBlock[];
  private readonly blocksPerWorker: number;
  private readonly memories: readonly (readonly LineBlockMemory[])[];
  /** without room for lines: they end the batches of workers that broke */
  private readonly tails: number[] = [];
  private readonly breakdowns = new Breakdowns();
  private readonly ring: BatchRingOwner;

  constructor(private readonly capture: CaptureTask, workers: number, private readonly options: ParsingOptions) {
    const regions = regionCount(options.split);
    this.blocksPerWorker = options.live ? LIVE_BLOCKS : REPLAY_BLOCKS;
    this.memories = Array.from({ length: workers }, () => (
      Array.from({ length: this.blocksPerWorker }, () => allocateLineBlock(regions, REGION_BYTES, options.merging))));
    this.blocks = this.memories.flat().map((memory) => new LineBlock(memory));
    this.ring = new BatchRingOwner(options.shared.ring);
  }

  /**
   * What a capture thread that breaks had captured is parsed and delivered before this throws, for as long as DRAIN_MS. Workers that
   * break are replaced.
   */
  async run(report: CaptureReport, { deliver }: EngineOutput): Promise<void> {
    const captured = this.runCapture(report);
    const parsing = Promise.all(this.memories.map((memories, number) => this.runParser(number, memories, report, deliver)));
    const capturing = captured.catch(async (error: unknown) => {
      this.ring.end();
      await Promise.race([parsing, sleep(DRAIN_MS, undefined, { ref: false })]);
      throw error;
    });
    await Promise.all([capturing, parsing]);
  }

  private runCapture(report: CaptureReport): Promise<void> {
    const worker = new Worker(new URL('../../workers/capture.js', import.meta.url), { workerData: this.capture });
    worker.on('message', (message: CaptureMessage) => report(message));
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the capture thread ended with code ${code}`))));
    });
  }

  private runParser(
    number: number, blocks: readonly LineBlockMemory[], report: CaptureReport, deliver: (block: number) => void,
  ): Promise<void> {
    const task = { ...this.options, number, blocks, cpuProfile: profileName(this.options.cpuProfile, number) };
    return runParserWorker(task, {
      deliver: (block) => deliver(number * this.blocksPerWorker + block),
      tail: () => {
        const tail = this.tail();
        return { block: this.blocks[tail], deliver: () => deliver(tail) };
      },
      breakdowns: this.breakdowns,
      report,
    });
  }

  /** The number of a free block that takes no lines. */
  private tail(): number {
    const free = this.tails.find((number) => this.blocks[number].isFree);
    if (free !== undefined) return free;
    this.tails.push(this.blocks.length);
    return this.blocks.push(new LineBlock(allocateLineBlock(1, 0, this.options.merging))) - 1;
  }
}

/** The file for a worker's CPU profile: the name given, numbered from the second worker on. */
function profileName(file: string, worker: number): string {
  if (file === '' || worker === 0) return file;
  return `${file.replace(/\.cpuprofile$/, '')}.${worker + 1}.cpuprofile`;
}
