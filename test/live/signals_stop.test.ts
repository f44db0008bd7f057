// SIGTERM and SIGINT: what was captured is written, and a stop that cannot be finished has an end.

import assert from 'node:assert/strict';
import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../support/command.js';
import { killStarted, type RunningHttplog, startHttplog, withDirectory } from '../support/httplog.js';
import { type Link, makeNetwork, type TestNetwork } from '../support/netns.js';
import { startNginx, type WebServer } from '../support/servers.js';
import { finalReport, readReports } from '../support/totals.js';
import { baseUrl, curl } from '../support/traffic.js';
import { request, send } from './libpcap_frames.js';

/** Lines for more than a pipe or a socket holds, and less than the ring. */
const FLOOD = 20_000;

describe('live: ending', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nginx: WebServer;
  before(async () => {
    network = makeNetwork('e2estop', 2);
    nginx = await startNginx(network.server);
  });
  after(async () => {
    killStarted();
    await nginx?.stop();
    network?.close();
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`${signal} right behind the last answer: every record is in the file, exit 0`, async () => {
      await withDirectory(async (directory) => {
        const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', directory]).ready();
        curl(network.client, Array.from({ length: 50 }, (_, index) => `${baseUrl(network.server)}/${index}`));
        const { status, stderr } = await httplog.end(signal);
        assert.equal(status, 0, stderr);
        const [file, ...others] = readdirSync(directory).filter((name) => !name.startsWith('.'));
        assert.match(file, /^http-\d{8}\.log$/);
        assert.deepEqual(others, []);
        const lines = readFileSync(join(directory, file), 'latin1').split('\n');
        assert.equal(lines.pop(), '');
        const targets = lines.map((line) => line.split(' ')).filter((columns) => columns[4] === 'CQ').map((columns) => columns[6]);
        assert.deepEqual(targets, Array.from({ length: 50 }, (_, index) => `/${index}`));
        assert.equal(lines.length, 100);
        assert.equal(finalReport(stderr).linesWritten, 100);
      });
    });
  }

  it('SIGTERM before it is ready ends it as well', async () => {
    for (const pauseMs of [0, 50, 100, 200]) {
      const httplog = startHttplog(network.server, ['-i', 'eth0', '-d', '-']);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const { status, signal } = await httplog.end('SIGTERM');
      assert.ok(status === 0 || signal === 'SIGTERM', `${pauseMs} ms: ${status} ${signal}`);
    }
  });

  /** A pipe whose reader never reads. */
  function stalledPipe(directory: string): number {
    command(['mkfifo', join(directory, 'pipe')]);
    return openSync(join(directory, 'pipe'), constants.O_RDWR);
  }

  it('standard error that nobody reads holds up neither records nor the end', async () => {
    await withDirectory(async (directory) => {
      const pipe = stalledPipe(directory);
      for (const writer = openSync(join(directory, 'pipe'), constants.O_WRONLY | constants.O_NONBLOCK);;) {
        try {
          writeSync(writer, 'x');
        } catch {
          closeSync(writer);
          break;
        }
      }
      const logs = join(directory, 'logs');
      const httplog = startHttplog(network.server, ['-i', 'eth0', '-d', logs], { stderr: pipe });
      await httplog.holds('a record in a file', () => {
        curl(network.client, [baseUrl(network.server)]);
        return existsSync(logs) && readdirSync(logs).some((name) => name.endsWith('.log'));
      });
      httplog.child.kill('SIGUSR2');
      const { status } = await httplog.end('SIGTERM');
      closeSync(pipe);
      assert.equal(status, 0);
    });
  });

  async function flooded(stdout: number | 'stalled', { hub, leaf }: Link = network.links[0]): Promise<RunningHttplog> {
    const httplog = await startHttplog(hub, ['-i', hub.device, '-d', '-'], { stdout }).ready();
    send(leaf, Array.from({ length: FLOOD }, () => request(100)));
    httplog.child.kill('SIGUSR2');
    await httplog.says(/lines? and \d+ bytes? written/);
    return httplog;
  }

  it('a pipe and a socket nobody reads: the stop takes 10 s, exits 1, and what is lost is counted', async () => {
    await withDirectory(async (directory) => {
      const pipe = stalledPipe(directory);
      const running = [await flooded(pipe, network.links[0]), await flooded('stalled', network.links[1])];
      const began = performance.now();
      const ends = await Promise.all(running.map(async (httplog) => ({ ...await httplog.end('SIGTERM'), tookMs: performance.now() - began })));
      closeSync(pipe);
      for (const { status, stderr, tookMs } of ends) {
        assert.equal(status, 1, stderr);
        assert.ok(tookMs > 9_000, `${tookMs} ms`);
        assert.match(stderr, /not everything could be written within 10 s/);
        const { sources: [source], linesWritten, linesLost } = finalReport(stderr);
        assert.equal(source.received, FLOOD, stderr);
        assert.equal(source.dropped, 0, stderr);
        // Every frame was a record: written, lost with its line, or lost in the ring.
        assert.equal(linesWritten + linesLost + source.pending, FLOOD, stderr);
        assert.ok(linesLost + source.pending > 0, stderr);
      }
    });
  });

  for (const kind of ['pipe', 'socket'] as const) {
    it(`a second signal ends it at once, while a ${kind} is blocked`, async () => {
      await withDirectory(async (directory) => {
        const stdout = kind === 'pipe' ? stalledPipe(directory) : 'stalled';
        const httplog = await flooded(stdout);
        const reports = readReports(httplog.stderr).length;
        httplog.child.kill('SIGTERM');
        // Where both have come, both are taken: what comes now is the second.
        httplog.child.kill('SIGUSR2');
        await httplog.holds('the first signal to be taken', () => readReports(httplog.stderr).length > reports);
        assert.ok(httplog.isRunning, 'the first signal waits for the reader');
        const { status, signal } = await httplog.end('SIGINT');
        if (typeof stdout === 'number') closeSync(stdout);
        // Without this signal it would have ended by itself, with a status.
        assert.deepEqual([status, signal], [null, 'SIGINT']);
      });
    });
  }
});
