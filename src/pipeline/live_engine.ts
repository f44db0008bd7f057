// Live capture with one parser: one thread waits for frames and parses them (live_task.ts), this one writes.

import { Worker } from 'node:worker_threads';
import type { CaptureMessage, CaptureReport } from '../capture/messages.js';
import { allocateLineBlock, LineBlock } from '../ring/line_blocks.js';
import { type Engine, type EngineOutput, LIVE_BLOCKS, REGION_BYTES, regionCount } from './engine.js';
import { stuckError, watchForStuck } from './stuck_watch.js';
import type { LiveTask, LiveThreadTask, ParsingOptions } from './tasks.js';
import { WorkerBooks } from './worker_books.js';

export class LiveEngine implements Engine {
  readonly blocks: readonly LineBlock[];
  private readonly task: LiveThreadTask;

  constructor(capture: LiveTask, options: ParsingOptions) {
    const blocks = Array.from({ length: LIVE_BLOCKS }, () => allocateLineBlock(regionCount(options.split), REGION_BYTES, options.merging));
    this.task = { ...options, capture, blocks };
    this.blocks = blocks.map((memory) => new LineBlock(memory));
  }

  /** A thread that throws, ends or never comes back from a batch ends the run: it has the sockets (docs/decisions/broken-threads.md). */
  run(report: CaptureReport, { deliver }: EngineOutput): Promise<void> {
    const worker = new Worker(new URL('../../workers/live.js', import.meta.url), { workerData: this.task });
    // What the thread has posted arrives before its end does.
    worker.on('message', (message: CaptureMessage | number) => {
      if (typeof message === 'number') deliver(message);
      else report(message);
    });
    const books = new WorkerBooks(this.task.shared.ring, 0, this.task.blocks);
    const watch = watchForStuck(() => books.workingOn, () => void worker.terminate());
    return new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => {
        if (code === 0) resolve();
        else reject(watch.stuck ? stuckError() : new Error(`the capture thread ended with code ${code}`));
      });
    }).finally(() => watch.end());
  }
}
