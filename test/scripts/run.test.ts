import assert from 'node:assert/strict';
import { mkdirSync, rmSync, utimesSync } from 'node:fs';
import type { CommandResult } from '../support/command.js';
import { tryCommand } from '../support/command.js';
import { Project } from './project.js';

const MAIN = 'console.log(JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd() }));';
// Stand-ins for npm, the compiler and the bundler: they say that they ran and leave what the real ones would. The real compiler
// never writes within the same tick of the file system's clock as it was started.
const NPM = '#!/bin/sh\necho "npm $*"\nmkdir -p node_modules/.bin\ncp tsc.sh node_modules/.bin/tsc\ncp esbuild.sh node_modules/.bin/esbuild\necho {} >node_modules/.package-lock.json\n';
const TSC = `#!/bin/sh\necho "tsc $*"\nsleep 0.02\nmkdir -p dist/src/cli dist/scripts\necho >dist/scripts/make_share.js\necho >dist/scripts/make_compiled.js\necho '${MAIN}' >dist/src/cli/main.js\n`;
const ESBUILD = '#!/bin/sh\nmkdir -p lib/src/cli\ncp dist/src/cli/main.js lib/src/cli/main.js\n';

describe('scripts/run', () => {
  let project: Project;

  beforeEach(() => {
    project = new Project();
    project.write('package.json', '{}');
    project.write('package-lock.json', '{}');
    project.write('tsconfig.json', '{}');
    project.write('src/a.ts', '');
    project.write('tools/npm', NPM, 0o755);
    project.write('tsc.sh', TSC, 0o755);
    project.write('esbuild.sh', ESBUILD, 0o755);
    for (const folder of ['workers', 'test', 'bench', 'fixtures']) mkdirSync(project.path(folder));
  });
  afterEach(() => {
    project.remove();
  });

  const run = (...args: string[]): CommandResult =>
    tryCommand(['env', '-C', '/usr', `PATH=${project.path('tools')}:${process.env['PATH']}`, project.path('scripts/run'), ...args]);
  const parsed = (result: CommandResult): { argv: string[]; cwd: string } => {
    assert.equal(result.status, 0, result.stderr);
    return JSON.parse(result.stdout) as { argv: string[]; cwd: string };
  };
  /** Makes a file newer than everything there is. */
  const touch = (name: string): void => {
    const soon = Date.now() / 1000 + 5;
    utimesSync(project.path(name), soon, soon);
  };

  it('installs and builds in a fresh clone, then runs httplog where the caller stands; the chatter goes to standard error', () => {
    const first = run('-r', 'x y.pcap');
    assert.deepEqual(parsed(first), { argv: ['-r', 'x y.pcap'], cwd: '/usr' });
    assert.match(first.stderr, /npm ci --ignore-scripts/);
    assert.match(first.stderr, /tsc -p \./);
  });

  it('is silent the second time', () => {
    run('-v');
    const second = run('-v');
    assert.deepEqual(parsed(second).argv, ['-v']);
    assert.equal(second.stderr, '');
  });

  it('builds again when a source has changed or gone, and installs again when the lock file has changed', () => {
    run('-v');
    touch('src/a.ts');
    const edited = run('-v').stderr;
    assert.match(edited, /tsc/);
    assert.doesNotMatch(edited, /npm/);
    project.write('src/a.ts', '');
    assert.match(run('-v').stderr, /tsc/);
    rmSync(project.path('src/a.ts'));
    assert.match(run('-v').stderr, /tsc/);
    touch('package-lock.json');
    assert.match(run('-v').stderr, /npm ci/);
  });

  it('removes from dist what is no longer built', () => {
    run('-v');
    const orphan = project.write('dist/src/gone.js', 'left over');
    utimesSync(orphan, 1, 1);
    touch('src/a.ts');
    run('-v');
    assert.throws(() => project.read('dist/src/gone.js'), { code: 'ENOENT' });
    assert.match(project.read('dist/src/cli/main.js'), /console/);
  });

  it('replays the bundled captures when no option is given', () => {
    const files = ['b.pcapng', 'a.pcap'].map((name) => project.write(`fixtures/${name}`, '')).sort();
    project.write('fixtures/a.expected.log', '');
    assert.deepEqual(parsed(run()).argv, ['-r', ...files]);
  });

  it('fails with the message of the step that failed', () => {
    project.write('tsc.sh', '#!/bin/sh\necho "a.ts(1,1): error"\nexit 2\n', 0o755);
    const { status, stdout, stderr } = run('-v');
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /a\.ts\(1,1\): error\n.*the build failed/);
    assert.match(run('-v').stderr, /the build failed/, 'a failed build is not taken for a good one');
  });

  it('refuses a Node that is too old, in one line', () => {
    for (const version of ['v18.20.4', 'v20.18.3', 'v9.11.2']) {
      project.write('tools/node', `#!/bin/sh\necho ${version}\n`, 0o755);
      const { status, stderr } = run('-v');
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`^.*: Node\\.js ${version} is too old: install Node\\.js 20\\.19 or newer\n$`));
    }
  });
});
