// The number of parsing workers is nobody's business but the clock's: the same bytes whatever -cpu says.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '../support/command.js';
import { fixturePath, loadFixtures } from '../support/fixtures.js';
import { httplog } from '../support/httplog.js';
import { lastReport } from '../support/totals.js';

/** The last one is the default: on few cores that is one thread for everything. */
const WORKERS = [['-cpu', '1'], ['-cpu', '2'], ['-cpu', '4'], []];
const MAKE_TRAFFIC = fileURLToPath(new URL('../../scripts/make_traffic.js', import.meta.url));
const SIZE_MB = 50;
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('replay: -cpu', function () {
  this.timeout(180_000);

  it('every fixture, all at once, is the same with 1, 2 and 4 workers', () => {
    // Thirty captures in one run: many small batches, taken by whoever is free, merged by time.
    const files = loadFixtures().map(({ file }) => fixturePath(file));
    for (const format of ['text', 'json']) {
      const [one, ...others] = WORKERS.map((workers) => httplog(['-r', ...files, '-p', '80,8000,8080', '-o', format, ...workers]));
      assert.equal(one.status, 0, one.stderr);
      assert.ok(one.stdout.split('\n').length > 300);
      for (const other of others) assert.deepEqual(other, one);
    }
  });

  describe(`${SIZE_MB} MB of mixed traffic`, () => {
    let directory: string;
    let capture: string;
    let expected: number;
    before(() => {
      directory = mkdtempSync(join(tmpdir(), 'httplog-cpu-'));
      capture = join(directory, 'traffic.pcap');
      const said = command([process.execPath, MAKE_TRAFFIC, capture, String(SIZE_MB)]);
      expected = Number(/(\d+) begin a message/.exec(said)?.[1]);
    });
    after(() => rmSync(directory, { recursive: true, force: true }));

    it('is the same with 1, 2 and 4 workers, in text and json, and every message is in it', () => {
      for (const format of ['text', 'json']) {
        const runs = WORKERS.map((workers) => httplog(['-r', capture, '-o', format, ...workers]));
        for (const { status, stderr } of runs) assert.equal(status, 0, stderr);
        assert.equal(new Set(runs.map(({ stdout }) => digest(stdout))).size, 1, format);
        const reports = runs.map(({ stderr }) => lastReport(stderr));
        for (const report of reports) assert.deepEqual(report, reports[0]);
        assert.ok(expected > 1000);
        assert.ok(reports[0].linesWritten >= expected, `${reports[0].linesWritten} of ${expected}`);
        assert.equal(runs[0].stdout.split('\n').length - 1, reports[0].linesWritten);
      }
    });

    it('-log_split files are the same, too', () => {
      const sums = WORKERS.map((workers) => {
        const log = join(directory, `log${workers.join('')}`);
        const { status, stderr } = httplog(['-r', capture, '-log_split', '-d', log, '-local', '198.18.0.0/15', ...workers]);
        assert.equal(status, 0, stderr);
        return command(['sh', '-c', 'cd "$0" && sha256sum http-*.log', log]);
      });
      assert.ok(sums[0].split('\n').length > 2);
      assert.deepEqual(new Set(sums).size, 1);
    });
  });
});
