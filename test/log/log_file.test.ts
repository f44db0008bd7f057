import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LogError } from '../../src/log/log_error.js';
import { LogFile } from '../../src/log/log_file.js';
import { systemFiles, type FileAccess } from '../../src/log/file_access.js';
import { INJECTED, TestLedger, chance, filesWith, firstBytes, inDirectory, makeFifo, textOf } from './support.js';

function parts(...lines: string[]): Uint8Array[] {
  return lines.map((line) => Buffer.from(`${line}\n`));
}

/** A disk with so many bytes left; writes what still fits, as the kernel does. */
class FullDisk {
  files: FileAccess = filesWith({
    write: async (fd, given) => {
      const bytes = firstBytes(given, this.room);
      if (bytes.length === 0) throw this.error;
      this.room -= bytes.length;
      return systemFiles.write(fd, [bytes]);
    },
    ftruncate: async (fd, size) => {
      if (this.refuseTruncate) throw INJECTED.EIO;
      const before = (await systemFiles.fstat(fd)).size;
      await systemFiles.ftruncate(fd, size);
      this.room += before - size;
    },
  });
  refuseTruncate = false;

  constructor(public room: number, private readonly error: Error = INJECTED.ENOSPC) {}
}

describe('LogFile', () => {
  it('makes the file with mode 0640 and appends to it, never truncating', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.log');
    const umask = process.umask(0);
    const ledger = new TestLedger();
    const file = await LogFile.open(path, systemFiles, ledger).finally(() => process.umask(umask));
    await file.append(parts('one', 'two'), 2);
    await file.close();
    assert.equal(statSync(path).mode & 0o7777, 0o640);
    const again = await LogFile.open(path, systemFiles, ledger);
    await again.append(parts('three'), 1);
    await again.close();
    assert.equal(textOf(path), 'one\ntwo\nthree\n');
    assert.deepEqual([ledger.linesWritten, ledger.bytesWritten, ledger.linesLost, ledger.linesMended], [3, 14, 0, 0]);
  }));

  it('writes views of shared memory in place', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.log');
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    shared.set(Buffer.from('xxone\ntwo\n'));
    const file = await LogFile.open(path, systemFiles, new TestLedger());
    await file.append([shared.subarray(2, 6)], 1);
    await file.append([shared.subarray(2, 6), shared.subarray(6, 10)], 2);
    await file.close();
    assert.equal(textOf(path), 'one\none\ntwo\n');
  }));

  it('writes more parts than one writev takes', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.log');
    const lines = Array.from({ length: 5000 }, (_, number) => `line ${String(number)}`);
    const file = await LogFile.open(path, systemFiles, new TestLedger());
    await file.append(parts(...lines), lines.length);
    await file.close();
    assert.equal(textOf(path), `${lines.join('\n')}\n`);
  }));

  it('closes an incomplete last line it finds, and counts it', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.log');
    const ledger = new TestLedger();
    writeFileSync(path, 'one\ncut o');
    const file = await LogFile.open(path, systemFiles, ledger);
    await file.append(parts('two'), 1);
    await file.append(parts('three'), 1);
    await file.close();
    assert.equal(textOf(path), 'one\ncut o\ntwo\nthree\n');
    assert.equal(ledger.linesMended, 1);
    assert.deepEqual([ledger.linesWritten, ledger.bytesWritten], [2, 10]);
  }));

  it('refuses what is not a regular file, in one line', () => inDirectory(async (directory) => {
    makeFifo(join(directory, 'fifo'));
    mkdirSync(join(directory, 'directory'));
    writeFileSync(join(directory, 'target'), '');
    symlinkSync('target', join(directory, 'link'));
    for (const path of [...['fifo', 'directory', 'link'].map((name) => join(directory, name)), '/dev/null']) {
      await assert.rejects(LogFile.open(path, systemFiles, new TestLedger()), (error: unknown) => {
        assert.ok(error instanceof LogError, path);
        assert.match(error.message, /^cannot log to .*: it is not a regular file; move it away, or [^\n]*-d$/);
        assert.ok(error.message.includes(path));
        return true;
      });
    }
    assert.equal(textOf(join(directory, 'target')), '');
  }));

  for (const [name, error] of Object.entries(INJECTED)) {
    if (name === 'EINTR' || name === 'EAGAIN' || name === 'EPIPE') continue;
    it(`keeps whole lines only when the disk says ${name}, at every byte`, () => inDirectory(async (directory) => {
      const text = 'first\nsecond line\n\nthird\n';
      for (let room = 0; room < text.length; room++) {
        const path = join(directory, `${String(room)}.log`);
        const disk = new FullDisk(room, error);
        const ledger = new TestLedger();
        const file = await LogFile.open(path, disk.files, ledger);
        await file.append([Buffer.from(text.slice(0, 9)), Buffer.from(text.slice(9))], 4);
        const whole = text.slice(0, text.lastIndexOf('\n', room - 1) + 1);
        const expected = room === 0 ? '' : whole;
        assert.equal(textOf(path), expected, `room ${String(room)}`);
        assert.equal(ledger.linesWritten + ledger.linesLost, 4);
        assert.equal(ledger.bytesWritten, expected.length);
        assert.equal(ledger.writeErrors, 1);
        assert.match(ledger.errors[0].message, new RegExp(`^cannot write .*${String(room)}\\.log: .*\\(${name}\\); [^\\n]+$`));
        disk.room = 100;
        await file.append(parts('again'), 1);
        await file.close();
        assert.equal(textOf(path), `${expected}again\n`);
        assert.equal(ledger.linesMended, 0);
      }
    }));
  }

  it('closes a broken line with a newline when it cannot be taken back', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.log');
    const disk = new FullDisk(7);
    disk.refuseTruncate = true;
    const ledger = new TestLedger();
    const file = await LogFile.open(path, disk.files, ledger);
    await file.append(parts('one', 'two', 'three'), 3);
    await file.append(parts('four'), 1);
    assert.equal(textOf(path), 'one\ntwo');
    assert.deepEqual([ledger.linesWritten, ledger.linesLost], [1, 3]);
    disk.room = 100;
    await file.append(parts('five'), 1);
    await file.close();
    assert.equal(textOf(path), 'one\ntwo\nfive\n');
    assert.deepEqual([ledger.linesWritten, ledger.linesLost, ledger.linesMended], [2, 3, 1]);
  }));

  it('takes nothing back from a file somebody else truncated or appended to meanwhile', () => inDirectory(async (directory) => {
    for (const meddle of [(path: string) => { truncateSync(path); }, (path: string) => { appendFileSync(path, 'a stranger\n'); }]) {
      const path = join(directory, `${String(Math.random())}.log`);
      let step = 0;
      const ledger = new TestLedger();
      const file = await LogFile.open(path, filesWith({
        write: async (fd, given) => {
          step++;
          if (step === 1) return systemFiles.write(fd, [firstBytes(given, 6)]);
          if (step > 2) return systemFiles.write(fd, given);
          meddle(path);
          throw INJECTED.ENOSPC;
        },
      }), ledger);
      await file.append(parts('one', 'two'), 2);
      await file.append(parts('three'), 1);
      await file.close();
      assert.ok(['three\n', 'one\ntwa stranger\nthree\n'].includes(textOf(path)), textOf(path));
      assert.deepEqual([ledger.linesWritten, ledger.linesLost, ledger.linesMended], [2, 1, 0]);
    }
  }));

  for (let seed = 1; seed <= 10; seed++) {
    it(`keeps the books and whole lines under random faults, ${String(seed)}`, () => inDirectory(async (directory) => {
      const path = join(directory, 'a.log');
      const random = chance(seed);
      const disk = new FullDisk(100);
      const { write } = disk.files;
      const ledger = new TestLedger();
      const files = filesWith({
        ...disk.files,
        write: async (fd, given) => {
          const dice = random(10);
          if (dice === 0) throw INJECTED.EINTR;
          if (dice === 1) throw INJECTED.EIO;
          if (dice < 5) return write(fd, [firstBytes(given, 1 + random(30))]);
          return write(fd, given);
        },
      });
      const file = await LogFile.open(path, files, ledger);
      const known = new Set<string>();
      let delivered = 0;
      for (let round = 0; round < 100; round++) {
        const lines = Array.from({ length: 1 + random(5) }, () => `<${String(delivered++)}${'.'.repeat(random(20))}>`);
        for (const line of lines) known.add(line);
        disk.refuseTruncate = random(3) === 0;
        if (random(5) === 0) disk.room += random(200);
        await file.append(parts(...lines), lines.length);
      }
      await file.close();
      const found = readFileSync(path, 'latin1').split('\n');
      const broken = found.filter((line) => !known.has(line));
      const whole = found.length - broken.length;
      assert.equal(new Set(found.filter((line) => known.has(line))).size, whole, 'no line twice');
      // a line that lacked nothing but its newline was counted as lost, and made whole when it was closed
      assert.ok(whole >= ledger.linesWritten && whole <= ledger.linesWritten + ledger.linesMended + 1);
      assert.equal(ledger.linesWritten + ledger.linesLost, delivered);
      assert.ok(ledger.linesWritten > 0 && ledger.linesLost > 0);
      // the text after the last newline, and each line that could not be taken back: those are beginnings, never mixtures
      assert.ok(broken.length <= ledger.linesMended + 1);
      for (const line of broken) assert.match(line, /^(<[0-9.]*)?$/);
    }));
  }

  it('knows that it was deleted, moved away, or another file put in its place', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.log');
    const meddlings = [
      (): void => { unlinkSync(path); },
      (): void => { renameSync(path, `${path}.1`); },
      (): void => { renameSync(path, `${path}.1`); writeFileSync(path, ''); },
      (): void => { renameSync(path, `${path}.1`); symlinkSync(`${path}.1`, path); },
    ];
    for (const meddle of meddlings) {
      rmSync(path, { force: true });
      const file = await LogFile.open(path, systemFiles, new TestLedger());
      assert.equal(await file.isGone(), false);
      meddle();
      assert.equal(await file.isGone(), true, String(meddle));
      await file.close();
    }
  }));

  it('follows a file that was truncated, inside a line too: no hole, no line of two', () => inDirectory(async (directory) => {
    const path = join(directory, 'a.log');
    const ledger = new TestLedger();
    const file = await LogFile.open(path, systemFiles, ledger);
    await file.append(parts('one', 'two'), 2);
    truncateSync(path);
    await file.append(parts('three'), 1);
    assert.equal(textOf(path), 'three\n');
    assert.equal(file.sizeBytes, 6);
    truncateSync(path, 3);
    await file.append(parts('four'), 1);
    await file.close();
    assert.equal(textOf(path), 'thr\nfour\n');
    assert.deepEqual([ledger.linesWritten, ledger.linesLost, ledger.linesMended], [4, 0, 1]);
  }));

  it('reports what close says', () => inDirectory(async (directory) => {
    const ledger = new TestLedger();
    const path = join(directory, 'a.log');
    const file = await LogFile.open(path, filesWith({
      close: async (fd) => {
        await systemFiles.close(fd);
        throw INJECTED.EDQUOT;
      },
    }), ledger);
    await file.close();
    assert.match(ledger.errors[0].message, /^cannot close .*a\.log: disk quota exceeded \(EDQUOT\); raise the quota/);
    assert.deepEqual([ledger.linesLost, ledger.writeErrors], [0, 1]);
  }));
});
