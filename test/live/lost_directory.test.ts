// A log directory that goes away under a running capture, or takes no files for a while: what is lost is counted and told, and
// writing goes on by itself when there is a directory again.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../support/command.js';
import { killStarted, type RunningHttplog, startHttplog, withDirectory } from '../support/httplog.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { finalReport, readReports } from '../support/totals.js';
import { request, send } from './libpcap_frames.js';

const BURST = 10;

describe('live: the log directory', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('e2edir');
  });
  after(() => {
    killStarted();
    network?.close();
  });

  const start = (directory: string, ...options: string[]): Promise<RunningHttplog> => (
    startHttplog(network.server, ['-i', 'eth0', '-o', 'json', '-d', directory, ...options]).ready());

  const burst = (): void => send(network.client, Array.from({ length: BURST }, () => request(100)));

  /** Sends a burst and waits until it is written or lost. */
  async function dealtWith(httplog: RunningHttplog): Promise<void> {
    const settled = (): number => {
      httplog.child.kill('SIGUSR2');
      const report = readReports(httplog.stderr).at(-1);
      return (report?.linesWritten ?? 0) + (report?.linesLost ?? 0);
    };
    const before = settled();
    burst();
    await httplog.holds('the burst to be dealt with', () => settled() >= before + BURST);
  }

  /** Whether lines were lost: who looks after the files may have met the same before any was to be written. */
  function isLosing(httplog: RunningHttplog): boolean {
    httplog.child.kill('SIGUSR2');
    return (readReports(httplog.stderr).at(-1)?.linesLost ?? 0) > 0;
  }

  /** Whole lines in the log files of a directory. */
  function linesIn(directory: string): number {
    const text = readdirSync(directory).filter((name) => name.startsWith('http-'))
      .map((name) => readFileSync(join(directory, name), 'utf8')).join('');
    assert.ok(text === '' || text.endsWith('\n'));
    return text.split('\n').filter((line) => line !== '' && JSON.parse(line) !== null).length;
  }

  for (const options of [[], ['-log_split']]) {
    it(`removed: the next lines make it anew, none is lost, and it is locked as before: ${options.join() || 'one file'}`, async () => {
      await withDirectory(async (parent) => {
        const directory = join(parent, 'log');
        const httplog = await start(directory, ...options);
        await dealtWith(httplog);
        rmSync(directory, { recursive: true });
        await dealtWith(httplog);
        await dealtWith(httplog);
        const second = await startHttplog(network.server, ['-i', 'eth0', '-d', directory]).end();
        assert.equal(second.status, 1);
        assert.match(second.stderr, new RegExp(`httplog with PID ${httplog.pid} already does`));
        const { status, stderr } = await httplog.end('SIGTERM');
        assert.equal(status, 0, stderr);
        const { linesWritten, linesLost } = finalReport(stderr);
        assert.deepEqual([linesWritten, linesLost, linesIn(directory)], [3 * BURST, 0, 2 * BURST], stderr);
      });
    });
  }

  it('another directory put in its place: lines go there, and it is locked as before', async () => {
    await withDirectory(async (parent) => {
      const directory = join(parent, 'log');
      const httplog = await start(directory);
      await dealtWith(httplog);
      renameSync(directory, join(parent, 'old'));
      mkdirSync(directory, 0o755);
      await httplog.holds('a line in the new directory', () => {
        burst();
        return readdirSync(directory).some((name) => name.startsWith('http-'));
      });
      const second = await startHttplog(network.server, ['-i', 'eth0', '-d', directory]).end();
      assert.match(second.stderr, new RegExp(`httplog with PID ${httplog.pid} already does`));
      const { stderr } = await httplog.end('SIGTERM');
      const { linesWritten, linesLost } = finalReport(stderr);
      assert.deepEqual([linesLost, linesIn(directory) + linesIn(join(parent, 'old'))], [0, linesWritten], stderr);
    });
  });

  it('moved away, a file in its place: lines are lost and told until that is gone', async () => {
    await withDirectory(async (parent) => {
      const directory = join(parent, 'log');
      const httplog = await start(directory);
      await dealtWith(httplog);
      renameSync(directory, join(parent, 'old'));
      writeFileSync(directory, '');
      await httplog.holds('the loss to be told', () => {
        burst();
        return isLosing(httplog) && /cannot .*log.*: not a directory \(ENOTDIR\)/.test(httplog.stderr);
      });
      rmSync(directory);
      await httplog.holds('writing again', () => {
        burst();
        return httplog.stderr.includes('records are written again');
      });
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 1, stderr);
      const { linesWritten, linesLost } = finalReport(stderr);
      assert.ok(linesLost > 0, stderr);
      assert.equal(linesIn(directory) + linesIn(join(parent, 'old')), linesWritten, stderr);
    });
  });

  it('read-only, then writable: told once, counted, and writing resumes', async () => {
    await withDirectory(async (directory) => {
      const httplog = await start(directory);
      const mount = (...args: string[]): string => command(['nsenter', '-t', String(httplog.pid), '-m', ...args]);
      await dealtWith(httplog);
      // As httplog sees it, the path now leads to the same directory through a mount that takes no writes.
      mount('mount', '--bind', directory, directory);
      mount('mount', '-o', 'remount,bind,ro', directory);
      httplog.child.kill('SIGHUP');
      await httplog.holds('the loss to be told', () => {
        burst();
        return isLosing(httplog) && /cannot .*: read-only file system \(EROFS\)/.test(httplog.stderr);
      });
      await dealtWith(httplog);
      mount('umount', directory);
      await httplog.holds('writing again', () => {
        burst();
        return httplog.stderr.includes('records are written again');
      });
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 1, stderr);
      const { linesWritten, linesLost } = finalReport(stderr);
      assert.ok(linesLost >= 2 * BURST, stderr);
      assert.equal(linesIn(directory), linesWritten);
      assert.equal(stderr.match(/EROFS/g)?.length, 1, stderr);
    });
  });
});
