// Clocks that jump: httplog's own, while it captures, and those of the frames, across midnight and back.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { httplog as replay, killStarted, parseJsonLines, startHttplog, withDirectory } from '../support/httplog.js';
import { jump, jumpingClock } from '../support/jumping_clock.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { pcap } from '../support/savefile_builder.js';
import { finalReport } from '../support/totals.js';
import { request, send } from './libpcap_frames.js';

const HOUR_MS = 3_600_000;
const BURST = 10;

describe('live: the clock jumps', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('e2eclock', 2);
  });
  after(() => {
    killStarted();
    network?.close();
  });

  it('back an hour, on a day, and back again: lines of two interfaces come in time, sums hold', async () => {
    await withDirectory(async (directory) => {
      const clock = join(directory, 'clock');
      const options = ['-i', 'eth0,eth1', '-o', 'json', '-d', '-'];
      const httplog = await startHttplog(network.server, options, { env: jumpingClock(clock) }).ready();
      let sent = 0;
      for (const aheadMs of [0, -HOUR_MS, 24 * HOUR_MS, 0]) {
        jump(clock, aheadMs);
        for (const { leaf } of network.links) {
          send(leaf, Array.from({ length: BURST }, () => request(100)));
          sent += BURST;
          // The other interface is quiet: what it is waited for is told by the clock.
          await httplog.holds(`${sent} records, ${aheadMs} ms ahead`, () => httplog.stdout.split('\n').length > sent);
        }
      }
      const { status, stdout, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      const { linesWritten } = finalReport(stderr);
      assert.deepEqual([linesWritten, parseJsonLines(stdout).length], [sent, sent]);
    });
  });

  const MIDNIGHT = Date.UTC(2024, 1, 29) / 1000;
  /** By seconds from a midnight: over it, back, a year on, back to the day before. */
  const OFFSETS = [-2, -1, 0, 1, -1, 366 * 86_400, 2, -86_401];

  for (const options of [[], ['-cpu', '2']]) {
    it(`frames over midnight and back: each in the file of its own day, in capture order: ${options.join(' ') || 'as it comes'}`, async () => {
      await withDirectory((directory) => {
        const file = join(directory, 'capture.pcap');
        const frames = OFFSETS.map((offset) => ({ seconds: MIDNIGHT + offset, fraction: 0, data: request(100) }));
        writeFileSync(file, pcap({}, frames));
        const { status, stderr } = replay(['-r', file, '-d', directory, '-utc', '-o', 'json', ...options]);
        assert.equal(status, 0, stderr);
        assert.equal(finalReport(stderr).linesWritten, OFFSETS.length);
        const days = readdirSync(directory).filter((name) => name.endsWith('.json')).sort().map((name) => (
          [name, parseJsonLines(readFileSync(join(directory, name), 'utf8')).map(({ frame }) => frame)]));
        assert.deepEqual(days, [
          ['http-20240227.json', [8]],
          ['http-20240228.json', [1, 2, 5]],
          ['http-20240229.json', [3, 4, 7]],
          ['http-20250301.json', [6]],
        ]);
      });
    });
  }
});
