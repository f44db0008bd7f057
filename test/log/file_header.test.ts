import assert from 'node:assert/strict';
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DailyFiles } from '../../src/log/daily_files.js';
import { type FileAccess, systemFiles } from '../../src/log/file_access.js';
import type { FileHeader } from '../../src/log/file_header.js';
import { LogFile } from '../../src/log/log_file.js';
import { StandardOutput } from '../../src/log/standard_output.js';
import { DAY, INJECTED, TestLedger, filesWith, firstBytes, inDirectory, runOf, textOf } from './support.js';

/** A header whose first line is another each time. */
function headerOf(columns: string): FileHeader & { begun: number } {
  const header = {
    begun: 0,
    columns: `#fields\t${columns}\n#types\tstring\n`,
    begin: (now: Date) => {
      assert.ok(Math.abs(now.getTime() - Date.now()) < 60_000);
      return `#open\t${String(header.begun++)}\n${header.columns}`;
    },
  };
  return header;
}
const text = (columns: string, number = 0): string => `#open\t${String(number)}\n#fields\t${columns}\n#types\tstring\n`;

async function append(path: string, header: FileHeader, lines: readonly string[], files: FileAccess = systemFiles): Promise<TestLedger> {
  const ledger = new TestLedger();
  const file = await LogFile.open(path, files, ledger, header);
  for (const line of lines) await file.append([Buffer.from(`${line}\n`)], 1);
  await file.close();
  return ledger;
}

describe('headers of files', () => {
  it('a new file begins with it, once', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.tsv');
    const ledger = await append(path, headerOf('a'), ['one', 'two']);
    assert.equal(textOf(path), `${text('a')}one\ntwo\n`);
    assert.deepEqual([ledger.linesWritten, ledger.bytesWritten, ledger.linesLost], [2, textOf(path).length, 0]);
  }));

  it('a file without records is left empty', () => inDirectory(async (directory) => {
    await append(join(directory, 'a.tsv'), headerOf('a'), []);
    assert.equal(textOf(join(directory, 'a.tsv')), '');
  }));

  it('is not repeated in a file that ends under the same columns, and is where they changed', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.tsv');
    await append(path, headerOf('a'), ['one']);
    await append(path, headerOf('a'), ['two']);
    await append(path, headerOf('b'), ['three']);
    await append(path, headerOf('b'), ['four']);
    await append(path, headerOf('a'), ['five']);
    assert.equal(textOf(path), `${text('a')}one\ntwo\n${text('b')}three\nfour\n${text('a')}five\n`);
  }));

  it('columns of which one list begins like the other are others', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.tsv');
    await append(path, headerOf('a\tb'), ['one']);
    await append(path, headerOf('a'), ['two']);
    await append(path, headerOf('a\tb'), ['three']);
    assert.equal(textOf(path), `${text('a\tb')}one\n${text('a')}two\n${text('a\tb')}three\n`);
  }));

  it('follows an incomplete last line, which may be its own', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.tsv');
    writeFileSync(path, '#open\t0\n#fields\ta\n#typ');
    const ledger = await append(path, headerOf('a'), ['one']);
    assert.equal(textOf(path), `#open\t0\n#fields\ta\n#typ\n${text('a')}one\n`);
    assert.equal(ledger.linesMended, 1);
  }));

  it('follows a file that somebody else has begun', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.tsv');
    writeFileSync(path, 'no header\n');
    await append(path, headerOf('a'), ['one']);
    assert.equal(textOf(path), `no header\n${text('a')}one\n`);
  }));

  it('is found far back, and repeated when it is further', () => inDirectory(async (directory) => {
    for (const [bytes, repeated] of [[1_000_000, false], [2_000_000, true]] as const) {
      const path = join(directory, `${String(bytes)}.tsv`);
      await append(path, headerOf('a'), [`${'x'.repeat(99)}\n`.repeat(bytes / 100).slice(0, -1)]);
      await append(path, headerOf('a'), ['last']);
      assert.equal(textOf(path).endsWith(repeated ? `x\n${text('a')}last\n` : 'x\nlast\n'), true);
    }
  }));

  it('returns to a file that was truncated while it was open', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.tsv');
    const file = await LogFile.open(path, systemFiles, new TestLedger(), headerOf('a'));
    await file.append([Buffer.from('one\n')], 1);
    truncateSync(path);
    await file.append([Buffer.from('two\n')], 1);
    await file.append([Buffer.from('three\n')], 1);
    await file.close();
    assert.equal(textOf(path), `${text('a', 1)}two\nthree\n`);
  }));

  it('stands above lines that were on their way when the file was truncated', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.tsv');
    let meddle = (): void => undefined;
    const files = filesWith({
      write: (fd, given) => {
        meddle();
        meddle = () => undefined;
        return systemFiles.write(fd, given);
      },
    });
    const ledger = new TestLedger();
    const file = await LogFile.open(path, files, ledger, headerOf('a'));
    await file.append([Buffer.from('one\n')], 1);
    meddle = () => { truncateSync(path); };
    await file.append([Buffer.from('two\n'), Buffer.from('three\n')], 2);
    await file.append([Buffer.from('four\n')], 1);
    await file.close();
    assert.equal(textOf(path), `${text('a', 1)}two\nthree\nfour\n`);
    assert.deepEqual([ledger.linesWritten, ledger.linesLost], [4, 0]);
  }));

  it('is looked for once a file, not once a write', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.tsv');
    await append(path, headerOf('a'), ['one']);
    let reads = 0;
    const files = filesWith({ read: (...of) => (reads++, systemFiles.read(...of)) });
    await append(path, headerOf('a'), ['two', 'three', 'four'], files);
    assert.equal(reads, 2, 'the last byte, the last header');
  }));

  it('on a disk without room nothing of it stays, and the lines are counted as lost', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.tsv');
    let step = 0;
    const files = filesWith({
      write: async (fd, given) => {
        step++;
        if (step === 1) return systemFiles.write(fd, [firstBytes(given, 20)]);
        if (step === 2) throw INJECTED.ENOSPC;
        return systemFiles.write(fd, given);
      },
    });
    const ledger = await append(path, headerOf('a'), ['lost', 'kept'], files);
    assert.equal(textOf(path), `${text('a', 1)}kept\n`);
    assert.deepEqual([ledger.linesWritten, ledger.linesLost, ledger.linesMended], [1, 1, 0]);
  }));

  it('every file of every day and kind has it, also after a rotation', () => inDirectory(async (directory) => {
    const sink = await DailyFiles.open({ directory, split: true, extension: 'tsv', ledger: new TestLedger(), header: headerOf('a') });
    await sink.write([runOf(['q']), runOf(['r'], DAY, 1), runOf(['Q'], DAY + 1)]);
    const path = join(directory, 'http-CQ-20190901.tsv');
    renameSync(path, `${path}.1`);
    await sink.write([runOf(['still there'])]);
    await sink.reopen();
    await sink.write([runOf(['anew'])]);
    await sink.close();
    const records = (name: string): string[] => textOf(join(directory, name)).split('\n').filter((line) => !line.startsWith('#open'));
    assert.deepEqual(records('http-CQ-20190901.tsv.1'), ['#fields\ta', '#types\tstring', 'q', 'still there', '']);
    assert.deepEqual(records('http-CQ-20190901.tsv'), ['#fields\ta', '#types\tstring', 'anew', '']);
    assert.deepEqual(records('http-CR-20190901.tsv'), ['#fields\ta', '#types\tstring', 'r', '']);
    assert.deepEqual(records('http-CQ-20190902.tsv'), ['#fields\ta', '#types\tstring', 'Q', '']);
  }));

  it('standard output gets it once, with the first record', () => inDirectory(async (directory) => {
    const path = join(directory, 'out');
    writeFileSync(path, 'before\n');
    const fd = await systemFiles.open(path, 0o2001 /* O_WRONLY | O_APPEND */, 0);
    const ledger = new TestLedger();
    const sink = new StandardOutput({ ledger, fd, onClosed: assert.fail, header: headerOf('a') });
    await sink.reopen();
    appendFileSync(path, 'nothing yet\n');
    await sink.write([runOf(['one'])]);
    await sink.reopen();
    await sink.write([runOf(['two'])]);
    await sink.close();
    await systemFiles.close(fd);
    assert.equal(textOf(path), `before\nnothing yet\n${text('a')}one\ntwo\n`);
    assert.deepEqual([ledger.linesWritten, ledger.bytesWritten], [2, `${text('a')}one\ntwo\n`.length]);
  }));

  it('a reader of standard output that is gone before it costs the lines', () => inDirectory(async () => {
    let closed = 0;
    const ledger = new TestLedger();
    const files = filesWith({ write: async () => { throw INJECTED.EPIPE; } });
    const sink = new StandardOutput({ ledger, fd: 9999, files, onClosed: () => closed++, header: headerOf('a') });
    await sink.write([runOf(['one', 'two'])]);
    await sink.write([runOf(['three'])]);
    assert.deepEqual([closed, ledger.linesWritten, ledger.linesLost], [1, 0, 3]);
  }));
});
