// The threads of a run: one captures, one or more parse.

import { MessageChannel, Worker } from 'node:worker_threads';
import type { CaptureMessage, CaptureReport } from '../capture/messages.js';
import { allocateLineBlock, LineBlock, type LineBlockMemory } from '../ring/line_blocks.js';
import { type Engine, type EngineOutput, REGION_BYTES, regionCount } from './engine.js';
import { type CaptureTask, NO_MORE_BLOCKS, type ParseTask, type ParsingOptions } from './tasks.js';

/**
 * Blocks a worker. A file waits for us: one being filled, one being written, one between. An interface does not, and its batches are
 * small, so that few bytes of a block are ever touched: more blocks bridge the moments in which main or the disk is busy.
 */
const BLOCKS_PER_WORKER = { replay: 3, live: 16 } as const;

export class ThreadedEngine implements Engine {
  readonly blocks: readonly LineBlock[];
  private readonly blocksPerWorker: number;
  private readonly memories: readonly (readonly LineBlockMemory[])[];

  constructor(private readonly capture: CaptureTask, private readonly workers: number, private readonly options: ParsingOptions) {
    const regions = regionCount(options.split);
    this.blocksPerWorker = BLOCKS_PER_WORKER[options.live ? 'live' : 'replay'];
    this.memories = Array.from({ length: workers }, () => (
      Array.from({ length: this.blocksPerWorker }, () => allocateLineBlock(regions, REGION_BYTES, options.merging))));
    this.blocks = this.memories.flat().map((memory) => new LineBlock(memory));
  }

  async run(report: CaptureReport, { deliver }: EngineOutput): Promise<void> {
    await Promise.all([this.runCapture(report), this.runParsers(deliver)]);
  }

  private runCapture(report: CaptureReport): Promise<void> {
    const worker = new Worker(new URL('../../workers/capture.js', import.meta.url), { workerData: this.capture });
    worker.on('message', (message: CaptureMessage) => report(message));
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the capture thread ended with code ${code}`))));
    });
  }

  /** Resolves when all workers have ended and their last block was delivered. */
  private async runParsers(deliver: (block: number) => void): Promise<void> {
    const { Piscina } = await import('piscina');
    const pool = new Piscina({
      filename: new URL('../../workers/parse.js', import.meta.url).href,
      minThreads: this.workers,
      maxThreads: this.workers,
      recordTiming: false,
    });
    await Promise.all(this.memories.map(async (blocks, number) => {
      const { port1, port2 } = new MessageChannel();
      const delivered = new Promise<void>((resolve) => {
        port1.on('message', (block: number) => {
          if (block === NO_MORE_BLOCKS) resolve();
          else deliver(block);
        });
      });
      const task: ParseTask = {
        ...this.options,
        blocks,
        firstBlock: number * this.blocksPerWorker,
        port: port2,
        cpuProfile: profileName(this.options.cpuProfile, number),
      };
      await pool.run(task, { transferList: [port2] });
      await delivered;
    }));
    await pool.destroy();
  }
}

/** The file for a worker's CPU profile: the name given, numbered from the second worker on. */
function profileName(file: string, worker: number): string {
  if (file === '' || worker === 0) return file;
  return `${file.replace(/\.cpuprofile$/, '')}.${worker + 1}.cpuprofile`;
}
