import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('breaking_run.js', import.meta.url));

describe('a run that breaks down', function () {
  this.timeout(180_000);

  for (const [how, what] of [['rejects', 'the engine broke'], ['throws', 'a timer broke']] as const) {
    it(`says so in one line, writes what it has, counts the rest as lost and ends with 1: ${how}`, () => {
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, [RUN, how, '-i', 'lo', '-d', '-'], {
        encoding: 'utf8',
        timeout: 120_000,
      });
      assert.deepEqual([status, signal], [1, null], stderr);
      assert.equal(stdout, 'record\n');
      const lines = stderr.split('\n').slice(0, -1);
      assert.ok(lines.every((line) => line.startsWith('httplog: ')), stderr);
      assert.equal(lines.filter((line) => line.includes(what)).length, 1, stderr);
      assert.match(stderr, /^httplog: test0: 3 received = 3 handed over /m);
      assert.match(stderr, /^httplog: test0: 3 handed over = 1 parsed \+ 0 skipped \+ 2 lost at the end$/m);
      assert.match(stderr, /^httplog: 1 line and 7 bytes written, 0 lines lost/m);
    });
  }
});
