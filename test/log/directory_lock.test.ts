import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DirectoryLock, LOCK_FILE } from '../../src/log/directory_lock.js';
import { inDirectory, textOf } from './support.js';

const MODULE = new URL('../../src/log/directory_lock.js', import.meta.url).href;

/** Another process that takes the lock and holds it until it is killed. */
async function holder(directory: string): Promise<ChildProcess> {
  const script = `
    const { DirectoryLock } = await import(${JSON.stringify(MODULE)});
    await DirectoryLock.acquire(${JSON.stringify(directory)});
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('DirectoryLock', () => {
  it('refuses a second process, naming the first, until that one dies', () => inDirectory(async (directory) => {
    const child = await holder(directory);
    try {
      assert.equal(textOf(join(directory, LOCK_FILE)), `${String(child.pid)}\n`);
      await assert.rejects(DirectoryLock.acquire(directory), {
        name: 'LogError',
        message: `cannot log to ${directory}: httplog with PID ${String(child.pid)} already does; stop it, or choose another directory with -d`,
      });
    } finally {
      child.kill('SIGKILL');
    }
    await once(child, 'exit');
    const lock = await DirectoryLock.acquire(directory);
    assert.equal(textOf(join(directory, LOCK_FILE)), `${String(process.pid)}\n`);
    lock.release();
  }));

  it('is free again after release, and refuses within one process too', () => inDirectory(async (directory) => {
    const lock = await DirectoryLock.acquire(directory);
    await assert.rejects(DirectoryLock.acquire(directory), /already does/);
    lock.release();
    lock.release();
    (await DirectoryLock.acquire(directory)).release();
  }));

  it('does not follow a symbolic link', () => inDirectory(async (directory) => {
    writeFileSync(join(directory, 'precious'), 'kept');
    symlinkSync('precious', join(directory, LOCK_FILE));
    await assert.rejects(DirectoryLock.acquire(directory), /^LogError: cannot lock .*: it is a symbolic link; remove it$/);
    assert.equal(textOf(join(directory, 'precious')), 'kept');
  }));

  it('names the directory that is missing', async () => {
    await assert.rejects(DirectoryLock.acquire('/nonexistent/x'), /^LogError: cannot lock \/nonexistent\/x\/\.httplog\.lock: no such file/);
  });
});
