// The progress bar: on a terminal, on standard error only, and only where a replay takes its time.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, tryCommand } from '../support/command.js';
import { fixturePath } from '../support/fixtures.js';
import { HTTPLOG, httplog, withDirectory } from '../support/httplog.js';

const KEEP_ALIVE = fixturePath('basic-keepalive.pcap');
/** A bar redraws its line; nothing else of ours writes a carriage return without a newline. */
const DRAWN = /\r(?!\n)|\x1b\[/;

/** What it writes to a terminal, while standard output goes to a file. */
function onTerminal(directory: string, shellCommand: string): { terminal: string; stdout: string } {
  const stdout = join(directory, 'stdout');
  const run = `${shellCommand} >'${stdout}'`;
  const { stdout: terminal } = tryCommand(['env', 'TZ=UTC', 'SHELL=/bin/sh', 'script', '-qefc', run, join(directory, 'terminal')]);
  return { terminal, stdout: readFileSync(stdout, 'utf8') };
}

describe('replay: the progress bar', function () {
  this.timeout(180_000);

  it('shows megabytes a second and the time left of a replay that takes long, and leaves the records alone', async () => {
    await withDirectory((directory) => {
      // A reader that takes its time makes any replay long: this one reads when it has seen the bar.
      const files = Array.from({ length: 200 }, () => KEEP_ALIVE).join(' ');
      const piped = `'${HTTPLOG}' -r ${files} | { until grep -q ' left' '${join(directory, 'terminal')}'; do sleep 0.1; done; cat; }`;
      const { terminal, stdout } = onTerminal(directory, piped);
      assert.match(terminal, DRAWN);
      assert.match(terminal, /\d+ % of \d+ MB, \d+ MB\/s, \S+ left/);
      assert.doesNotMatch(stdout, DRAWN);
      assert.equal(stdout, httplog(['-r', ...files.split(' ')]).stdout);
    });
  });

  it('is not there for a short one, nor where standard error is no terminal', async () => {
    await withDirectory((directory) => {
      const { terminal, stdout } = onTerminal(directory, `'${HTTPLOG}' -r ${KEEP_ALIVE}`);
      assert.doesNotMatch(terminal, /MB\/s/);
      assert.equal(stdout, httplog(['-r', KEEP_ALIVE]).stdout);
      const files = Array.from({ length: 200 }, () => KEEP_ALIVE).join(' ');
      command(['sh', '-c', `'${HTTPLOG}' -r ${files} 2>'${directory}/stderr' | { sleep 1; cat >/dev/null; }`]);
      assert.doesNotMatch(readFileSync(join(directory, 'stderr'), 'latin1'), /MB\/s|\r/);
    });
  });
});
