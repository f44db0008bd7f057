// Replay through the real command: one file, several, and those that are not what they should be.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fixturePath } from '../support/fixtures.js';
import { httplog, parseJsonLines, withDirectory } from '../support/httplog.js';
import { lastReport } from '../support/totals.js';

const KEEP_ALIVE = fixturePath('basic-keepalive.pcap');
const KEEP_ALIVE_LINES = 14;
const lines = (text: string): string[] => text.split('\n').slice(0, -1);

describe('replay: files', function () {
  this.timeout(180_000);

  it('several files are one log in order of time', () => {
    const files = ['basic-keepalive.pcap', 'two-interfaces.pcapng', 'pcapng-gzip.pcapng.gz', 'http10.pcap'].map(fixturePath);
    const apart = files.map((file) => parseJsonLines(httplog(['-r', file, '-o', 'json']).stdout));
    const { status, stdout, stderr } = httplog(['-r', ...files.toReversed(), '-o', 'json']);
    assert.equal(status, 0, stderr);
    const together = parseJsonLines(stdout);
    assert.equal(together.length, apart.flat().length);
    const times = together.map(({ time }) => String(time));
    assert.deepEqual(times, times.toSorted());
    for (const records of apart) {
      const times = new Set(records.map(({ time, frame }) => `${String(time)} ${String(frame)}`));
      const found = together.filter(({ time, frame }) => times.has(`${String(time)} ${String(frame)}`));
      assert.ok(found.length >= records.length);
    }
    const { sources, linesWritten } = lastReport(stderr);
    assert.deepEqual(sources.map(({ name }) => name), files.toReversed());
    assert.equal(linesWritten, together.length);
  });

  it('the same file twice gives every line twice, side by side', () => {
    const once = lines(httplog(['-r', KEEP_ALIVE]).stdout);
    const twice = lines(httplog(['-r', KEEP_ALIVE, KEEP_ALIVE]).stdout);
    assert.deepEqual(twice, once.flatMap((line) => [line, line]));
  });

  it('a missing, an empty and a garbage file among others: those are replayed, each bad one has its line, exit 1', async () => {
    await withDirectory((directory) => {
      const garbage = join(directory, 'garbage.pcap');
      const empty = join(directory, 'empty.pcap');
      writeFileSync(garbage, 'this is no capture, and it is long enough for any header\n'.repeat(10));
      writeFileSync(empty, '');
      const missing = join(directory, 'missing.pcap');
      const { status, stdout, stderr } = httplog(['-r', missing, KEEP_ALIVE, garbage, empty, fixturePath('http10.pcap')]);
      assert.equal(status, 1);
      assert.equal(lines(stdout).length, KEEP_ALIVE_LINES + 2);
      for (const bad of [missing, garbage, empty]) {
        assert.equal(lines(stderr).filter((line) => line.includes(bad)).length, 1, stderr);
      }
      assert.equal(lastReport(stderr).linesWritten, KEEP_ALIVE_LINES + 2);
    });
  });

  it('garbage alone, a directory, a device: one line and exit 1', async () => {
    await withDirectory((directory) => {
      const garbage = join(directory, 'garbage');
      writeFileSync(garbage, Uint8Array.from({ length: 4096 }, (_, index) => (index * 7919) & 0xff));
      mkdirSync(join(directory, 'folder'));
      for (const file of [garbage, join(directory, 'folder'), '/dev/null']) {
        const { status, stdout, stderr } = httplog(['-r', file]);
        assert.equal(status, 1, file);
        assert.equal(stdout, '');
        assert.equal(lines(stderr).length, 1, stderr);
        assert.ok(stderr.startsWith('httplog: ') && stderr.includes(file), stderr);
      }
    });
  });

  it('a file cut in the middle of a packet gives every whole packet, a warning, and exit 0', async () => {
    await withDirectory((directory) => {
      const whole = readFileSync(KEEP_ALIVE);
      const all = lines(httplog(['-r', KEEP_ALIVE]).stdout);
      for (const cutBytes of [1, 7, 100, Math.floor(whole.length / 2), whole.length - 30]) {
        const file = join(directory, 'cut.pcap');
        writeFileSync(file, whole.subarray(0, whole.length - cutBytes));
        const { status, stdout, stderr } = httplog(['-r', file]);
        assert.equal(status, 0, stderr);
        const found = lines(stdout);
        assert.deepEqual(found, all.slice(0, found.length));
        assert.match(stderr, /^httplog: .*cut\.pcap.*cut/m);
      }
      const fixture = httplog(['-r', fixturePath('cut-file.pcap')]);
      assert.deepEqual([fixture.status, fixture.stdout], [0, `${all.join('\n')}\n`]);
    });
  });

  it('gzip is known by its bytes, not its name; cut gzip gives what it holds', async () => {
    await withDirectory((directory) => {
      const all = httplog(['-r', KEEP_ALIVE]).stdout;
      const packed = gzipSync(readFileSync(KEEP_ALIVE));
      const path = (name: string, bytes: Uint8Array): string => {
        writeFileSync(join(directory, name), bytes);
        return join(directory, name);
      };
      assert.equal(httplog(['-r', path('a.pcap', packed)]).stdout, all);
      copyFileSync(KEEP_ALIVE, join(directory, 'plain.gz'));
      assert.equal(httplog(['-r', join(directory, 'plain.gz')]).stdout, all);
      const cut = httplog(['-r', path('cut.pcap.gz', packed.subarray(0, packed.length - 200))]);
      assert.equal(cut.status, 0, cut.stderr);
      assert.ok(cut.stdout.length > 0 && all.startsWith(cut.stdout));
      assert.match(cut.stderr, /cut\.pcap\.gz.*cut/);
    });
  });

  it('-c N takes the first N frames, whatever the number of workers', () => {
    const all = parseJsonLines(httplog(['-r', KEEP_ALIVE, '-o', 'json']).stdout);
    for (const count of [0, 1, 6, 20, 43, 1000]) {
      const { status, stdout, stderr } = httplog(['-r', KEEP_ALIVE, '-o', 'json', '-cpu', '2', '-c', String(count)]);
      assert.equal(status, 0, stderr);
      assert.deepEqual(parseJsonLines(stdout), all.filter(({ frame }) => Number(frame) <= count), `-c ${count}`);
    }
  });

  it('-d DIR makes daily files, mode 0640, that a second run appends to; -log_split one a kind', async () => {
    await withDirectory((directory) => {
      const one = join(directory, 'deep/one');
      for (let run = 0; run < 2; run++) assert.equal(httplog(['-r', KEEP_ALIVE, '-d', one]).status, 0);
      const [name, ...others] = readdirSync(one).filter((found) => !found.startsWith('.'));
      assert.deepEqual(others, []);
      assert.equal(statSync(join(one, name)).mode & 0o777, 0o640);
      const text = httplog(['-r', KEEP_ALIVE]).stdout;
      assert.equal(readFileSync(join(one, name), 'latin1'), text + text);
      const split = join(directory, 'split');
      const local = ['-local', '198.18.1.2'];
      httplog(['-r', KEEP_ALIVE, fixturePath('ipv6.pcap'), '-d', split, '-log_split', ...local]);
      const day = name.slice('http-'.length);
      const files = readdirSync(split).filter((found) => !found.startsWith('.')).sort();
      assert.deepEqual(files, ['CQ', 'CR', 'SQ', 'SR'].map((kind) => `http-${kind}-${day}`));
      for (const file of files) {
        const kinds = lines(readFileSync(join(split, file), 'latin1')).map((line) => line.split(' ')[4]);
        assert.ok(kinds.length > 0 && kinds.every((kind) => file.includes(`-${kind}-`)), `${file}: ${kinds.join()}`);
      }
    });
  });

  it('-log_split with -d - is one stream in capture order', () => {
    const files = [KEEP_ALIVE, fixturePath('http10.pcap')];
    assert.equal(httplog(['-r', ...files, '-log_split', '-d', '-']).stdout, httplog(['-r', ...files]).stdout);
  });
});
