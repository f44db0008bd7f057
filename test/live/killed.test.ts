// kill -9 under load, again and again in one directory: files hold whole lines but for the one that a kill cut, which the next start
// closes; SIGSTOP and SIGCONT; a clock that jumps.

import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCommand } from '../support/command.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog, withDirectory } from '../support/httplog.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { SeededRandom } from '../support/random.js';
import { finalReport } from '../support/totals.js';
import { frameFile, request, send, sendArguments } from './libpcap_frames.js';

const KILLS = 5;
/** After the first records: anywhere between batches, in a write, at a report. */
const LONGEST_LIFE_MS = 200;
const LONG_FRAME = 1000;
const STOP_MS = 10_000;

describe('live: httplog is stopped by force', function () {
  this.timeout(180_000);
  const small = Array.from({ length: 1000 }, () => request(100));
  let network: TestNetwork;
  /** where one stands still beside the other tests */
  let second: TestNetwork;
  let stopped: { readonly httplog: RunningHttplog; readonly sent: number };
  let stoppedMs: number;
  before(async () => {
    network = makeNetwork('e2ekilled');
    second = makeNetwork('e2estopped');
    stopped = await standStill();
  });
  after(() => {
    killStarted();
    network?.close();
    second?.close();
  });

  /** Stops one after its first records and sends more than the kernel's buffer holds. */
  async function standStill(): Promise<typeof stopped> {
    const httplog = await startHttplog(second.server, ['-i', 'eth0', '-o', 'json', '-d', '-', '-b', '2']).ready();
    send(second.client, small);
    await httplog.holds('the records before', () => httplog.stdout.split('\n').length > small.length);
    httplog.child.kill('SIGSTOP');
    stoppedMs = performance.now();
    const large = Array.from({ length: 10_000 }, () => request(LONG_FRAME));
    send(second.client, large);
    return { httplog, sent: small.length + large.length };
  }

  /** The one log file of a directory, '' before there is one. */
  function logFile(directory: string): string {
    const names = readdirSync(directory).filter((name) => name.startsWith('http-'));
    assert.ok(names.length <= 1, 'this test is not made for midnight');
    return names.length === 0 ? '' : join(directory, names[0]);
  }

  it(`kill -9 at ${KILLS} moments: whole lines, and what a kill cut is closed by the next start`, async () => {
    const frames = frameFile(Array.from({ length: 1000 }, () => request(LONG_FRAME)));
    const random = new SeededRandom(Date.now());
    await withDirectory(async (directory) => {
      const load = startCommand(sendArguments(network.client, frames.path, 1_000_000));
      try {
        let cut = 0;
        for (let kill = 0; kill < KILLS; kill++) {
          const before = logFile(directory) === '' ? 0 : readFileSync(logFile(directory)).length;
          const httplog = await startHttplog(network.server, ['-i', 'eth0', '-o', 'json', '-d', directory]).ready();
          await httplog.holds('records', () => logFile(directory) !== '' && readFileSync(logFile(directory)).length > before);
          await sleep(random.below(LONGEST_LIFE_MS));
          const { signal } = await httplog.end('SIGKILL');
          assert.equal(signal, 'SIGKILL');
          const bytes = readFileSync(logFile(directory));
          // A kill seldom meets the middle of a write; losing power does, which this stands for.
          if (kill % 2 === 0) truncateSync(logFile(directory), bytes.length - 2 - random.below(20));
          if (readFileSync(logFile(directory)).at(-1) !== 0x0a) cut++;
        }
        const last = await startHttplog(network.server, ['-i', 'eth0', '-o', 'json', '-d', directory]).ready();
        const before = readFileSync(logFile(directory)).length;
        await last.holds('records', () => readFileSync(logFile(directory)).length > before);
        const { status, stderr } = await last.end('SIGTERM');
        assert.equal(status, 0, stderr);
        assert.ok(cut >= KILLS / 2);
        const { linesWritten, linesMended } = finalReport(stderr);
        const lines = readFileSync(logFile(directory), 'utf8').split('\n');
        assert.equal(lines.pop(), '', 'the last line is whole');
        const broken = lines.filter((line) => !isJson(line));
        assert.equal(broken.length, cut, 'lines that a kill cut, and no other');
        assert.ok(broken.every((line) => /^\{"time":"/.test(line) || line.length < 20), broken.join('\n'));
        assert.ok(linesMended <= 1 && linesWritten > 0, stderr);
      } finally {
        await load.stop('SIGKILL');
        frames.remove();
      }
    });
  });

  it('what a kill cut is closed, and told in the totals', async () => {
    await withDirectory(async (directory) => {
      const run = async (): Promise<string> => {
        const httplog = await startHttplog(network.server, ['-i', 'eth0', '-o', 'json', '-d', directory]).ready();
        send(network.client, [request(100)]);
        return (await httplog.end('SIGTERM')).stderr;
      };
      assert.equal(finalReport(await run()).linesMended, 0);
      appendFileSync(logFile(directory), '{"time":"20');
      assert.equal(finalReport(await run()).linesMended, 1);
      const lines = readFileSync(logFile(directory), 'utf8').split('\n');
      assert.deepEqual(lines.map(isJson), [true, false, true, false]);
    });
  });

  it('SIGSTOP for 10 s and SIGCONT: what the buffer held is logged, the rest is counted as dropped, nothing is restarted', async () => {
    const { httplog, sent } = stopped;
    await sleep(Math.max(0, stoppedMs + STOP_MS - performance.now()));
    httplog.child.kill('SIGCONT');
    await httplog.says(/[1-9]\d* dropped by the kernel/); // the first loss is told
    send(second.client, small);
    const { status, stdout, stderr } = await httplog.end('SIGTERM');
    assert.equal(status, 0, stderr);
    const { sources: [source], linesWritten, linesLost } = finalReport(stderr);
    assert.equal(source.received - (source.reasons['prefilter'] ?? 0), sent + small.length, stderr);
    assert.ok(source.dropped > 0 && source.dropped < sent, stderr);
    assert.deepEqual([source.lost, source.pending, linesLost], [0, 0, 0], stderr);
    assert.equal(parseJsonLines(stdout).length, linesWritten);
    assert.doesNotMatch(stderr, /broke|error, please/);
  });
});

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}
