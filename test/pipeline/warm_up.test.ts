import assert from 'node:assert/strict';
import { warmUp } from '../../src/pipeline/warm_up.js';
import { LineOutput } from '../../src/pipeline/line_output.js';
import { parsingOptions } from '../../src/pipeline/run_tasks.js';
import { allocateSharedRun } from '../../src/pipeline/shared_run.js';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { Sandbox } from '../config/surroundings_for_tests.js';
import { cpuMs } from '../support/cpu_time.js';

describe('warming up', () => {
  let box: Sandbox;
  beforeEach(() => { box = new Sandbox(); });
  afterEach(() => { box.remove(); });

  for (const argv of [[], ['-o', 'json', '-log_split'], ['-i', 'any', '-p', '8080'], ['-f', 'tcp']]) {
    it(`leaves no trace in the run, within its time: ${argv.join(' ') || 'defaults'}`, () => {
      const shared = allocateSharedRun('live');
      const { settings } = box.load(argv);
      const before = [shared.ring.control, shared.links, shared.board, shared.local].map((memory) => new Uint8Array(memory).slice());
      const options = parsingOptions(settings, ['eth0'], shared, undefined);
      const took = cpuMs(() => warmUp(options, (blocks, handOver) => new LineOutput(blocks, options.merging, handOver, () => false)));
      assert.ok(took < 5000, `${took} ms`);
      const after = [shared.ring.control, shared.links, shared.board, shared.local].map((memory) => new Uint8Array(memory).slice());
      assert.deepEqual(after, before);
      assert.equal(new BatchConsumer(shared.ring).claim(0), CLAIM.NOTHING);
    });
  }
});
