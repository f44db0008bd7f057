// The life of a parsing worker: takes batches from the ring until there are no more.

import { BatchConsumer, CLAIM, type MemoryViewer } from '../ring/batch_consumer.js';
import { STOP_REQUEST } from '../ring/batch_ring.js';
import { LineBlock } from '../ring/line_blocks.js';
import { WorkerBoard } from '../ring/worker_board.js';
import { withCpuProfile } from './cpu_profile.js';
import { LineOutput } from './line_output.js';
import { Parsing } from './parsing.js';
import type { ParseTask } from './tasks.js';

const WAIT_MS = 1000;

/** Runs until the ring has ended and is empty, or the run is abandoned. */
export async function runParseTask(task: ParseTask): Promise<void> {
  // Replay needs neither: it waits for us, and loads no native library.
  const mapped = task.mapped ? await import('../host/mapped_memory.js') : undefined;
  if (task.live) {
    const { warmUp } = await import('./warm_up.js');
    warmUp(task, (blocks, handOver) => new LineOutput(blocks, task.merging, handOver, () => false), mapped?.mapOwnMemory);
  }
  if (task.cpuProfile === '') parseBatches(task, mapped?.mappedView);
  else await withCpuProfile(task.cpuProfile, () => parseBatches(task, mapped?.mappedView));
  task.port.close();
}

function parseBatches(task: ParseTask, viewer: MemoryViewer | undefined): void {
  const ring = new BatchConsumer(task.shared.ring, viewer, task.number);
  const abandoned = (): boolean => ring.stopRequest === STOP_REQUEST.ABANDON;
  const output = new LineOutput(
    task.blocks.map((memory) => new LineBlock(memory)),
    task.merging,
    (block) => task.port.postMessage(block),
    abandoned,
  );
  const parsing = new Parsing(task, ring, output, task.number);
  const board = new WorkerBoard(task.shared.workers);
  for (;;) {
    const claim = ring.claim(WAIT_MS);
    if (claim === CLAIM.ENDED || abandoned()) return;
    if (claim !== CLAIM.TAKEN) continue;
    const beganMs = performance.now();
    const goOn = parsing.parseClaimed();
    board.parsed(task.number, performance.now() - beganMs);
    if (!goOn) return;
  }
}
