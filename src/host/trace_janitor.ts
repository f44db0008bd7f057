// Who removes the tracing instance of a run that gave up root: only root can. A shell that stays root waits for the end of the pipe to
// this process, whatever ended it, removes the instance and ends. It reads nothing but that end, opens nothing and, once it has said that
// it is there, has no signal that would stop it.

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { instanceOf } from './tracefs.js';

/** The kernel says that the instance is busy until the last reader's descriptors are closed. $1: the instance, $2: what to unmount. */
const SCRIPT = `trap '' HUP INT QUIT TERM
echo there
exec >/dev/null
while read -r x; do :; done
i=0
while [ -d "$1" ] && ! rmdir "$1"; do
  i=$((i + 1))
  [ "$i" -lt 100 ] || exit 1
  sleep 0.1
done
[ -z "$2" ] || umount "$2" || :`;
/** In its place at its end; longer than the script takes. */
const PATIENCE_MS = 15_000;

export class TraceJanitor {
  private readonly exited: Promise<unknown>;

  private constructor(private readonly shell: ChildProcessByStdio<Writable, Readable, null>) {
    this.exited = once(shell, 'exit').catch(() => undefined);
  }

  /**
   * To be called while this process is root.
   * @param root of tracefs
   * @param mounted it was mounted here, and is to be unmounted, unless others use it by then
   * @throws Error when there is no shell, or it does not stay
   */
  static async start(root: string, mounted: boolean): Promise<TraceJanitor> {
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'httplog-janitor', instanceOf(root), mounted ? root : ''], {
      cwd: '/', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }, stdio: ['pipe', 'pipe', 'ignore'], detached: true,
    });
    await once(shell, 'spawn');
    const janitor = new TraceJanitor(shell);
    shell.stdin.on('error', () => undefined);
    // Until it ignores signals one that goes to all processes of a service would end it, and nobody were left to remove the instance.
    const isThere = await Promise.race([once(shell.stdout, 'data').then(() => true), janitor.exited.then(() => false)]);
    shell.stdout.destroy();
    if (!isThere) throw new Error('the shell that is to remove the tracing instance at the end (/bin/sh) ended at once');
    // Neither keeps a run alive that could not begin.
    shell.unref();
    (shell.stdin as Socket).unref();
    return janitor;
  }

  /** Has it do its work, when this process has closed the instance. @returns whether the instance is removed */
  async finish(): Promise<boolean> {
    this.shell.stdin.end();
    this.shell.ref();
    const timer = new AbortController();
    await Promise.race([this.exited, sleep(PATIENCE_MS, undefined, { signal: timer.signal }).catch(() => undefined)]);
    timer.abort();
    this.shell.unref();
    return this.shell.exitCode === 0;
  }
}
