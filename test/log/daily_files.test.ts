import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DailyFiles, type DailyFilesOptions } from '../../src/log/daily_files.js';
import { LOCK_FILE } from '../../src/log/directory_lock.js';
import { systemFiles } from '../../src/log/file_access.js';
import { LogError } from '../../src/log/log_error.js';
import { DAY, TestLedger, filesWith, inDirectory, makeFifo, runOf, textOf } from './support.js';

async function open(directory: string, options: Partial<DailyFilesOptions> = {}): Promise<{ sink: DailyFiles; ledger: TestLedger }> {
  const ledger = new TestLedger();
  return { ledger, sink: await DailyFiles.open({ directory, split: false, extension: 'log', ledger, ...options }) };
}

function logs(directory: string): string[] {
  return readdirSync(directory).filter((name) => name !== LOCK_FILE).sort();
}

describe('DailyFiles', () => {
  it('makes the directory, and names the file by the day', () => inDirectory(async (top) => {
    const directory = join(top, 'var/log');
    const umask = process.umask(0);
    const { sink, ledger } = await open(directory).finally(() => process.umask(umask));
    await sink.write([runOf(['one', 'two'])]);
    await sink.close();
    assert.deepEqual(logs(directory), ['http-20190901.log']);
    assert.equal(textOf(join(directory, 'http-20190901.log')), 'one\ntwo\n');
    assert.deepEqual([join(top, 'var'), directory].map((path) => statSync(path).mode & 0o7777), [0o750, 0o750]);
    assert.equal(statSync(join(directory, LOCK_FILE)).mode & 0o7777, 0o640);
    assert.deepEqual([ledger.linesWritten, ledger.bytesWritten, ledger.linesLost], [2, 8, 0]);
  }));

  it('splits by kind', () => inDirectory(async (directory) => {
    const { sink } = await open(directory, { split: true, extension: 'json' });
    await sink.write([0, 1, 2, 3, 0].map((region, number) => runOf([`${String(number)} of ${String(region)}`], DAY, region)));
    await sink.close();
    assert.deepEqual(logs(directory), ['CQ', 'CR', 'SQ', 'SR'].map((kind) => `http-${kind}-20190901.json`));
    assert.equal(textOf(join(directory, 'http-CQ-20190901.json')), '0 of 0\n4 of 0\n');
    assert.equal(textOf(join(directory, 'http-SR-20190901.json')), '3 of 3\n');
  }));

  it('writes around midnight to both days without opening them again, a write a day', () => inDirectory(async (directory) => {
    let opened = 0;
    let writes = 0;
    const { sink } = await open(directory, {
      files: filesWith({
        open: (...of) => (opened++, systemFiles.open(...of)),
        write: (...of) => (writes++, systemFiles.write(...of)),
      }),
    });
    for (let round = 0; round < 5; round++) {
      await sink.write([runOf(['a']), runOf(['B'], DAY + 1), runOf(['c']), runOf(['D'], DAY + 1)]);
    }
    await sink.close();
    assert.deepEqual([opened, writes], [2, 10]);
    assert.equal(textOf(join(directory, 'http-20190901.log')), 'a\nc\n'.repeat(5));
    assert.equal(textOf(join(directory, 'http-20190902.log')), 'B\nD\n'.repeat(5));
  }));

  it('holds few files open however many days a capture has', () => inDirectory(async (directory) => {
    let held = 0;
    let most = 0;
    const { sink, ledger } = await open(directory, {
      split: true,
      files: filesWith({
        open: (...of) => (most = Math.max(most, ++held), systemFiles.open(...of)),
        close: (fd) => (held--, systemFiles.close(fd)),
      }),
    });
    for (let round = 0; round < 2; round++) {
      await sink.write(Array.from({ length: 400 }, (_, number) => runOf([String(number)], number >> 2, number % 4)));
    }
    await sink.close();
    assert.ok(most <= 12, `${String(most)} open at once`);
    assert.equal(held, 0);
    assert.equal(logs(directory).length, 400);
    assert.equal(textOf(join(directory, 'http-CQ-19700103.log')), '8\n8\n');
    assert.equal(ledger.linesWritten, 800);
  }));

  it('closes files that were idle for a minute', () => inDirectory(async (directory) => {
    let held = 0;
    const { sink } = await open(directory, {
      files: filesWith({ open: (...of) => (held++, systemFiles.open(...of)), close: (fd) => (held--, systemFiles.close(fd)) }),
    });
    await sink.tend(1_000);
    await sink.write([runOf(['old'], DAY - 1)]);
    await sink.tend(50_000);
    await sink.write([runOf(['new'])]);
    assert.equal(held, 2);
    await sink.tend(61_500);
    assert.equal(held, 1);
    await sink.write([runOf(['late'], DAY - 1)]);
    await sink.close();
    assert.equal(textOf(join(directory, 'http-20190831.log')), 'old\nlate\n');
  }));

  it('keeps writing to a renamed file until it is asked to reopen, or notices by itself', () => inDirectory(async (directory) => {
    const { sink } = await open(directory);
    const path = join(directory, 'http-20190901.log');
    for (const notice of [() => sink.reopen(), () => sink.tend(1_000)]) {
      await sink.write([runOf(['one'])]);
      renameSync(path, `${path}.1`);
      await sink.write([runOf(['two'])]);
      await notice();
      await sink.write([runOf(['three'])]);
      assert.equal(textOf(`${path}.1`), 'one\ntwo\n');
      assert.equal(textOf(path), 'three\n');
      unlinkSync(path);
      await sink.reopen();
    }
    await sink.close();
  }));

  it('makes a deleted file anew by itself, and its directory too', () => inDirectory(async (top) => {
    const directory = join(top, 'logs');
    const { sink, ledger } = await open(directory);
    const path = join(directory, 'http-20190901.log');
    await sink.write([runOf(['one'])]);
    unlinkSync(path);
    await sink.tend(1_000);
    await sink.write([runOf(['two'])]);
    assert.equal(textOf(path), 'two\n');
    rmSync(directory, { recursive: true });
    await sink.tend(2_000);
    await sink.write([runOf(['three'])]);
    await sink.close();
    assert.equal(textOf(path), 'three\n');
    assert.deepEqual([ledger.linesWritten, ledger.linesLost], [3, 0]);
  }));

  it('loses the lines of a file it must not open, and writes the others', () => inDirectory(async (directory) => {
    makeFifo(join(directory, 'http-CR-20190901.log'));
    const { sink, ledger } = await open(directory, { split: true });
    await sink.write([runOf(['q']), runOf(['r', 's'], DAY, 1)]);
    await sink.close();
    assert.equal(textOf(join(directory, 'http-CQ-20190901.log')), 'q\n');
    assert.deepEqual([ledger.linesWritten, ledger.linesLost, ledger.writeErrors], [1, 2, 1]);
    assert.match(ledger.errors[0].message, /http-CR-20190901\.log: it is not a regular file/);
  }));

  it('refuses a directory that is none, or cannot be made, in one line', () => inDirectory(async (directory) => {
    writeFileSync(join(directory, 'file'), '');
    mkdirSync(join(directory, 'locked', LOCK_FILE), { recursive: true });
    for (const name of ['file', 'file/below', 'locked']) {
      await assert.rejects(open(join(directory, name)), (error: unknown) => {
        assert.ok(error instanceof LogError);
        assert.match(error.message, /^cannot (log to|lock) [^\n]*$/);
        assert.ok(error.message.includes(join(directory, name)));
        return true;
      });
    }
    await assert.rejects(open('/proc/httplog'), /^LogError: cannot log to \/proc\/httplog: /);
  }));
});
