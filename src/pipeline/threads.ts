// The threads of a run: one captures, one or more parse.

import { MessageChannel, Worker } from 'node:worker_threads';
import type { CaptureMessage, CaptureReport } from '../capture/messages.js';
import { allocateLineBlock, LineBlock } from '../ring/line_blocks.js';
import { type CaptureTask, NO_MORE_BLOCKS, type ParseTask } from './tasks.js';

/** Blocks a worker: one being filled, one being written, one between. */
const BLOCKS_PER_WORKER = 3;
/** More than the longest line: the longest header section that is read, every byte of it escaped (json: five bytes). */
const REGION_BYTES = 2 << 20;

/**
 * Starts the capture thread.
 * @returns resolves when it has ended; rejects when it broke down
 */
export function startCapture(task: CaptureTask, report: CaptureReport): Promise<void> {
  const worker = new Worker(new URL('../../workers/capture.js', import.meta.url), { workerData: task });
  worker.on('message', (message: CaptureMessage) => report(message));
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}

/** The parsing workers and the blocks they fill. */
export interface Parsers {
  /** every worker's, by the numbers they are delivered under */
  readonly blocks: readonly LineBlock[];
  /** Starts the workers. Resolves when all have ended and their last block was delivered; rejects when one broke down. */
  start(deliver: (block: number) => void): Promise<void>;
}

/** @param task what all workers are given; blocks and ports are made here */
export function makeParsers(workers: number, task: Omit<ParseTask, 'blocks' | 'firstBlock' | 'port'>): Parsers {
  const regions = task.split ? 4 : 1;
  const memories = Array.from({ length: workers }, () => (
    Array.from({ length: BLOCKS_PER_WORKER }, () => allocateLineBlock(regions, REGION_BYTES, task.merging))));
  return {
    blocks: memories.flat().map((memory) => new LineBlock(memory)),
    async start(deliver) {
      const { Piscina } = await import('piscina');
      const pool = new Piscina({
        filename: new URL('../../workers/parse.js', import.meta.url).href,
        minThreads: workers,
        maxThreads: workers,
        recordTiming: false,
      });
      await Promise.all(memories.map(async (blocks, number) => {
        const { port1, port2 } = new MessageChannel();
        const delivered = new Promise<void>((resolve) => {
          port1.on('message', (block: number) => {
            if (block === NO_MORE_BLOCKS) resolve();
            else deliver(block);
          });
        });
        const own: ParseTask = {
          ...task,
          blocks,
          firstBlock: number * BLOCKS_PER_WORKER,
          port: port2,
          cpuProfile: profileName(task.cpuProfile, number),
        };
        await pool.run(own, { transferList: [port2] });
        await delivered;
      }));
      await pool.destroy();
    },
  };
}

/** The file for a worker's CPU profile: the name given, numbered from the second worker on. */
function profileName(file: string, worker: number): string {
  if (file === '' || worker === 0) return file;
  return `${file.replace(/\.cpuprofile$/, '')}.${worker + 1}.cpuprofile`;
}
