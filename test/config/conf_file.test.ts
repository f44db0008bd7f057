import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Sandbox, usageMessage } from './surroundings_for_tests.js';

describe('config/conf_file', () => {
  let box: Sandbox;
  beforeEach(() => { box = new Sandbox(); });
  afterEach(() => { box.remove(); });

  it('runs without any file', () => {
    const loaded = box.load([]);
    assert.equal(loaded.file, undefined);
    assert.equal(loaded.settings.logEvery, 10000);
  });

  it("reads the system's file before the one here, and only one of them", () => {
    box.write('sysconfig', 'HTTPLOG_C=1');
    box.write('httplog.conf', 'HTTPLOG_C=2\nHTTPLOG_S=wrong');
    const loaded = box.load([]);
    assert.equal(loaded.settings.count, 1);
    assert.equal(loaded.file, box.sysconfigPath);
    assert.equal(loaded.origins.count, `${box.sysconfigPath} line 1`);
  });

  it('reads ./httplog.conf where the system has none', () => {
    box.write('httplog.conf', '\nHTTPLOG_C=2');
    const loaded = box.load([]);
    assert.equal(loaded.settings.count, 2);
    assert.equal(loaded.origins.count, './httplog.conf line 2');
  });

  it('reads a named file instead of both, relative to the working directory', () => {
    box.write('sysconfig', 'HTTPLOG_C=wrong');
    box.write('mine', 'HTTPLOG_C=3');
    const loaded = box.load(['-conf', 'mine']);
    assert.equal(loaded.settings.count, 3);
    assert.equal(loaded.file, 'mine');
    assert.equal(box.load(['-conf', join(box.directory, 'mine')]).settings.count, 3);
  });

  it('refuses a named file that is not there', () => {
    assert.equal(usageMessage(() => box.load(['-conf', 'no\x1b'])), 'option -conf: there is no file no\\x1b');
    assert.match(usageMessage(() => box.load(['-conf='])), /^option -conf: cannot use ''/);
    assert.match(usageMessage(() => box.load(['-r', 'x', '-conf', 'no'])), /no file no/);
  });

  it('a system file below something that is no directory counts as absent', () => {
    box.write('etc', '');
    assert.equal(box.load([], { sysconfigPath: join(box.directory, 'etc', 'httplog') }).file, undefined);
  });

  it('refuses an implicit file that group or others may write, and reads it when named', () => {
    for (const name of ['sysconfig', 'httplog.conf']) {
      const path = box.write(name, 'HTTPLOG_C=1');
      for (const mode of [0o664, 0o646, 0o666, 0o620, 0o602]) {
        chmodSync(path, mode);
        assert.match(usageMessage(() => box.load([])), new RegExp(`${name}: .*writable by others than its owner; chmod go-w it`));
        assert.equal(box.load(['-conf', path]).settings.count, 1);
        assert.equal(box.load(['-r', 'x']).settings.count, -1);
      }
      for (const mode of [0o644, 0o640, 0o600, 0o755]) {
        chmodSync(path, mode);
        assert.equal(box.load([]).settings.count, 1);
      }
      rmSync(path);
    }
  });

  it('refuses an implicit file of another user, also through a symbolic link', () => {
    const owner = process.geteuid!();
    const other = owner + 1;
    const target = box.write('target', 'HTTPLOG_C=1');
    symlinkSync(target, box.localPath);
    assert.equal(box.load([]).settings.count, 1);
    if (owner === 0) {
      assert.equal(box.load([], { effectiveUid: 7 }).settings.count, 1, 'a file of root is good for everybody');
      chownSync(target, other, 0);
      assert.match(usageMessage(() => box.load([])), new RegExp(`httplog\\.conf: .* belongs to user ${other}, not to root or user 0`));
      assert.equal(box.load([], { effectiveUid: other }).settings.count, 1);
    } else {
      assert.match(usageMessage(() => box.load([], { effectiveUid: other })), new RegExp(`belongs to user ${owner}, not to root or user ${other}`));
    }
  });

  it('judges the target of a symbolic link, refuses a loop, and takes a dangling one as absent', () => {
    const target = box.write('target', 'HTTPLOG_C=1');
    chmodSync(target, 0o666);
    symlinkSync(target, box.localPath);
    assert.match(usageMessage(() => box.load([])), /writable by others/);
    symlinkSync('loop', join(box.directory, 'loop'));
    assert.match(usageMessage(() => box.load(['-conf', 'loop'])), /^loop: .*cannot be read \(ELOOP\)/);
    symlinkSync('nowhere', join(box.directory, 'dangling'));
    assert.match(usageMessage(() => box.load(['-conf', 'dangling'])), /no file dangling/);
    assert.equal(box.load([], { cwd: '/', sysconfigPath: join(box.directory, 'dangling') }).settings.count, -1);
  });

  it('refuses a directory, a FIFO, a socket and a device without waiting', async () => {
    mkdirSync(join(box.directory, 'directory'));
    assert.equal(spawnSync('mkfifo', [join(box.directory, 'fifo')]).status, 0);
    const server = createServer().listen(join(box.directory, 'socket'));
    await new Promise((listening) => server.once('listening', listening));
    try {
      for (const name of ['directory', 'fifo', '/dev/zero', '/dev/null']) {
        assert.match(usageMessage(() => box.load(['-conf', name])), /: the configuration file is not a regular file$/);
        assert.match(usageMessage(() => box.load([], { sysconfigPath: name })), /: the configuration file is not a regular file$/);
      }
      assert.match(usageMessage(() => box.load(['-conf', 'socket'])), /^socket: .*cannot be read \(ENXIO\)/);
    } finally {
      server.close();
    }
  });

  it('reads up to 1 MiB and refuses more, also a file whose size is not told', () => {
    const line = 'HTTPLOG_C=5';
    box.write('fits', `#${'x'.repeat((1 << 20) - line.length - 2)}\n${line}`);
    assert.equal(box.load(['-conf', 'fits']).settings.count, 5);
    box.write('big', `#${'x'.repeat((1 << 20) - line.length - 1)}\n${line}`);
    assert.equal(usageMessage(() => box.load(['-conf', 'big'])), 'big: the configuration file is larger than 1 MiB');
    box.write('long', `HTTPLOG_F=${'x'.repeat(10 << 20)}`);
    assert.match(usageMessage(() => box.load(['-conf', 'long'])), /larger than 1 MiB/);
    assert.match(usageMessage(() => box.load(['-conf', '/proc/self/environ'])), /line 1: there is a NUL byte/);
  });

  it('shows only the beginning of a huge value', () => {
    box.write('conf', `HTTPLOG_C=${'9'.repeat(1 << 19)}`);
    assert.match(usageMessage(() => box.load(['-conf', 'conf'])), /^conf line 1: HTTPLOG_C: cannot use '9{100}…' \(524288 characters\); wanted an integer/);
  });

  it('refuses bytes that are not UTF-8 in a value of ours, and takes them elsewhere', () => {
    box.write('conf', Uint8Array.from([...Buffer.from('# caf'), 0xe9, ...Buffer.from('\nNAME=caf'), 0xe9, ...Buffer.from('\nHTTPLOG_C=1\n')]));
    assert.equal(box.load(['-conf', 'conf']).settings.count, 1);
    box.write('conf', Uint8Array.from([...Buffer.from('HTTPLOG_DIR=/log/caf'), 0xe9]));
    assert.match(usageMessage(() => box.load(['-conf', 'conf'])), /^conf line 1: .*the value is not UTF-8$/);
  });

  it('answers random bytes with one printable line that names file and line', () => {
    let state = 1;
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from({ length: 200 }, () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return state >>> 24;
      });
      bytes[0] |= 0x40; // no comment, no blank line
      box.write('conf', bytes);
      assert.match(usageMessage(() => box.load(['-conf', 'conf'])), /^conf line 1: /);
    }
  });
});
