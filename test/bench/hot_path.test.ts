// What parsing costs a packet, counted instead of timed: objects allocated and batches handed over. None of it depends on how fast or
// how busy the machine is.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { writeGenerated } from '../../bench/lib/generated.js';
import { command } from '../support/command.js';
import type { AllocationReport } from './allocation_run.js';

const ALLOCATION_RUN = fileURLToPath(new URL('allocation_run.js', import.meta.url));
const ENGINE = ['--expose-gc', '--no-concurrent-recompilation', '--min-semi-space-size=64'];

const FRAMES = 100_000;
const FLOWS = 5000;
const PACKETS = 1_000_000;
const MESSAGE_SHARE = 0.25;
/** Two bytes a packet. The smallest object has 16: one a packet would be 16 MB, one a record 4 MB. A batch may have its few. */
const LIMIT_BYTES = 2 * PACKETS;
const BATCH_BYTES = 4 << 20;

describe('the hot path, counted', function () {
  this.timeout(180_000); // a slow machine under load; nothing here is judged by time
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'httplog-hot-path-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const measure = (format: string, ipv6: boolean, proc = false): AllocationReport & { fileBytes: number } => {
    const file = join(directory, 'capture.pcap');
    const messages = writeGenerated(file, { frames: FRAMES, flows: FLOWS, messageShare: MESSAGE_SHARE, frameBytes: 300, ipv6 });
    assert.equal(messages, FRAMES * MESSAGE_SHARE);
    const owners = proc ? [ipv6 ? 'proc6' : 'proc4', String(FLOWS)] : [];
    const report = JSON.parse(command([process.execPath, ...ENGINE, ALLOCATION_RUN, file, format, ...owners], '', 120_000)) as AllocationReport;
    assert.equal(report.packets, PACKETS);
    assert.equal(report.records, PACKETS * MESSAGE_SHARE);
    assert.equal(report.owned, proc ? report.records : 0, 'the records with a process');
    return { ...report, fileBytes: statSync(file).size };
  };

  const allocatesNothing = (format: string, ipv6: boolean, proc: boolean): void => {
    it(`allocates nothing a packet or a record: ${format}${proc ? ' with -proc' : ''}, IPv${ipv6 ? 6 : 4}, a million packets`, () => {
      const { allocatedBytes, collections } = measure(format, ipv6, proc);
      assert.equal(collections, 0, 'no garbage to collect');
      assert.ok(allocatedBytes < LIMIT_BYTES, `${allocatedBytes} bytes allocated for ${PACKETS} packets`);
    });
  };

  for (const ipv6 of [false, true]) {
    for (const format of ['text', 'tsv', 'json', 'ecs']) allocatesNothing(format, ipv6, false);
  }
  for (const [format, ipv6] of [['text', false], ['json', false], ['tsv', true], ['ecs', true]] as const) allocatesNothing(format, ipv6, true);

  it('would see one object a record', () => {
    const { allocatedBytes, collections } = measure('wasteful', false);
    assert.ok(collections > 0 || allocatedBytes >= 2 * LIMIT_BYTES, `only ${allocatedBytes} bytes seen`);
  });

  it('fills slots to the brim: a batch for every 4 MiB of file', () => {
    const { batches, fileBytes } = measure('text', false);
    const least = (PACKETS / FRAMES) * Math.ceil(fileBytes / BATCH_BYTES);
    assert.ok(batches >= least && batches <= least + 2 * (PACKETS / FRAMES), `${batches} batches, ${least} could do`);
  });
});
