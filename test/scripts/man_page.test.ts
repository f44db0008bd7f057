// httplog(8), as built: what the readers of manuals make of it, and that it says what the program and the README say.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES } from '../../src/config/help.js';
import { OPTION_ROWS } from '../../src/config/table.js';
import { version } from '../../src/config/version.js';
import { manPage } from '../../scripts/share/man_page.js';
import { roff } from '../../scripts/share/roff.js';
import { command, tryCommand } from '../support/command.js';
import { ROOT } from './project.js';

const PAGE = join(ROOT, 'lib/share/man/man8/httplog.8');

describe('httplog(8)', function () {
  this.timeout(180_000);
  let text: string;
  before(() => {
    text = command(['env', 'MANWIDTH=2000', 'LC_ALL=C.UTF-8', 'man', '-E', 'UTF-8', '--no-hyphenation', '--no-justification', '-l', PAGE])
      .replaceAll(/.\x08/gu, '').replaceAll(/\x1b\[\d+m/g, '');
  });
  const parts = (): Map<string, string> =>
    new Map([...text.matchAll(/^([A-Z][A-Z ]+)\n((?:(?: .*)?\n)*)/gm)].map(([, title, body]) => [title, body]));

  it('is read by mandoc and groff without a remark', () => {
    const clean = { status: 0, stdout: '', stderr: '' };
    assert.deepEqual(tryCommand(['mandoc', '-Tlint', '-Wall', PAGE]), clean);
    assert.deepEqual(tryCommand(['groff', '-ww', '-z', '-man', '-Tutf8', PAGE]), clean);
    assert.equal(tryCommand(['man', '--warnings', '-E', 'UTF-8', '-l', PAGE]).stderr, '');
  });

  it('has the sections that a reader looks for, in their order', () => {
    assert.deepEqual([...parts().keys()], [
      'NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'COMMANDS', 'ENVIRONMENT', 'FILES', 'SIGNALS', 'EXIT STATUS', 'EXAMPLES', 'SEE ALSO',
    ]);
    assert.match(parts().get('NAME') ?? '', /^ +httplog - /);
    assert.ok(text.includes(`httplog ${version()}`));
  });

  it('explains every option, key and example of the program', () => {
    const options = parts().get('OPTIONS') ?? '';
    const environment = parts().get('ENVIRONMENT') ?? '';
    for (const row of OPTION_ROWS) {
      assert.match(options, new RegExp(`^ +-${row.name}\\b`, 'm'));
      assert.ok(options.includes(row.help.slice(1)), row.help);
      if (row.key !== undefined) assert.match(environment, new RegExp(`^ +${row.key}\\b\\s+As -${row.name}\\.$`, 'm'));
    }
    for (const { command: line } of EXAMPLES) assert.ok(parts().get('EXAMPLES')?.includes(line), line);
  });

  it('names the signals and the exit codes that the README does', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const table = (title: string): string[] => {
      const body = readme.slice(readme.indexOf(`\n## ${title}\n`)).split('\n## ')[1];
      return [...body.matchAll(/^\| ([A-Z0-9, ]+) \|/gm)].map(([, name]) => name);
    };
    const signals = table('Signals');
    const codes = table('Exit codes');
    assert.ok(signals.length >= 4 && codes.length >= 3);
    for (const name of signals) assert.match(parts().get('SIGNALS') ?? '', new RegExp(`^ +${name}\\b`, 'm'));
    for (const code of codes) assert.match(parts().get('EXIT STATUS') ?? '', new RegExp(`^ +${code} `, 'm'));
  });

  it('is current: built from the same table and text', () => {
    const [, date] = /^\.TH HTTPLOG 8 (\S+) /m.exec(readFileSync(PAGE, 'utf8')) ?? [];
    assert.equal(readFileSync(PAGE, 'utf8'), manPage(version(), date));
  });

  it('takes any text for text', () => {
    assert.equal(roff(".TH 'x' \\fB -a é"), '\\&.TH \\(aqx\\(aq \\efB \\-a \\[u00E9]');
  });
});
