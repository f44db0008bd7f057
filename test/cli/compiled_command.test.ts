// The start from kept bytecode: that it is taken, that it never runs in place of another text, and what a start does not load.

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiledCode, compiledFile, commandScript } from '../../src/cli/compiled_command.js';
import { command } from '../support/command.js';
import { withDirectory } from '../support/httplog.js';

const ROOT = new URL('../../..', import.meta.url).pathname;
const LOADER = join(ROOT, 'lib/src/cli/main.js');
const BUNDLE = join(ROOT, 'lib/src/cli/httplog.js');
const OURS = join(ROOT, 'dist/src/cli/compiled_command.js');
/** What bin/httplog gives to Node and V8. */
const FLAGS = /--max-semi-space-size=\d+/.exec(readFileSync(join(ROOT, 'bin/httplog'), 'utf8'))![0];

/** Libraries of Node that take milliseconds to load, and that a replay of a plain file has no use for. */
const NOT_FOR_A_REPLAY = ['net', 'tls', 'http', 'https', 'crypto', 'zlib', 'stream', 'tty', 'worker_threads', 'inspector', 'child_process', 'dns'];

describe('the compiled command', () => {
  it("of the build is taken by V8 under bin/httplog's flags", () => {
    const look = `
      const { readFileSync } = await import('node:fs');
      const { commandScript, compiledCode } = await import(${JSON.stringify(OURS)});
      const source = readFileSync(${JSON.stringify(BUNDLE)});
      const code = compiledCode(readFileSync(${JSON.stringify(`${BUNDLE}.code`)}), source);
      console.log(code.length > 0, commandScript(source, code).cachedDataRejected);`;
    assert.equal(command(['node', FLAGS, '--input-type=module', '-e', look]).trim(), 'true false');
  });

  it('runs its text: without code, with code, with the code of a text of the same length, with damaged code', async () => {
    await withDirectory((directory) => {
      mkdirSync(join(directory, 'cli'));
      writeFileSync(join(directory, 'package.json'), '{"type":"commonjs"}');
      const loader = join(directory, 'cli/main.js');
      const file = join(directory, 'cli/httplog.js');
      copyFileSync(LOADER, loader);
      const text = (word: string): Buffer => Buffer.from(`console.log(require('node:path').basename(__filename), '${word}', process.argv[2])`);
      const said = (): string => command(['node', loader, 'x']);
      writeFileSync(file, text('one'));
      assert.equal(said(), 'httplog.js one x\n');
      const kept = compiledFile(text('one'), commandScript(text('one')));
      writeFileSync(`${file}.code`, kept);
      assert.equal(said(), 'httplog.js one x\n');
      writeFileSync(file, text('two'));
      assert.equal(said(), 'httplog.js two x\n');
      writeFileSync(file, text('one'));
      for (const damaged of [kept.subarray(0, -9), kept.subarray(0, text('one').length + 3), Buffer.alloc(0)]) {
        writeFileSync(`${file}.code`, damaged);
        assert.equal(said(), 'httplog.js one x\n');
      }
      rmSync(`${file}.code`);
      mkdirSync(`${file}.code`);
      assert.equal(said(), 'httplog.js one x\n');
    });
  });

  it('does not tell where it was built', () => {
    assert.ok(!readFileSync(`${BUNDLE}.code`).includes(ROOT));
  });

  it('is no code of another text', () => {
    const [one, two] = [Buffer.from('let x = 1'), Buffer.from('let x = 2')];
    const kept = compiledFile(one, commandScript(one));
    assert.ok(compiledCode(kept, one)!.length > 0);
    assert.equal(compiledCode(kept, two), undefined);
    assert.equal(compiledCode(kept.subarray(0, 4), one), undefined);
  });

  it('loads nothing of Node that a replay has no use for', async () => {
    await withDirectory((directory) => {
      const spy = join(directory, 'spy.cjs');
      const list = join(directory, 'list');
      writeFileSync(spy, `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)}, process.moduleLoadList.join('\\n')));`);
      const capture = join(ROOT, 'fixtures', 'basic-keepalive.pcap');
      command(['env', `NODE_OPTIONS=--require=${spy}`, join(ROOT, 'bin/httplog'), '-r', capture, '-d', join(directory, 'logs')]);
      const loaded = readFileSync(list, 'utf8').split('\n');
      assert.ok(loaded.includes('NativeModule fs'), 'the list is one');
      assert.deepEqual(loaded.filter((name) => NOT_FOR_A_REPLAY.includes(name.replace('NativeModule ', ''))), []);
    });
  });
});
