import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeptFile } from '../../src/connections/kept_file.js';
import { LogError } from '../../src/log/log_error.js';
import { WriteLedger } from '../../src/log/write_ledger.js';
import { withDirectory } from '../support/httplog.js';

/** Far more than anybody would read for one byte of it: it takes no room on disk. */
const SPARSE_BYTES = 3 * 2 ** 30;

const ledgerOf = (): WriteLedger => new WriteLedger({ onError: (error) => assert.fail(error), onRecovery: () => undefined });

describe('KeptFile', () => {
  it('closes the line that a killed run left, and counts what it wrote', async () => {
    await withDirectory(async (directory) => {
      for (const [left, expected] of [['', '# top\none\ntwo\n'], ['a line\n', 'a line\none\ntwo\n'], ['a line\nbro', 'a line\nbro\none\ntwo\n']] as const) {
        const path = join(directory, `after-${left.length}`);
        writeFileSync(path, left);
        const ledger = ledgerOf();
        ledger.delivered(2);
        const file = await KeptFile.in(path, { ledger, top: () => '# top\n' });
        await file.open();
        await file.write(Buffer.from('one\n'), 1);
        await file.write(Buffer.from('two\n'), 1);
        file.close();
        assert.equal(readFileSync(path, 'utf8'), expected);
        assert.deepEqual([ledger.linesWritten, ledger.linesLost], [2, 0]);
      }
    });
  });

  it('goes on in the same file when that cannot be put aside, and says so', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'full.log');
      mkdirSync(`${path}.1`);
      const said: string[] = [];
      const ledger = new WriteLedger({ onError: ({ message }) => said.push(message), onRecovery: () => undefined });
      const file = await KeptFile.in(path, { ledger, maxBytes: 8, backupCount: 1 });
      for (const line of ['one two\n', 'three\n', 'four\n']) {
        ledger.delivered(1);
        await file.write(Buffer.from(line), 1);
      }
      file.close();
      assert.equal(readFileSync(path, 'utf8'), 'one two\nthree\nfour\n');
      assert.deepEqual([ledger.linesWritten, ledger.linesLost], [3, 0]);
      assert.equal(said.length, 1);
      assert.match(said[0], /^cannot put \S+full\.log aside: [^\n]+$/);
    });
  });

  it('refuses what is no file, and a place where none can be', async () => {
    await withDirectory(async (directory) => {
      writeFileSync(join(directory, 'file'), '');
      for (const [path, words] of [
        [directory, /^cannot write \S+: it is not a regular file; move it away, or name another file$/],
        ['/dev/null', /^cannot write \/dev\/null: it is not a regular file; move it away, or name another file$/],
        [join(directory, 'file/x.log'), /^cannot write \S+file\/x\.log: not a directory \(ENOTDIR\); choose another one with -d$/],
        ['/proc/nope/x.log', /^cannot log to \/proc\/nope: no such file or directory \(ENOENT\); choose a directory that can be made with -d$/],
      ] as const) {
        await assert.rejects(async () => (await KeptFile.in(path, { ledger: ledgerOf() })).open(), (error: Error) => {
          assert.match(error.message, words);
          return error instanceof LogError;
        });
      }
    });
  });

  it('reads of a large file no more than its ends', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'large.log');
      writeFileSync(path, '#Version: 1.0\n#Date: 2022-07-27 22:23:15\n');
      truncateSync(path, SPARSE_BYTES);
      const ledger = ledgerOf();
      const file = await KeptFile.in(path, { ledger });
      await file.open();
      file.close();
      assert.equal(file.archive(), join(directory, 'large-20220727T222315.log'));
      assert.deepEqual(readdirSync(directory), ['large-20220727T222315.log']);
    });
  });
});
