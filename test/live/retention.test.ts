// -retain, -compress, -max_disk, -min_free and -rotate of a running capture.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync, chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { NOBODY, readableProgram } from '../support/as_user.js';
import { command } from '../support/command.js';
import { sizeOf, withDisk } from '../support/disk.js';
import { killStarted, parseJsonLines, startHttplog, withDirectory } from '../support/httplog.js';
import { makeNetwork, type TestNetwork } from '../support/netns.js';
import { lastReport, readReports } from '../support/totals.js';
import { frameFile, request, send, sendArguments } from './libpcap_frames.js';

const DISK_KIB = 4096;
const MIB = 1 << 20;
const DAY_MS = 86_400_000;

describe('live: keeping log files', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('e2eretain');
  });
  after(() => {
    killStarted();
    network?.close();
  });

  const logs = (directory: string): string[] => readdirSync(directory).filter((name) => name.startsWith('http-')).sort();
  const dayName = (daysAgo: number): string => `http-${new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}.json`;

  /** Records of the files that are not compressed. */
  const written = (directory: string): Record<string, unknown>[] => logs(directory).filter((name) => name.endsWith('.json'))
    .flatMap((name) => parseJsonLines(readFileSync(join(directory, name), 'utf8')));

  /** Takes up room until so much of it is left. */
  function leave(directory: string, percent: number): string {
    const ballast = join(directory, 'ballast');
    const { bavail, blocks, bsize } = statfsSync(directory);
    appendFileSync(ballast, new Uint8Array((bavail - Math.floor((blocks * percent) / 100)) * bsize));
    return ballast;
  }

  it('removes what is too old, compresses what is finished, stops writing without room and resumes with it', async () => {
    await withDisk(DISK_KIB, async (directory) => {
      for (const daysAgo of [40, 31, 3]) writeFileSync(join(directory, dayName(daysAgo)), '{"old":true}\n'.repeat(50_000 / daysAgo));
      writeFileSync(join(directory, `.${dayName(3)}.gz.part`), 'half of it');
      writeFileSync(join(directory, 'http-notes.txt'), 'not ours');
      const httplog = await startHttplog(network.server, [
        '-i', 'eth0', '-d', directory, '-o', 'json', '-retain', '30', '-compress', '-min_free', '20',
      ]).ready();
      await httplog.holds('old files to be dealt with', () => logs(directory).join() === [`${dayName(3)}.gz`, 'http-notes.txt'].join());
      await httplog.says(/removed 2 log files, http-\d{8}\.json to http-\d{8}\.json, older than 30 days \(-retain\): /);
      assert.deepEqual(readdirSync(directory).filter((name) => name.endsWith('.part')), []);
      assert.equal(gunzipSync(readFileSync(join(directory, `${dayName(3)}.gz`))).length, 13 * Math.floor(50_000 / 3));
      send(network.client, Array.from({ length: 100 }, () => request(100)));
      await httplog.holds('the first records', () => written(directory).length === 100);

      const ballast = leave(directory, 10);
      await httplog.says(/no room in .*disk: 1\d\.\d % of the file system is free, -min_free asks for 20, and no finished log file is left to remove; make room/);
      assert.equal(logs(directory).includes(`${dayName(3)}.gz`), false, 'the oldest file goes before records do');
      send(network.client, Array.from({ length: 70 }, () => request(100)));
      await httplog.holds('the records to be lost', () => {
        httplog.child.kill('SIGUSR2');
        return readReports(httplog.stderr).at(-1)?.linesHeldBack === 70;
      });

      rmSync(ballast);
      await httplog.says(/there is room again in .*disk: records are written again, 70 were lost/);
      send(network.client, Array.from({ length: 30 }, () => request(100)));
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 1, stderr);
      const { linesWritten, linesLost, linesHeldBack, writeErrors } = lastReport(stderr);
      assert.deepEqual([linesWritten, linesLost, linesHeldBack, writeErrors], [130, 70, 70, 0]);
      assert.equal(written(directory).length, 130);
      assert.equal(readFileSync(join(directory, 'http-notes.txt'), 'utf8'), 'not ours');
    });
  });

  it('killed while it compresses it leaves the original and no half .gz; the next start begins anew', async () => {
    await withDirectory(async (directory) => {
      const name = dayName(2);
      const text = randomBytes(16 * MIB).toString('hex').replaceAll(/.{100}/g, '$&\n');
      writeFileSync(join(directory, name), text);
      const args = ['-i', 'eth0', '-d', directory, '-o', 'json', '-compress', '-min_free', '0'];
      const killed = startHttplog(network.server, args);
      await killed.holds('the compressed file to be on its way', () => sizeOf(join(directory, `.${name}.gz.part`)) > MIB);
      await killed.end('SIGKILL');
      assert.deepEqual(logs(directory), [name]);
      assert.equal(readFileSync(join(directory, name), 'utf8'), text);
      const httplog = startHttplog(network.server, args);
      await httplog.holds('the compressed file', () => logs(directory).join() === `${name}.gz`);
      assert.equal(gunzipSync(readFileSync(join(directory, `${name}.gz`))).toString(), text);
      assert.deepEqual(readdirSync(directory).sort(), ['.httplog.lock', `${name}.gz`]);
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
    });
  });

  it('does it all as the user of -u, too', async () => {
    const program = readableProgram();
    try {
      await withDirectory(async (parent) => {
        chmodSync(parent, 0o755);
        const directory = join(parent, 'logs');
        mkdirSync(directory, { mode: 0o750 });
        for (const daysAgo of [9, 2]) writeFileSync(join(directory, dayName(daysAgo)), '{"old":true}\n', { mode: 0o640 });
        for (const path of [directory, ...logs(directory).map((name) => join(directory, name))]) chownSync(path, NOBODY, NOBODY);
        const args = ['-i', 'eth0', '-u', 'nobody', '-d', directory, '-o', 'json', '-compress', '-retain', '7'];
        const httplog = await startHttplog(network.server, args, { prefix: program.prefix([]) }).ready();
        await httplog.holds('old files to be dealt with', () => logs(directory).join() === `${dayName(2)}.gz`);
        const { uid, gid, mode } = statSync(join(directory, `${dayName(2)}.gz`));
        assert.deepEqual([uid, gid, mode & 0o7777], [NOBODY, NOBODY, 0o640]);
        const { status, stderr } = await httplog.end('SIGTERM');
        assert.equal(status, 0, stderr);
      });
    } finally {
      program.remove();
    }
  });

  it('keeps to -max_disk with files of a size, without losing a record', async () => {
    await withDirectory(async (directory) => {
      const httplog = await startHttplog(network.server, [
        '-i', 'eth0', '-d', directory, '-o', 'json', '-rotate', '1M', '-max_disk', '3M', '-b', '64',
      ]).ready();
      const file = frameFile(Array.from({ length: 5_000 }, () => request(100)));
      const FLOODS = 6;
      try {
        for (let flood = 1; flood <= FLOODS; flood++) {
          command(sendArguments(network.client, file.path, 1));
          await httplog.holds('the flood to be written', () => {
            httplog.child.kill('SIGUSR2');
            return readReports(httplog.stderr).at(-1)?.linesWritten === flood * 5_000;
          });
          // The directory may have grown since the last look, a second ago; a file that was listed may be gone when it is measured.
          await httplog.holds('room for the next', () => logs(directory).reduce((sum, name) => sum + sizeOf(join(directory, name)), 0) <= 3 * MIB);
        }
      } finally {
        file.remove();
      }
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      assert.match(stderr, /removed http-\d{8}\.000001\.json to make room/);
      const numbers = logs(directory).map((name) => Number(/\.(\d{6})\.json$/.exec(name)![1]));
      assert.deepEqual(numbers, numbers.map((_, at) => numbers[0] + at), 'the oldest are gone, none of the others');
      assert.ok(numbers[0] > 1 && numbers.length >= 2, numbers.join());
      const frames = written(directory).map((record) => Number(record['frame']));
      assert.deepEqual(frames, frames.map((_, at) => frames[0] + at));
      assert.equal(frames.at(-1), FLOODS * 5_000);
    });
  });
});
