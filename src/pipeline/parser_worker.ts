// A parsing worker as its engine sees it: a thread, and when that breaks the next one in its place. What the broken one was over
// is counted as lost, and everything behind it goes on.

import { setTimeout as sleep } from 'node:timers/promises';
import type { CaptureReport } from '../capture/messages.js';
import { BatchRingOwner, STOP_REQUEST } from '../ring/batch_ring.js';
import type { LineBlock } from '../ring/line_blocks.js';
import { Breakdowns } from './breakdowns.js';
import { runParserThread } from './parser_thread.js';
import { describeError } from './say.js';
import type { ParseTask } from './tasks.js';
import { WorkerBooks } from './worker_books.js';

export interface ParserSurroundings {
  /** takes a block that was passed: its number among the worker's own */
  deliver(block: number): void;
  /** a free block without room for lines, and how to deliver it */
  tail(): { readonly block: LineBlock; deliver(): void };
  /** of all workers together */
  readonly breakdowns: Breakdowns;
  readonly report: CaptureReport;
}

/**
 * Parses until the ring has ended and is empty, or the run is abandoned; then every block was delivered.
 * @throws Error when workers break too often
 */
export async function runParserWorker(task: Omit<ParseTask, 'port'>, surroundings: ParserSurroundings): Promise<void> {
  const { breakdowns, report } = surroundings;
  const ring = new BatchRingOwner(task.shared.ring);
  const books = new WorkerBooks(task.shared.ring, task.number, task.blocks);
  const passed = (block: number): void => {
    books.tell(block);
    surroundings.deliver(block);
  };
  for (;;) {
    try {
      return await runParserThread(task, { passed, workingOn: () => books.workingOn });
    } catch (error) {
      const untold = books.untold();
      if (untold !== undefined) passed(untold);
      const tail = surroundings.tail();
      const lost = books.settle(tail.block);
      if (!tail.block.isFree) tail.deliver();
      const delayMs = breakdowns.note();
      const what = `a parsing worker broke, ${lost} ${lost === 1 ? 'frame is' : 'frames are'} lost with it`;
      if (delayMs === undefined) throw new Error(`${what}; ${Breakdowns.limit('parsing workers')}`, { cause: error });
      report({ type: 'warning', text: `${what}, another takes its place; ${describeError(error)}` });
      if (ring.stopRequest === STOP_REQUEST.ABANDON) return;
      await sleep(delayMs);
    }
  }
}
