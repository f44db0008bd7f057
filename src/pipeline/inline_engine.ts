// Replay in one thread: each batch is parsed while Node's thread pool reads the bytes of the next one. On one or two cores this
// beats threads, whose start alone takes longer than most files (docs/decisions/inline-replay.md).

import type { CaptureReport } from '../capture/messages.js';
import { runReplay } from '../capture/replay.js';
import { BatchConsumer, CLAIM } from '../ring/batch_consumer.js';
import { BatchProducer } from '../ring/batch_producer.js';
import { STOP_REQUEST } from '../ring/batch_ring.js';
import { allocateLineBlock, LineBlock } from '../ring/line_blocks.js';
import { LinkRegistry } from '../ring/link_table.js';
import { SourceBoard } from '../ring/source_board.js';
import { withCpuProfile } from './cpu_profile.js';
import { type Engine, type EngineOutput, REGION_BYTES, regionCount } from './engine.js';
import { LineOutput } from './line_output.js';
import { Parsing } from './parsing.js';
import type { ParsingOptions } from './tasks.js';

/** Full blocks that may wait for the writer while parsing goes on. */
const BLOCKS_AHEAD = 8;
/** Signals, timers and finished writes are looked at this often. */
const TURN_MS = 20;

export class InlineEngine implements Engine {
  readonly blocks: LineBlock[] = [];

  constructor(private readonly files: readonly string[], private readonly options: ParsingOptions) {}

  async run(report: CaptureReport, output: EngineOutput): Promise<void> {
    if (this.options.cpuProfile === '') await this.replay(report, output);
    else await withCpuProfile(this.options.cpuProfile, () => this.replay(report, output));
  }

  private async replay(report: CaptureReport, { deliver, idle }: EngineOutput): Promise<void> {
    const { shared, split, merging } = this.options;
    const consumer = new BatchConsumer(shared.ring);
    const lines = new GrowingLineOutput(this.blocks, regionCount(split), merging, deliver);
    const parsing = new Parsing(this.options, consumer, lines);
    const producer = new BatchProducer(shared.ring);
    const meanwhile = (): void => {
      while (consumer.claim(0) === CLAIM.TAKEN) parsing.parseClaimed();
    };
    let turnMs = performance.now();
    const turn = async (): Promise<void> => {
      if (consumer.waiting === shared.ring.slots) meanwhile();
      const ahead = this.blocks.reduce((full, block) => full + (block.isFree ? 0 : 1), 0);
      if (ahead < BLOCKS_AHEAD && performance.now() - turnMs < TURN_MS) return;
      if (ahead >= BLOCKS_AHEAD && consumer.stopRequest !== STOP_REQUEST.ABANDON) await idle();
      else await new Promise(setImmediate);
      turnMs = performance.now();
    };
    const { slotBytes } = shared.ring;
    const options = { files: this.files, slotBytes, turn, meanwhile };
    await runReplay(options, producer, new SourceBoard(shared.board), new LinkRegistry(shared.links), report);
    meanwhile();
  }
}

/**
 * Never waits for the writer, which shares the thread: where no block is free there is one more. The turns between batches keep
 * that bounded: only the lines of one batch come on top of BLOCKS_AHEAD.
 */
class GrowingLineOutput extends LineOutput {
  constructor(
    private readonly growing: LineBlock[], private readonly regions: number, private readonly withRecords: boolean,
    deliver: (block: number) => void,
  ) {
    growing.push(new LineBlock(allocateLineBlock(regions, REGION_BYTES, withRecords)));
    super(growing, withRecords, deliver, () => false);
  }

  protected override obtain(): number {
    const free = this.growing.findIndex((block) => block.isFree);
    if (free >= 0) return free;
    this.growing.push(new LineBlock(allocateLineBlock(this.regions, REGION_BYTES, this.withRecords)));
    return this.growing.length - 1;
  }
}
