// The real logrotate at work on files that are being written.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, startCommand, type Running } from '../support/command.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog, withDirectory } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { lastReport, readReports } from '../support/totals.js';
import { frameFile, request, send } from './libpcap_frames.js';

const FRAMES = 9_000;
const FRAMES_A_SECOND = 3_000;
const ROTATIONS = 3;
/** Sent when all rotations are over: what copytruncate loses is never the last of all. */
const TAIL = 10;
const ALL = FRAMES + TAIL;

describe('live: logrotate', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('e2erotate');
  });
  after(() => {
    killStarted();
    network?.close();
  });

  /** Rotates while records come in; hands over what all files hold, the oldest first. */
  async function rotated(format: string, directives: (pid: number) => string, use: (texts: string[], stderr: string) => void): Promise<void> {
    await withDirectory(async (directory) => {
      const logDirectory = join(directory, 'logs');
      mkdirSync(logDirectory, { mode: 0o750 });
      const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', logDirectory, '-o', format, '-min_free', '0']).ready();
      const file = frameFile(Array.from({ length: FRAMES }, () => request(100)));
      const configuration = join(directory, 'logrotate.conf');
      writeFileSync(configuration, `${logDirectory}/http-????????.${format} {\nrotate 20\nmissingok\nnocompress\n${directives(httplog.pid)}\n}\n`, { mode: 0o644 });
      const traffic = startCommand(inNamespace(network.client, [
        'tcpreplay', '--quiet', `--pps=${FRAMES_A_SECOND}`, `--intf1=${network.client.device}`, file.path,
      ]));
      try {
        for (let rotation = 1; rotation <= ROTATIONS; rotation++) await rotateAt(httplog, Math.floor((rotation * FRAMES) / (ROTATIONS + 1)), directory, configuration);
        await finished(httplog, traffic, FRAMES);
        send(network.client, Array.from({ length: TAIL }, () => request(100)));
        await finished(httplog, traffic, ALL);
      } finally {
        await traffic.stop();
        file.remove();
      }
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      const names = readdirSync(logDirectory).filter((name) => name.startsWith('http-')).sort((a, b) => rotationOf(b) - rotationOf(a));
      assert.equal(names.length, ROTATIONS + 1, names.join());
      const texts = names.map((name) => readFileSync(join(logDirectory, name), 'latin1'));
      // On a busy machine all traffic may be over before the last rotations: those find an empty file.
      assert.ok(texts.filter((text) => text !== '').length >= 2, names.join());
      use(texts, stderr);
    });
  }

  const written = (httplog: RunningHttplog): number => {
    httplog.child.kill('SIGUSR2');
    return readReports(httplog.stderr).at(-1)?.linesWritten ?? 0;
  };
  const rotationOf = (name: string): number => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);

  async function rotateAt(httplog: RunningHttplog, lines: number, directory: string, configuration: string): Promise<void> {
    await httplog.holds(`${lines} records`, () => written(httplog) >= lines);
    command(['logrotate', '--force', '--state', join(directory, 'state'), configuration]);
  }

  async function finished(httplog: RunningHttplog, traffic: Running, records: number): Promise<void> {
    await httplog.holds('all records', () => written(httplog) === records);
    assert.equal(traffic.stderr(), '');
  }

  it('create and SIGHUP: every record in one of the files, whole, and none twice', async () => {
    await rotated('json', (pid) => `create 0640\npostrotate\nkill -HUP ${pid}\nendscript`, (texts, stderr) => {
      assert.deepEqual([lastReport(stderr).linesWritten, lastReport(stderr).linesLost], [ALL, 0]);
      for (const text of texts) assert.match(text, /(?:^|\n)$/);
      const frames = texts.flatMap(parseJsonLines).map((record) => Number(record['frame']));
      assert.deepEqual(frames, Array.from({ length: ALL }, (_, at) => at + 1));
    });
  });

  it('create without SIGHUP: the new file is noticed within a second or so, and nothing is lost', async () => {
    await rotated('json', () => 'create 0640\npostrotate\nsleep 2\nendscript', (texts) => {
      const frames = texts.flatMap(parseJsonLines).map((record) => Number(record['frame']));
      assert.deepEqual(frames, Array.from({ length: ALL }, (_, at) => at + 1));
    });
  });

  it('copytruncate: no hole, no broken line, the header again in every file', async () => {
    await rotated('tsv', () => 'copytruncate', (texts) => {
      let last = 0;
      for (const [number, text] of texts.entries()) {
        assert.ok(!text.includes('\0'), 'no hole');
        if (text === '') continue;
        const lines = text.split('\n');
        // logrotate may copy half of a write, and loses what comes between its copy and its truncation: only its last line can be cut.
        if (number < texts.length - 1) lines.pop();
        else assert.equal(lines.pop(), '');
        assert.match(text, /^#separator/);
        const records = lines.filter((line) => !line.startsWith('#')).map((line) => line.split('\t'));
        const columns = lines.find((line) => line.startsWith('#fields'))!.split('\t').slice(1);
        assert.ok(records.length > 0);
        for (const record of records) {
          assert.equal(record.length, columns.length, record.join());
          const frame = Number(record[columns.indexOf('frame')]);
          assert.ok(frame > last, `frame ${frame} behind ${last}`);
          last = frame;
        }
      }
      assert.equal(last, ALL);
    });
  });
});
