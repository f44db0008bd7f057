// The shell that removes a tracing instance for a run that gave up root. A directory is as good as an instance: it is removed by rmdir(2), and
// one that is not empty is refused as an instance is that somebody reads.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TraceJanitor } from '../../src/host/trace_janitor.js';
import { instanceOf } from '../../src/host/tracefs.js';
import { until } from '../support/command.js';
import { withDirectory } from '../support/httplog.js';
import { isAlive, readProc } from '../support/proc.js';

/** Children of this process, of any thread. */
function children(): number[] {
  return readdirSync('/proc/self/task').flatMap((thread) =>
    (readProc(`self/task/${thread}/children`) ?? '').split(' ').filter((text) => text !== '').map(Number));
}

/** @param use gets a janitor, the number of its shell, and its instance */
async function withJanitor(use: (janitor: TraceJanitor, shell: number, instance: string) => Promise<void>): Promise<void> {
  await withDirectory(async (root) => {
    mkdirSync(instanceOf(root), { recursive: true });
    const before = children();
    const janitor = await TraceJanitor.start(root, false);
    const [shell, ...others] = children().filter((pid) => !before.includes(pid));
    assert.deepEqual(others, []);
    try {
      await use(janitor, shell, instanceOf(root));
    } finally {
      if (isAlive(shell)) process.kill(shell, 'SIGKILL');
    }
  });
}

describe('the janitor of a tracing instance', () => {
  it('ignores from its first moment the signals that everything of a service gets, and removes the instance at the end', () =>
    withJanitor(async (janitor, shell, instance) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.kill(shell, signal);
      assert.equal(await janitor.finish(), true);
      assert.equal(existsSync(instance), false);
      assert.equal(existsSync(`/proc/${shell}`), false);
    }));

  it('keeps nothing open but the pipe whose end it waits for', () => withJanitor(async (janitor, shell) => {
    const socketsOf = (): string[] => readdirSync(`/proc/${shell}/fd`).filter((fd) => {
      try {
        return readlinkSync(`/proc/${shell}/fd/${fd}`).startsWith('socket:');
      } catch {
        return false; // closed meanwhile
      }
    });
    // It closes what it said it is there on after it said so.
    await until('that alone', () => socketsOf().length === 1);
    assert.deepEqual(socketsOf(), ['0']);
    assert.equal(await janitor.finish(), true);
  }));

  it('tries again while the instance is busy', () => withJanitor(async (janitor, shell, instance) => {
    writeFileSync(join(instance, 'reader'), '');
    const finished = janitor.finish();
    // It tries, and waits: another process of its own each time.
    await until('an attempt', () => (readProc(`${shell}/task/${shell}/children`) ?? '') !== '');
    rmSync(join(instance, 'reader'));
    assert.equal(await finished, true);
    assert.equal(existsSync(instance), false);
  }));

  it('that was killed has not removed it, and says so', () => withJanitor(async (janitor, shell, instance) => {
    process.kill(shell, 'SIGKILL');
    assert.equal(await janitor.finish(), false);
    assert.ok(existsSync(instance));
  }));
});
