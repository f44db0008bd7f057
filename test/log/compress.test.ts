// -compress: what .gz files hold, and what is left whenever it ends.

import assert from 'node:assert/strict';
import {
  appendFileSync, chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { command } from '../support/command.js';
import { Compressor, removeUnfinished } from '../../src/log/compress.js';
import { compressFile } from '../../src/log/compress_task.js';
import { FilesInUse } from '../../src/log/files_in_use.js';
import { OpenDirectory } from '../../src/log/open_directory.js';
import { chance, inDirectory, textOf } from './support.js';

const NAME = 'http-20190901.log';

describe('compressing log files', function () {
  this.timeout(180_000);

  it('keeps every byte, time, mode and owner', () => inDirectory(async (directory) => {
    const random = chance(5);
    const path = join(directory, NAME);
    for (const length of [0, 1, (1 << 20) - 1, 1 << 20, 2_500_000]) {
      const text = Buffer.from(Array.from({ length }, () => 32 + random(64)));
      writeFileSync(path, text);
      chmodSync(path, 0o604);
      chownSync(path, 12345, 54321);
      utimesSync(path, 1_000_000_000.5, 1_500_000_000.25);
      assert.equal(await new Compressor(directory, new FilesInUse()).compress(NAME), true);
      assert.deepEqual(readdirSync(directory), [`${NAME}.gz`]);
      assert.ok(gunzipSync(readFileSync(`${path}.gz`)).equals(text), `${String(length)} bytes`);
      assert.equal(command(['zcat', `${path}.gz`]).length, length);
      const { mode, uid, gid, mtimeMs } = statSync(`${path}.gz`);
      assert.deepEqual([mode & 0o7777, uid, gid, mtimeMs], [0o604, 12345, 54321, 1_500_000_000_250]);
      command(['rm', `${path}.gz`]);
    }
  }));

  it('puts lines that came late behind those that are compressed already', () => inDirectory(async (directory) => {
    const path = join(directory, NAME);
    const compressor = new Compressor(directory, new FilesInUse());
    let all = '';
    for (const [number, lines] of ['one\n', 'two\n', 'three\n'].entries()) {
      writeFileSync(path, lines);
      utimesSync(path, 1_500_000_000 + number, 1_500_000_000 + number);
      all += lines;
      assert.equal(await compressor.compress(NAME), true);
      assert.equal(gunzipSync(readFileSync(`${path}.gz`)).toString(), all);
      assert.deepEqual(readdirSync(directory), [`${NAME}.gz`]);
    }
  }));

  it('after a crash between its last two steps it only removes the original', () => inDirectory(async (directory) => {
    const path = join(directory, NAME);
    writeFileSync(path, 'one\n');
    compressFile({ source: path, target: `${path}.gz`, before: undefined });
    assert.equal(await new Compressor(directory, new FilesInUse()).compress(NAME), true);
    assert.deepEqual(readdirSync(directory), [`${NAME}.gz`]);
    assert.equal(gunzipSync(readFileSync(`${path}.gz`)).toString(), 'one\n');
  }));

  it('changes nothing of a file that is in use, is written to meanwhile, or is gone', () => inDirectory(async (directory) => {
    const path = join(directory, NAME);
    const inUse = new FilesInUse();
    const compressor = new Compressor(directory, inUse);
    writeFileSync(path, Buffer.alloc(32 << 20, 'line\n'));
    const compressing = compressor.compress(NAME);
    while (readdirSync(directory).length < 2) await new Promise(setImmediate);
    appendFileSync(path, 'late\n');
    assert.equal(await compressing, false);
    await inUse.enter(NAME);
    assert.equal(await compressor.compress(NAME), false);
    inUse.leave(NAME);
    assert.equal(await compressor.compress('http-20190902.log'), false);
    assert.deepEqual(readdirSync(directory), [NAME]);
    assert.ok(textOf(path).endsWith('late\n'));
  }));

  it('is stopped at once, leaving nothing', () => inDirectory(async (directory) => {
    writeFileSync(join(directory, NAME), Buffer.alloc(64 << 20, 'some line of a log\n'));
    const compressor = new Compressor(directory, new FilesInUse());
    const compressing = compressor.compress(NAME);
    while (readdirSync(directory).length < 2) await new Promise(setImmediate);
    await compressor.stop();
    assert.equal(await compressing, false);
    assert.deepEqual(readdirSync(directory), [NAME]);
  }));

  it('follows no symbolic link, neither of the original nor of what it makes', () => inDirectory(async (directory) => {
    const victim = join(directory, 'victim');
    writeFileSync(victim, 'precious');
    const inside = join(directory, 'logs');
    mkdirSync(inside);
    const compressor = new Compressor(inside, new FilesInUse());
    symlinkSync(victim, join(inside, NAME));
    assert.equal(await compressor.compress(NAME), false);
    writeFileSync(join(inside, 'http-20190902.log'), 'b\n');
    symlinkSync(victim, join(inside, 'http-20190902.log.gz'));
    await assert.rejects(compressor.compress('http-20190902.log'), /^LogError: cannot compress http-20190902\.log: http-20190902\.log\.gz is not a regular file; move it away$/);
    writeFileSync(join(inside, 'http-20190903.log'), 'c\n');
    symlinkSync(victim, join(inside, '.http-20190903.log.gz.part'));
    await assert.rejects(compressor.compress('http-20190903.log'), { code: 'EEXIST' });
    assert.equal(textOf(victim), 'precious');
    assert.deepEqual(readdirSync(inside).sort(), [
      '.http-20190903.log.gz.part', NAME, 'http-20190902.log', 'http-20190902.log.gz', 'http-20190903.log',
    ]);
  }));

  it('what a crash left half made is removed, and nothing else', () => inDirectory(async (directory) => {
    const strangers = ['.http-20190901.log.part', 'http-20190901.log.gz.part', '.http-20190901.log.gz', '.other.gz.part', 'http-20190901.log.gz'];
    for (const name of [...strangers, '.http-20190901.log.gz.part', '.http-CQ-20190901-1200.000001.json.gz.part']) writeFileSync(join(directory, name), gzipSync('x'));
    symlinkSync(join(directory, 'http-20190901.log.gz'), join(directory, '.http-20190902.log.gz.part'));
    const open = await OpenDirectory.open(directory);
    await removeUnfinished(open);
    await open.close();
    assert.deepEqual(readdirSync(directory).sort(), [...strangers, '.http-20190902.log.gz.part'].sort());
    assert.ok(lstatSync(join(directory, '.http-20190902.log.gz.part')).isSymbolicLink());
  }));
});
