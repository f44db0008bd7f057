// The life of the one thread of a live capture with one parser: it waits for frames, parses them where they are and gives them
// back (docs/decisions/live-thread.md).

import type { BatchTaker } from '../capture/batch_taker.js';
import { runLiveCapture } from '../capture/live.js';
import type { CaptureMessage } from '../capture/messages.js';
import { mapOwnMemory, mappedView } from '../host/mapped_memory.js';
import { BatchConsumer, CLAIM } from '../ring/batch_consumer.js';
import { BatchProducer } from '../ring/batch_producer.js';
import { STOP_REQUEST } from '../ring/batch_ring.js';
import { LineBlock } from '../ring/line_blocks.js';
import { LinkRegistry } from '../ring/link_table.js';
import { LocalTableWriter } from '../ring/local_table.js';
import { SourceBoard } from '../ring/source_board.js';
import { WorkerBoard } from '../ring/worker_board.js';
import { Breakdowns } from './breakdowns.js';
import { withCpuProfile } from './cpu_profile.js';
import { GatheredLines } from './gathered_lines.js';
import { Parsing } from './parsing.js';
import { describeError } from './say.js';
import type { LiveThreadTask } from './tasks.js';
import { warmUp } from './warm_up.js';

/**
 * Captures and parses until a stop is asked for.
 * @param post takes what is to be told, and the numbers of full blocks
 * @throws what the capture threw, or the parser too often: no frame should make it
 */
export async function runLiveTask(task: LiveThreadTask, post: (message: CaptureMessage | number) => void): Promise<void> {
  warmUp(task, (blocks, handOver) => new GatheredLines(blocks, task.merging, handOver, () => false), mapOwnMemory);
  if (task.cpuProfile === '') captureAndParse(task, post);
  else await withCpuProfile(task.cpuProfile, () => captureAndParse(task, post));
}

function captureAndParse(task: LiveThreadTask, post: (message: CaptureMessage | number) => void): void {
  const { shared } = task;
  const parser = new ThreadParser(task, post);
  try {
    runLiveCapture(
      task.capture, new BatchProducer(shared.ring), new SourceBoard(shared.board), new LinkRegistry(shared.links),
      new LocalTableWriter(shared.local), post, parser,
    );
  } finally {
    parser.handOn(Infinity);
  }
}

class ThreadParser implements BatchTaker {
  private readonly ring: BatchConsumer;
  private readonly lines: GatheredLines;
  private readonly breakdowns = new Breakdowns();
  private readonly board: WorkerBoard;
  private parsing: Parsing;

  constructor(private readonly task: LiveThreadTask, private readonly post: (message: CaptureMessage | number) => void) {
    this.ring = new BatchConsumer(task.shared.ring, mappedView);
    this.lines = new GatheredLines(task.blocks.map((memory) => new LineBlock(memory)), task.merging, post, () => this.abandoned());
    this.parsing = new Parsing(task, this.ring, this.lines);
    this.board = new WorkerBoard(task.shared.workers);
  }

  whileWaiting = (): void => undefined;

  /** Asked once a second while every line block waits for the writer. */
  private abandoned(): boolean {
    this.whileWaiting();
    return this.ring.stopRequest === STOP_REQUEST.ABANDON;
  }

  take(): void {
    if (this.ring.claim(0) !== CLAIM.TAKEN) return;
    const beganMs = performance.now();
    try {
      this.parsing.parseClaimed();
    } catch (error) {
      this.replaceParser(error);
    }
    this.board.parsed(0, performance.now() - beganMs);
  }

  /** The thread has the sockets: it goes on, with a parser that the defect has left nothing in. */
  private replaceParser(error: unknown): void {
    const lost = this.parsing.giveUpClaimed();
    this.parsing = new Parsing(this.task, this.ring, this.lines);
    const what = `the parser broke, ${lost} ${lost === 1 ? 'frame is' : 'frames are'} lost with it`;
    if (this.breakdowns.note() === undefined) throw new Error(`${what}; ${Breakdowns.limit('parsing workers')}`, { cause: error });
    this.post({ type: 'warning', text: `${what}, another takes its place; ${describeError(error)}` });
  }

  handOn(nowMs: number): number {
    if (nowMs >= this.lines.due) this.lines.handOn();
    return this.lines.due;
  }
}
