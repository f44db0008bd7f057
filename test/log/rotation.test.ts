// -rotate: files by parts of the day and by size.

import assert from 'node:assert/strict';
import { readdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rotation } from '../../src/config/settings.js';
import { DailyFiles, type DailyFilesOptions } from '../../src/log/daily_files.js';
import { LOCK_FILE } from '../../src/log/directory_lock.js';
import { systemFiles } from '../../src/log/file_access.js';
import { DAY, INJECTED, TestLedger, chance, filesWith, inDirectory, runOf, textOf } from './support.js';

const HEADER = { columns: '#fields\ta\n', begin: () => '#fields\ta\n' };

async function open(directory: string, rotation: Partial<Rotation>, options: Partial<DailyFilesOptions> = {}): Promise<DailyFiles & { ledger: TestLedger }> {
  const ledger = new TestLedger();
  const sink = await DailyFiles.open({ directory, split: false, extension: 'log', ledger, rotation: { periodSeconds: 86400, sizeBytes: Infinity, ...rotation }, ...options });
  return sink as DailyFiles & { ledger: TestLedger };
}

function logs(directory: string): string[] {
  return readdirSync(directory).filter((name) => name !== LOCK_FILE).sort();
}

const contents = (directory: string): string[] => logs(directory).map((name) => textOf(join(directory, name)));

describe('rotation', () => {
  it('by time: a file a part of the day', () => inDirectory(async (directory) => {
    const sink = await open(directory, { periodSeconds: 3600 }, { split: true });
    await sink.write([runOf(['a'], DAY * 24 + 23), runOf(['b'], DAY * 24 + 24, 1), runOf(['c'], DAY * 24 + 23)]);
    await sink.close();
    assert.deepEqual(logs(directory), ['http-CQ-20190901-2300.log', 'http-CR-20190902-0000.log']);
    assert.deepEqual(contents(directory), ['a\nc\n', 'b\n']);
  }));

  it('by size: no file beyond it, no line cut, all lines in order', () => inDirectory(async (directory) => {
    const random = chance(11);
    const sink = await open(directory, { sizeBytes: 500 }, { split: true });
    const wanted = ['', ''];
    for (let round = 0; round < 60; round++) {
      const runs = Array.from({ length: random(4) }, () => {
        const region = random(2);
        const lines = Array.from({ length: 1 + random(12) }, (_, line) => `${String(round)}.${String(line)}${'x'.repeat(random(60))}`);
        wanted[region] += lines.map((line) => `${line}\n`).join('');
        return runOf(lines, DAY, region);
      });
      await sink.write(runs);
      if (random(10) === 0) await sink.reopen();
    }
    await sink.close();
    for (const [region, kind] of ['CQ', 'CR'].entries()) {
      const names = logs(directory).filter((name) => name.includes(kind));
      assert.ok(names.length > 5);
      assert.deepEqual(names, names.map((_, number) => `http-${kind}-20190901.${String(number + 1).padStart(6, '0')}.log`));
      assert.equal(names.map((name) => textOf(join(directory, name))).join(''), wanted[region]);
      for (const name of names) assert.ok(statSync(join(directory, name)).size <= 500 && textOf(join(directory, name)).endsWith('\n'), name);
    }
    assert.equal(sink.ledger.linesLost, 0);
  }));

  it('by both', () => inDirectory(async (directory) => {
    const sink = await open(directory, { periodSeconds: 900, sizeBytes: 4 });
    await sink.write([runOf(['aaa', 'bbb'], DAY * 96 + 1), runOf(['ccc'], DAY * 96 + 2)]);
    await sink.close();
    assert.deepEqual(logs(directory), ['http-20190901-0015.000001.log', 'http-20190901-0015.000002.log', 'http-20190901-0030.000001.log']);
  }));

  it('a line longer than the size has a file of its own', () => inDirectory(async (directory) => {
    const sink = await open(directory, { sizeBytes: 4 });
    await sink.write([runOf(['a', 'longer than that', 'longer again', 'b'])]);
    await sink.close();
    assert.deepEqual(contents(directory), ['a\n', 'longer than that\n', 'longer again\n', 'b\n']);
  }));

  it('every part has the header, which counts', () => inDirectory(async (directory) => {
    const sink = await open(directory, { sizeBytes: 15 }, { header: HEADER });
    await sink.write([runOf(['one', 'two', 'a line'])]);
    await sink.close();
    assert.deepEqual(contents(directory), ['one', 'two', 'a line'].map((line) => `#fields\ta\n${line}\n`));
  }));

  it('after a start it goes on with the last part, or behind it when that is full, compressed or below a gap', () => inDirectory(async (directory) => {
    const write = async (line: string): Promise<void> => {
      const sink = await open(directory, { sizeBytes: 10 });
      await sink.write([runOf([line])]);
      await sink.close();
    };
    await write('aaa');
    await write('bbb');
    assert.deepEqual(contents(directory), ['aaa\nbbb\n']);
    await write('cccc');
    assert.deepEqual(contents(directory), ['aaa\nbbb\n', 'cccc\n']);
    unlinkSync(join(directory, 'http-20190901.000001.log'));
    renameSync(join(directory, 'http-20190901.000002.log'), join(directory, 'http-20190901.000007.log.gz'));
    writeFileSync(join(directory, 'http-CQ-20190901.000009.log'), '');
    await write('d');
    assert.deepEqual(logs(directory), ['http-20190901.000007.log.gz', 'http-20190901.000008.log', 'http-CQ-20190901.000009.log']);
  }));

  it('a part that was moved away is begun anew after a reopen, never an older one', () => inDirectory(async (directory) => {
    const sink = await open(directory, { sizeBytes: 4 });
    await sink.write([runOf(['aaa', 'bbb'])]);
    renameSync(join(directory, 'http-20190901.000002.log'), join(directory, 'moved'));
    await sink.reopen();
    await sink.write([runOf(['ccc'])]);
    await sink.close();
    assert.deepEqual(logs(directory), ['http-20190901.000001.log', 'http-20190901.000002.log', 'moved']);
    assert.deepEqual(contents(directory), ['aaa\n', 'ccc\n', 'bbb\n']);
  }));

  it('on a full disk lines are lost and counted, and no further parts are begun', () => inDirectory(async (directory) => {
    const files = filesWith({ write: async () => { throw INJECTED.ENOSPC; } });
    const sink = await open(directory, { sizeBytes: 8 }, { files });
    for (let round = 0; round < 5; round++) await sink.write([runOf(['aaa', 'bbb', 'ccc', 'ddd'])]);
    await sink.close();
    assert.deepEqual(logs(directory), ['http-20190901.000001.log']);
    assert.deepEqual([sink.ledger.linesWritten, sink.ledger.linesLost], [0, 20]);
  }));

  it('a part that cannot be opened costs the lines behind the cut', () => inDirectory(async (directory) => {
    const files = filesWith({
      open: (path, ...rest) => (path.includes('000002') ? Promise.reject(INJECTED.EROFS) : systemFiles.open(path, ...rest)),
    });
    const sink = await open(directory, { sizeBytes: 8 }, { files });
    await sink.write([runOf(['aaa', 'bbb', 'ccc'])]);
    await sink.close();
    assert.deepEqual(contents(directory), ['aaa\nbbb\n']);
    assert.deepEqual([sink.ledger.linesWritten, sink.ledger.linesLost, sink.ledger.writeErrors], [2, 1, 1]);
  }));
});
