// The totals the real command prints, added up, while tcpreplay floods the interface: at the end and in the middle, started and
// stopped under load.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCommand } from '../support/command.js';
import { killStarted, parseJsonLines, startHttplog, withDirectory } from '../support/httplog.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { finalReport, readReports } from '../support/totals.js';
import { frameFile, request, send, sendArguments } from './libpcap_frames.js';

const FRAMES = 1000;

describe('live: the totals of the command add up', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let frames: ReturnType<typeof frameFile>;
  before(() => {
    network = makeNetwork('e2etotals', 2);
    // one frame in ten is for another port: the kernel's filter keeps it from us
    frames = frameFile(Array.from({ length: FRAMES }, (_, index) => request(300, index % 10 === 0 ? 81 : 80)));
  });
  after(() => {
    killStarted();
    frames?.remove();
    network?.close();
  });

  async function underLoad(from: number, use: () => Promise<void>): Promise<void> {
    const load = startCommand(sendArguments(network.links[from].leaf, frames.path, 1_000_000));
    try {
      await use();
    } finally {
      await load.stop('SIGKILL');
    }
  }

  for (const [round, options] of [[], ['-cpu', '2', '-log_split'], ['-f', 'tcp', '-s', '100'], ['-b', '1']].entries()) {
    it(`started and stopped under load: ${options.join(' ') || 'as it comes'}`, async () => {
      await withDirectory((directory) => underLoad(0, async () => {
        const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', directory, ...options]).ready();
        await httplog.holds('frames', () => {
          httplog.child.kill('SIGUSR2');
          return (readReports(httplog.stderr).at(-1)?.sources[0].parsed ?? 0) > FRAMES;
        });
        const { status, stderr } = await httplog.end('SIGTERM');
        assert.equal(status, 0, stderr);
        const { sources: [source], linesWritten, linesLost, writeErrors } = finalReport(stderr);
        assert.equal(source.waiting + source.pending, 0, stderr);
        assert.ok(source.parsed > FRAMES, stderr);
        assert.equal(source.records['CQ'], linesWritten);
        assert.equal(source.parsed, source.records['CQ'] + source.empty + source.noMessage);
        assert.deepEqual([linesLost, writeErrors], [0, 0]);
        // What the built filter refuses was never received; a filter of the user's lets the decoder see it.
        const refused = Object.keys(source.reasons).filter((reason) => reason !== 'prefilter');
        assert.deepEqual(refused, [], `round ${round}: ${stderr}`);
      }));
    });
  }

  it('every frame of a burst is in them, and every record in the file', async () => {
    const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', '-', '-o', 'json']).ready();
    send(network.client, Array.from({ length: 5000 }, (_, index) => request(200, index % 5 === 0 ? 81 : 80)));
    const { stdout, stderr } = await httplog.end('SIGTERM');
    const { sources: [source], linesWritten, bytesWritten } = finalReport(stderr);
    assert.deepEqual([source.received, source.handed, source.dropped, source.parsed], [4000, 4000, 0, 4000]);
    const records = parseJsonLines(stdout);
    assert.deepEqual(records.map(({ frame }) => frame), Array.from({ length: 4000 }, (_, index) => index + 1));
    assert.deepEqual([linesWritten, bytesWritten], [4000, stdout.length]);
  });

  it('SIGUSR2 prints totals that add up at any moment, on each of two interfaces', async () => {
    await withDirectory((directory) => underLoad(0, () => underLoad(1, async () => {
      const httplog = await startHttplog(network.server, ['-i', 'eth0,eth1', '-d', directory]).ready();
      for (let asked = 1; asked <= 5; asked++) {
        await sleep(50);
        httplog.child.kill('SIGUSR2');
        await httplog.holds(`report ${asked}`, () => readReports(httplog.stderr).length >= asked);
      }
      const { status, stderr } = await httplog.end('SIGINT');
      assert.equal(status, 0, stderr);
      const reports = readReports(stderr);
      assert.ok(reports.length >= 6);
      for (const { sources } of reports) assert.deepEqual(sources.map(({ name }) => name), ['eth0', 'eth1']);
      for (const at of [0, 1]) {
        const handed = reports.map(({ sources }) => sources[at].handed);
        assert.deepEqual(handed, handed.toSorted((a, b) => a - b), 'numbers only grow');
      }
      const last = reports.at(-1)!;
      assert.equal(last.sources.reduce((sum, { records }) => sum + records['CQ'], 0), last.linesWritten + last.linesLost);
    })));
  });

  it('-c N is exactly N packets, in all, also under load', async () => {
    await underLoad(0, async () => {
      const { status, stdout, stderr } = await startHttplog(network.server, ['-i', 'eth0', '-d', '-', '-c', '777']).end();
      assert.equal(status, 0, stderr);
      const { sources: [source], linesWritten } = finalReport(stderr);
      assert.equal(source.parsed, 777);
      assert.equal(linesWritten, 777);
      assert.equal(stdout.split('\n').length - 1, 777);
    });
  });

  it('what the kernel drops is counted while the reader of the records stalls, and told at the first loss', async () => {
    await underLoad(0, async () => {
      const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', '-', '-b', '1'], { stdout: 'stalled' }).ready();
      await httplog.says(/^httplog: eth0: \d+ received = \d+ handed over \+ [1-9]\d* dropped by the kernel \(buffer full [1-9]\d* times?\)/m);
      await httplog.holds('the whole report', () => readReports(httplog.stderr).length > 0);
      assert.ok(readReports(httplog.stderr)[0].sources[0].dropped > 0);
      httplog.child.kill('SIGKILL');
      await httplog.end();
    });
  });
});
