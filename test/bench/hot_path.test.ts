// What parsing costs a packet, counted instead of timed: objects allocated and batches handed over. None of it depends on how fast or
// how busy the machine is.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { writeGenerated } from '../../bench/lib/generated.js';
import { beside } from '../support/beside.js';
import { runCommand } from '../support/command.js';
import type { AllocationReport } from './allocation_run.js';

const ALLOCATION_RUN = fileURLToPath(new URL('allocation_run.js', import.meta.url));
const ENGINE = ['--expose-gc', '--no-concurrent-recompilation', '--no-memory-reducer', '--min-semi-space-size=64'];

const FRAMES = 100_000;
const FLOWS = 5000;
const PACKETS = 1_000_000;
const MESSAGE_SHARE = 0.25;
/** Two bytes a packet. The smallest object has 16: one a packet would be 16 MB, one a record 4 MB. A batch may have its few. */
const LIMIT_BYTES = 2 * PACKETS;
const BATCH_BYTES = 4 << 20;

describe('the hot path, counted', function () {
  this.timeout(180_000); // a slow machine under load; nothing here is judged by time
  /** what is counted: a format, on IPv4 or IPv6, with a process behind every record or not */
  interface Case { readonly format: string; readonly ipv6: boolean; readonly proc: boolean }
  const cases: readonly Case[] = [
    ...[false, true].flatMap((ipv6) => ['text', 'tsv', 'json', 'ecs'].map((format): Case => ({ format, ipv6, proc: false }))),
    ...([['text', false], ['json', false], ['tsv', true], ['ecs', true]] as const).map(([format, ipv6]): Case => ({ format, ipv6, proc: true })),
    { format: 'wasteful', ipv6: false, proc: false },
  ];
  let directory: string;
  let fileBytes: number;
  /** of each case, counted by a process of its own */
  let reports: Promise<AllocationReport>[];
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'httplog-hot-path-'));
    const fileOf = (ipv6: boolean): string => join(directory, `ipv${ipv6 ? 6 : 4}.pcap`);
    for (const ipv6 of [false, true]) {
      const messages = writeGenerated(fileOf(ipv6), { frames: FRAMES, flows: FLOWS, messageShare: MESSAGE_SHARE, frameBytes: 300, ipv6 });
      assert.equal(messages, FRAMES * MESSAGE_SHARE);
    }
    fileBytes = statSync(fileOf(false)).size;
    reports = beside(cases.map(({ format, ipv6, proc }) => async () => {
      const owners = proc ? [ipv6 ? 'proc6' : 'proc4', String(FLOWS)] : [];
      const { status, stdout, stderr } = await runCommand([process.execPath, ...ENGINE, ALLOCATION_RUN, fileOf(ipv6), format, ...owners]);
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout) as AllocationReport;
    }));
  });
  after(async () => {
    await Promise.allSettled(reports ?? []);
    rmSync(directory, { recursive: true, force: true });
  });

  async function counted(at: number): Promise<AllocationReport> {
    const report = await reports[at];
    assert.equal(report.packets, PACKETS);
    assert.equal(report.records, PACKETS * MESSAGE_SHARE);
    assert.equal(report.owned, cases[at].proc ? report.records : 0, 'the records with a process');
    return report;
  }

  for (const [at, { format, ipv6, proc }] of cases.entries()) {
    if (format === 'wasteful') continue;
    it(`allocates nothing a packet or a record: ${format}${proc ? ' with -proc' : ''}, IPv${ipv6 ? 6 : 4}, a million packets`, async () => {
      const { allocatedBytes, collections } = await counted(at);
      assert.equal(collections, 0, 'no garbage to collect');
      assert.ok(allocatedBytes < LIMIT_BYTES, `${allocatedBytes} bytes allocated for ${PACKETS} packets`);
    });
  }

  it('would see one object a record', async () => {
    const { allocatedBytes, collections } = await counted(cases.findIndex(({ format }) => format === 'wasteful'));
    assert.ok(collections > 0 || allocatedBytes >= 2 * LIMIT_BYTES, `only ${allocatedBytes} bytes seen`);
  });

  it('fills slots to the brim: a batch for every 4 MiB of file', async () => {
    const { batches } = await counted(0);
    const least = (PACKETS / FRAMES) * Math.ceil(fileBytes / BATCH_BYTES);
    assert.ok(batches >= least && batches <= least + 2 * (PACKETS / FRAMES), `${batches} batches, ${least} could do`);
  });
});
