// What the operational log looks like, by where it goes and at which level.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fixturePath } from '../support/fixtures.js';
import { cleanEnvironment, HTTPLOG, httplog, withDirectory } from '../support/httplog.js';

const CUT = resolve(fixturePath('cut-file.pcap'));
const lines = (text: string): string[] => text.split('\n').slice(0, -1);

/** What a run says to a file. @param journal JOURNAL_STREAM names this file, as systemd does it with its journal's socket */
async function saidToFile(args: readonly string[], journal = false): Promise<string[]> {
  return withDirectory((directory) => {
    const path = join(directory, 'stderr');
    const fd = openSync(path, 'a');
    const { dev, ino } = fstatSync(fd);
    spawnSync(HTTPLOG, args, { cwd: '/', env: cleanEnvironment(journal ? { JOURNAL_STREAM: `${dev}:${ino}` } : { JOURNAL_STREAM: '1:2' }), stdio: ['ignore', 'ignore', fd] });
    closeSync(fd);
    return lines(readFileSync(path, 'utf8'));
  });
}

describe('messages on standard error', function () {
  this.timeout(180_000);

  it('-log_level chooses: error nothing but errors, warn also the warning, info also the totals', () => {
    const said = (level: string): string[] => lines(httplog(['-r', CUT, '-log_level', level]).stderr);
    assert.deepEqual(said('error'), []);
    assert.deepEqual(said('warn'), [`httplog: warning: ${CUT}: cut off in frame 43; the 42 frames before it were read`]);
    assert.equal(said('info').length, 6);
    assert.deepEqual(said('debug'), said('info'));
    assert.match(httplog(['-r', '/nonexistent', '-log_level', 'error']).stderr, /^httplog: \/nonexistent: [^\n]*\n$/);
  });

  it('the journal gets severities and no name of ours', async () => {
    const [warning, ...totals] = await saidToFile(['-r', CUT], true);
    assert.equal(warning, `<4>${CUT}: cut off in frame 43; the 42 frames before it were read`);
    assert.equal(totals.length, 5);
    for (const line of totals) assert.match(line, /^<6>\S/);
    assert.match((await saidToFile(['-o', 'xml'], true)).join('\n'), /^<3>option -o: cannot use 'xml'[^\n]*$/);
  });

  it('a file of a live capture gets time, process and level; replay and wrong usage do not', async () => {
    for (const line of await saidToFile(['-i', 'nonexistent0', '-d', '-'])) {
      assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z httplog\[\d+\] error: nonexistent0: no such interface/);
    }
    assert.equal((await saidToFile(['-i', 'nonexistent0', '-d', '-'])).length, 1);
    assert.match((await saidToFile(['-r', CUT]))[0], /^httplog: warning: /);
    assert.match((await saidToFile(['-o', 'xml']))[0], /^httplog: option -o/);
  });
});
