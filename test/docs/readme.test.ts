// The README cannot rot: its option table is the program's, its replay examples are run and compared, its live ones are
// parsed, its links lead somewhere.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderOptionReference } from '../../src/config/help.js';
import { KIND_NAMES } from '../../src/record/kinds.js';
import { SKIP_REASONS } from '../../src/record/counters.js';
import { LINK_TYPES, linkTypeName } from '../../src/wire/layers.js';
import { SECRET_NAMES } from '../../src/policy/secret_names.js';
import { ROOT } from '../scripts/project.js';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const PROMPT = '$ ';
/** Live examples: they need root and traffic of their own. */
const LIVE = /^sudo (?:httplog|scripts\/run) /;

interface Example {
  readonly command: string;
  /** what the README says it prints, standard output and error */
  readonly output: string;
}

/** The commands of the `console` blocks, each with the lines that follow it. */
function examples(): Example[] {
  return [...README.matchAll(/^```console\n(.*?)^```$/gms)].flatMap(([, block]) => {
    assert.ok(block.startsWith(PROMPT), block);
    return `\n${block}`.split(`\n${PROMPT}`).slice(1).map((text) => {
      const [command = '', ...lines] = text.split('\n');
      return { command, output: lines.join('\n').trimEnd() };
    });
  });
}

/** Runs a line of shell with the built httplog on the path, and without the user's settings. */
function shell(line: string, cwd: string): { status: number | null; output: string } {
  const env = { PATH: `${join(ROOT, 'bin')}:${process.env['PATH'] ?? ''}`, LC_ALL: 'C', TZ: 'UTC' };
  const { status, stdout, error } = spawnSync('sh', ['-c', `exec 2>&1; ${line}`], { cwd, env, encoding: 'utf8', timeout: 120_000 });
  assert.equal(error, undefined, line);
  return { status, output: stdout.trimEnd() };
}

describe('README.md', () => {
  it('has the option table of the program, once', () => {
    const [header] = renderOptionReference().split('\n');
    assert.ok(README.includes(`\n${renderOptionReference()}\n`), `put this in:\n${renderOptionReference()}`);
    assert.equal(README.split(header).length, 2);
  });

  const replays = examples().filter(({ command }) => command.startsWith('httplog '));
  for (const { command, output } of replays) {
    it(`shows what this prints: ${command}`, () => {
      assert.equal(shell(command, ROOT).output, output);
    });
  }

  it('shows many replay examples, and nothing but these, live ones and a look at the live ones’ files', () => {
    assert.ok(replays.length >= 12, String(replays.length));
    const others = examples().filter(({ command }) => !command.startsWith('httplog ') && !LIVE.test(command));
    assert.deepEqual(others.map(({ command }) => command), ["sudo sh -c 'head /var/log/httplog/*.log'"]);
  });

  it('shows live examples with options that exist', () => {
    const live = examples().filter(({ command }) => LIVE.test(command));
    assert.ok(live.length >= 3);
    const empty = mkdtempSync(join(tmpdir(), 'httplog-readme-')); // no httplog.conf here
    try {
      for (const { command, output } of live) {
        const { status, output: checked } = shell(command.replace(LIVE, 'httplog -t '), empty);
        assert.equal(status, 0, `${command}: ${checked}`);
        assert.match(output, / (?:CQ|ready)/, command);
      }
    } finally {
      rmdirSync(empty);
    }
  });

  it('names every link type, explains every record kind and every reason for skipping a frame', () => {
    const flowing = README.replaceAll(/\s+/g, ' ');
    for (const linkType of LINK_TYPES) assert.ok(flowing.includes(linkTypeName(linkType)), linkTypeName(linkType));
    for (const kind of KIND_NAMES) assert.match(README, new RegExp(`^\\| ${kind} \\| \\S`, 'm'));
    for (const [, reason] of SKIP_REASONS) assert.match(README, new RegExp(`^ *\\| ${reason} \\| \\S`, 'm'));
  });

  it('lists every name that -redact takes for a secret', () => {
    const privacy = README.slice(README.indexOf('The names:\n'), README.indexOf('**`-anonymize'));
    assert.deepEqual([...privacy.matchAll(/`([^`]+)`/g)].map(([, name]) => name), SECRET_NAMES);
  });

  for (const name of ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'docs/architecture.md', 'docs/operations.md']) {
    it(`has no link that leads nowhere: ${name}`, () => {
      const text = readFileSync(join(ROOT, name), 'utf8');
      const anchors = new Set([...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) => `#${title.toLowerCase().replaceAll(' ', '-').replaceAll(/[^\w-]/g, '')}`));
      for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (target.startsWith('https:')) continue;
        assert.ok(target.startsWith('#') ? anchors.has(target) : existsSync(join(ROOT, name, '..', target)), target);
      }
    });
  }
});
