// The life of the capture thread: opens the sources, fills the ring until they end or a stop is asked for.

import type { CaptureReport } from '../capture/messages.js';
import { BatchProducer } from '../ring/batch_producer.js';
import { LinkRegistry } from '../ring/link_table.js';
import { LocalTableWriter } from '../ring/local_table.js';
import { SourceBoard } from '../ring/source_board.js';
import { describeError } from './say.js';
import type { CaptureTask } from './tasks.js';

/** Runs a capture to its end. Whatever happens, the ring is ended, so that the workers finish what it holds. */
export async function runCaptureTask(task: CaptureTask, report: CaptureReport): Promise<void> {
  const { shared } = task;
  const producer = new BatchProducer(shared.ring);
  const board = new SourceBoard(shared.board);
  const links = new LinkRegistry(shared.links);
  try {
    // Each way is loaded only when taken: replay needs no native library, live capture no file reader.
    if (task.way === 'replay') {
      const { runReplay } = await import('../capture/replay.js');
      await runReplay({ files: task.files, slotBytes: shared.ring.slotBytes }, producer, board, links, report);
    } else {
      const { runLiveCapture } = await import('../capture/live.js');
      await runLiveCapture(task, producer, board, links, new LocalTableWriter(shared.local), report);
    }
  } catch (error) {
    report({ type: 'failed', text: describeError(error) });
  } finally {
    producer.end();
  }
}
