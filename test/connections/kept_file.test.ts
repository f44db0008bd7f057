import assert from 'node:assert/strict';
import { readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeptFile } from '../../src/connections/kept_file.js';
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
        const file = new KeptFile(path, { ledger, top: () => '# top\n' });
        await file.open();
        await file.write(Buffer.from('one\n'), 1);
        await file.write(Buffer.from('two\n'), 1);
        file.close();
        assert.equal(readFileSync(path, 'utf8'), expected);
        assert.deepEqual([ledger.linesWritten, ledger.linesLost], [2, 0]);
      }
    });
  });

  it('reads of a large file no more than its ends', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'large.log');
      writeFileSync(path, '#Version: 1.0\n#Date: 2022-07-27 22:23:15\n');
      truncateSync(path, SPARSE_BYTES);
      const ledger = ledgerOf();
      const file = new KeptFile(path, { ledger });
      await file.open();
      file.close();
      assert.equal(file.archive(), join(directory, 'large-20220727T222315.log'));
      assert.deepEqual(readdirSync(directory), ['large-20220727T222315.log']);
    });
  });
});
