// A log directory on a file system that is full for a while: whole lines only, what is lost counted and told, and it goes on when
// there is room again.

import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { withDisk } from '../support/disk.js';
import { killStarted, startHttplog } from '../support/httplog.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { finalReport, readReports } from '../support/totals.js';
import { request, send } from './libpcap_frames.js';

/** Leaves less room than `FRAMES` lines need. */
const SIZE_KIB = 512;
const FRAMES = 4000;
const LEFT_PAGES = 4;

describe('live: a full disk', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('e2edisk');
  });
  after(() => {
    killStarted();
    network?.close();
  });

  /** Fills it up but for a few pages. */
  function fillUp(directory: string): string {
    const filler = join(directory, 'filler');
    const { bavail, bsize } = statfsSync(directory);
    appendFileSync(filler, new Uint8Array((bavail - LEFT_PAGES) * bsize));
    return filler;
  }

  const flood = (): void => send(network.client, Array.from({ length: FRAMES }, () => request(100)));

  it('loses whole lines, says so, resumes when there is room, and exits 1', async () => {
    await withDisk(SIZE_KIB, async (directory) => {
      const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', directory, '-o', 'json', '-min_free', '0']).ready();
      const filler = fillUp(directory);
      flood();
      await httplog.says(/cannot write .*http-\d{8}\.json: no space left on device \(ENOSPC\); make room/);
      await httplog.holds('the flood to be dealt with', () => {
        httplog.child.kill('SIGUSR2');
        const report = readReports(httplog.stderr).at(-1);
        return report !== undefined && report.linesWritten + report.linesLost === FRAMES;
      });
      const { linesLost: lostFirst } = readReports(httplog.stderr).at(-1)!;
      rmSync(filler);
      await httplog.holds('writing again', () => {
        send(network.client, [request(100)]);
        return httplog.stderr.includes('records are written again');
      });
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 1, stderr);
      const { linesWritten, linesLost, writeErrors, bytesWritten } = finalReport(stderr);
      assert.ok(linesLost >= lostFirst && lostFirst > 0 && writeErrors > 0, stderr);
      const [name] = readdirSync(directory).filter((found) => found.endsWith('.json'));
      const text = readFileSync(join(directory, name), 'utf8');
      const lines = text.split('\n');
      assert.equal(lines.pop(), '', 'the last line is whole');
      assert.equal(lines.length, linesWritten);
      assert.equal(text.length, bytesWritten);
      for (const line of lines) assert.equal((JSON.parse(line) as { target: string }).target, '/');
      assert.equal(stderr.match(/no space left/g)?.length, 1, 'told once, not for each line');
    });
  });

  it('a directory that is full from the start does not stop the capture', async () => {
    await withDisk(SIZE_KIB, async (directory) => {
      const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', directory, '-log_split', '-min_free', '0']).ready();
      const { bavail, bsize } = statfsSync(directory);
      appendFileSync(join(directory, 'filler'), new Uint8Array(bavail * bsize));
      send(network.client, Array.from({ length: 10 }, () => request(100)));
      await httplog.says(/no space left on device \(ENOSPC\)/);
      assert.ok(httplog.isRunning);
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 1, stderr);
      const { linesWritten, linesLost } = finalReport(stderr);
      assert.deepEqual([linesWritten, linesLost], [0, 10]);
    });
  });
});
