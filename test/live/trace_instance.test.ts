// The tracing instance of -proc and of httplog connections: it goes with its httplog, what a killed one left goes with the next, and
// where there can be none it goes without, after one line that says why.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmdirSync } from 'node:fs';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { named, recordsOf } from '../support/owner_place.js';
import { CLONE_AS, type OwnerServer, python, startAsking, startOwnerServer } from '../support/owner_servers.js';

const INSTANCES = '/sys/kernel/tracing/instances';
const PORT = 18_121;
const HOST = `127.${128 + (process.pid & 63)}.${(process.pid >> 6) & 255}.9`;
const PROC = ['-i', 'lo', '-p', String(PORT), '-d', '-', '-o', 'json', '-proc'];
const CONNECTIONS = ['connections', '-o', 'json', '-p', 'tcp'];
const READY = /ready, /;

const start = async (args: readonly string[], prefix: readonly string[] = []): Promise<RunningHttplog> => {
  const running = startHttplog(undefined, args, { prefix });
  await running.says(READY);
  return running;
};
const instanceOf = (pid: number): string => `${INSTANCES}/httplog-${pid}`;

describe('live: the tracing instance', function () {
  this.timeout(180_000);
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    killStarted();
    for (const one of running.splice(0).reverse()) await one.stop();
  });

  for (const [what, args] of [['-proc', PROC], ['connections', CONNECTIONS]] as const) {
    it(`is removed at the end of ${what}; of a killed one by the next, whichever that is, and never one that is in use`, async () => {
      const killed = await start(args);
      const used = await start(args === PROC ? CONNECTIONS : PROC);
      assert.ok(existsSync(instanceOf(killed.pid)));
      await killed.end('SIGKILL');
      const next = await start(args === PROC ? CONNECTIONS : PROC);
      assert.deepEqual([killed, used, next].map(({ pid }) => existsSync(instanceOf(pid))), [false, true, true]);
      for (const one of [used, next]) assert.equal((await one.end('SIGTERM')).status, 0);
      assert.deepEqual([used, next].map(({ pid }) => existsSync(instanceOf(pid))), [false, false]);
    });
  }

  it('that was left is removed though another process has its number by now', async () => {
    // More than a second later, as nobody makes an instance before that and begins to read it after it.
    const other = spawn(python(), ['-c', `
import ctypes, os, signal, struct, time
${CLONE_AS}
gone = os.fork()
if gone == 0: os._exit(0)
os.waitpid(gone, 0)
os.mkdir('${INSTANCES}/httplog-%d' % gone)
time.sleep(1.2)
if clone_as(gone) == 0:
    print(os.getpid(), flush=True)
    signal.pause()
os.waitpid(gone, 0)
`], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(other, 'exit');
    const [text] = await once(other.stdout, 'data') as [Buffer];
    const number = Number(text.toString());
    try {
      assert.ok(existsSync(instanceOf(number)));
      const next = await start(PROC);
      assert.equal(existsSync(instanceOf(number)), false);
      assert.equal((await next.end('SIGTERM')).status, 0);
    } finally {
      if (existsSync(instanceOf(number))) rmdirSync(instanceOf(number));
      process.kill(number, 'SIGKILL');
      await ended;
    }
  });

  const REFUSALS = [
    ['cannot be mounted without CAP_SYS_ADMIN', 'umount /sys/kernel/tracing; umount /sys/kernel/debug 2>/dev/null; exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$@"',
      /tracefs is not mounted, and cannot be mounted at \/sys\/kernel\/tracing: .*(Operation not permitted|EPERM)/],
    ['cannot be written to', 'mount -o remount,bind,ro /sys/kernel/tracing; exec "$@"', /no tracing instance: .*(read-only file system|EROFS)/i],
  ] as const;

  for (const [why, script, words] of REFUSALS) {
    const prefix = ['unshare', '-m', 'sh', '-c', script, 'sh'];

    it(`where tracefs ${why}: -proc says so once, and names processes without`, async () => {
      const server: OwnerServer = await startOwnerServer('plain', undefined, HOST, PORT);
      running.push(server);
      const capture = await start(PROC, prefix);
      running.push(startAsking(undefined, HOST, PORT, 2));
      await capture.holds('the server', () => named(recordsOf(capture, 'CR')).length >= 4);
      for (const line of named(recordsOf(capture, 'CR'))) assert.deepEqual([line['pid'], line['exe']], [server.pid, python()]);
      const { status, stderr } = await capture.end('SIGTERM');
      assert.equal(status, 0);
      const notices = stderr.split('\n').filter((line) => /trac/.test(line));
      assert.equal(notices.length, 1, stderr);
      assert.match(notices[0], /-proc goes without the kernel's trace of connections, and a client that ends at once may not be found: /);
      assert.match(notices[0], words);
    });

    it(`where tracefs ${why}: connections says so once, and hears of them by capture`, async () => {
      const server: OwnerServer = await startOwnerServer('plain', undefined, HOST, PORT);
      running.push(server);
      const follower = await start(CONNECTIONS, prefix);
      const client = startAsking(undefined, HOST, PORT, 1);
      running.push(client);
      const told = (): Record<string, unknown>[] => parseJsonLines(follower.stdout.slice(0, follower.stdout.lastIndexOf('\n') + 1))
        .filter((line) => line['event'] === 'established' && [line['laddr'], line['raddr']].includes(HOST));
      await follower.holds('both ends', () => told().length >= 2);
      for (const line of told()) assert.equal(line['pid'], line['direction'] === 'in' ? server.pid : client.child.pid, JSON.stringify(line));
      const { status, stderr } = await follower.end('SIGTERM');
      assert.equal(status, 0);
      assert.equal(stderr.split('\n').filter((line) => words.test(line)).length, 1, stderr);
      assert.match(stderr, /source: capture/);
    });
  }
});
