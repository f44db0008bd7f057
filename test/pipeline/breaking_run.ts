// A run around an engine that breaks as the first argument says; its records go to standard output. For break_down.test.ts,
// which looks at how the process ends.

import { loadSettings } from '../../src/config/load.js';
import { thisProcess } from '../../src/config/surroundings.js';
import type { Engine, EngineOutput } from '../../src/pipeline/engine.js';
import { LineOutput } from '../../src/pipeline/line_output.js';
import { Run } from '../../src/pipeline/run_stages.js';
import { allocateSharedRun } from '../../src/pipeline/shared_run.js';
import { COUNTER, COUNTERS } from '../../src/record/counters.js';
import { allocateLineBlock, LineBlock } from '../../src/ring/line_blocks.js';
import { SOURCE, SourceBoard } from '../../src/ring/source_board.js';

const [how, ...argv] = process.argv.slice(2);
const shared = allocateSharedRun('live');
const blocks = [0, 1].map(() => new LineBlock(allocateLineBlock(1, 1024, false)));

/** Three frames are handed over, a record each; what became of the first batch, of one frame, reaches the writer. */
const engine: Engine = {
  blocks,
  async run(report, { deliver }: EngineOutput) {
    const board = new SourceBoard(shared.board);
    board.set(0, SOURCE.RECEIVED, 3);
    board.set(0, SOURCE.HANDED, 3);
    report({ type: 'opened', row: 0, name: 'test0', linkType: 1 });
    report({ type: 'ready' });
    const output = new LineOutput(blocks, false, deliver, () => false);
    const head = { batch: 0, source: 0, watermarkSeconds: 1, watermarkNanoseconds: 0 };
    const counters = new Float64Array(COUNTERS);
    const at = output.reserve(head, counters, 0, 0, 16);
    output.bytes.set(new TextEncoder().encode('record\n'), at);
    output.commit(at + 7, 1, 0);
    for (const counter of [COUNTER.FRAMES, COUNTER.PARSED, COUNTER.RECORDS]) counters[counter] = 1;
    output.finish(head, counters);
    setInterval(() => undefined, 1000); // a thread that never ends
    if (how === 'rejects') throw new Error('the engine broke');
    if (how === 'throws') setTimeout(() => { throw new Error('a timer broke'); }, 10);
    await new Promise(() => undefined);
  },
};

const { settings } = loadSettings(argv, thisProcess()) as Extract<ReturnType<typeof loadSettings>, { action: 'run' }>;
const run = new Run({ settings, options: { ignoreHangUp: true, statisticsLevel: 'debug' }, shared, engine, merging: false, countsAll: false });
process.exitCode = await run.run();
