// The tracing instance of httplog connections, and of -proc where the kernel refuses perf events: it goes with its httplog, what a killed one
// left goes with the next, whichever that is, and where there can be none it goes without, after one line that says why. With perf events
// -proc has none.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmdirSync } from 'node:fs';
import { readableProgram } from '../support/as_user.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { named, recordsOf } from '../support/owner_place.js';
import { CLONE_AS, type OwnerServer, python, startAsking, startOwnerServer } from '../support/owner_servers.js';
import { withoutPerf } from '../support/without_perf.js';

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

/** Those that make an instance. */
const MAKERS = {
  'connections': () => start(CONNECTIONS),
  '-proc without perf events': () => start(PROC, withoutPerf()),
} as const;
const ALL = { ...MAKERS, '-proc': () => start(PROC) } as const;

/** What was said of tracing, but for the sums at the end. */
const saidOfTracing = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => /trac|perf/.test(line) && !/^httplog: processes: \d+ (look-ups|asked) = /.test(line));
/** How many connections the trace told. */
const toldByTrace = (stderr: string): number => Number(/(\d+) told by the trace/.exec(stderr)?.[1] ?? 0);

describe('live: the tracing instance', function () {
  this.timeout(180_000);
  const running: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    killStarted();
    for (const one of running.splice(0).reverse()) await one.stop();
  });

  /** Has a server's answers recorded by -proc, with the server's process. @param during what has to hold meanwhile */
  const nameServer = async (prefix: readonly string[], options: readonly string[], during: (capture: RunningHttplog) => void): Promise<string> => {
    const server: OwnerServer = await startOwnerServer('plain', undefined, HOST, PORT);
    running.push(server);
    const capture = await start([...PROC, ...options], prefix);
    running.push(startAsking(undefined, HOST, PORT, 2));
    await capture.holds('the server', () => named(recordsOf(capture, 'CR')).length >= 4);
    during(capture);
    for (const line of named(recordsOf(capture, 'CR'))) assert.deepEqual([line['pid'], line['exe']], [server.pid, python()]);
    const { status, stderr } = await capture.end('SIGTERM');
    assert.equal(status, 0, stderr);
    assert.equal(existsSync(instanceOf(capture.pid)), false);
    return stderr;
  };

  it('is not made by -proc, which hears the trace through perf events: nothing is left of one that is killed', async () => {
    const stderr = await nameServer([], [], ({ pid }) => assert.equal(existsSync(instanceOf(pid)), false));
    assert.deepEqual(saidOfTracing(stderr), []);
    assert.ok(toldByTrace(stderr) >= 2, stderr);
    const killed = await start(PROC);
    await killed.end('SIGKILL');
    assert.equal(existsSync(instanceOf(killed.pid)), false);
  });

  it('is made by -proc where perf events are refused, and tells who connects as they do', async () => {
    const stderr = await nameServer(withoutPerf(), [], ({ pid }) => assert.ok(existsSync(instanceOf(pid))));
    assert.deepEqual(saidOfTracing(stderr), []);
    assert.ok(toldByTrace(stderr) >= 2, stderr);
  });

  for (const [what, maker] of Object.entries(MAKERS)) {
    it(`is removed at the end of ${what}; of a killed one by the next, whichever that is, and never one that is in use`, async () => {
      const used = await (maker === MAKERS.connections ? MAKERS['-proc without perf events'] : MAKERS.connections)();
      for (const [name, starts] of Object.entries(ALL)) {
        const killed = await maker();
        assert.ok(existsSync(instanceOf(killed.pid)));
        await killed.end('SIGKILL');
        const next = await starts();
        assert.deepEqual([killed, used, next].map(({ pid }) => existsSync(instanceOf(pid))), [false, true, name in MAKERS], name);
        assert.equal((await next.end('SIGTERM')).status, 0);
        assert.equal(existsSync(instanceOf(next.pid)), false);
      }
      assert.equal((await used.end('SIGTERM')).status, 0);
      assert.equal(existsSync(instanceOf(used.pid)), false);
    });
  }

  for (const [what, starts] of Object.entries(ALL)) {
    it(`that was left is removed by ${what} though another process has its number by now`, async () => {
      // More than a second later, as nobody makes an instance before that and begins to read it after it.
      const other = spawn(python(), ['-c', `
import ctypes, os, signal, struct, sys, time
${CLONE_AS}
gone = os.fork()
if gone == 0: os._exit(0)
os.waitpid(gone, 0)
place = '${INSTANCES}/httplog-%d' % gone
os.mkdir(place)
# In use until its number is taken: no httplog of anybody else's takes it for left before.
held = os.open(place + '/tracing_on', os.O_RDONLY)
time.sleep(1.2)
if clone_as(gone) == 0:
    os.close(held)
    signal.pause()
print(gone, flush=True)
sys.stdin.readline()
os.close(held)
print('let go', flush=True)
os.waitpid(gone, 0)
`], { stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = once(other, 'exit');
      const [text] = await once(other.stdout, 'data') as [Buffer];
      const number = Number(text.toString());
      try {
        assert.ok(existsSync(instanceOf(number)));
        other.stdin.end('\n');
        await once(other.stdout, 'data');
        const next = await starts();
        assert.equal(existsSync(instanceOf(number)), false);
        assert.equal((await next.end('SIGTERM')).status, 0);
      } finally {
        process.kill(number, 'SIGKILL');
        other.stdin.end();
        await ended;
        if (existsSync(instanceOf(number))) rmdirSync(instanceOf(number));
      }
    });
  }

  const PERF_REFUSED = /^perf events: refused: Operation not permitted \(CAP_PERFMON is needed\); /;
  /** How tracefs is refused: the last says whether the events' formats can be read, without which perf events are not even tried. */
  const REFUSALS = [
    ['cannot be mounted without CAP_SYS_ADMIN', 'umount /sys/kernel/tracing; umount /sys/kernel/debug 2>/dev/null; exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$@"',
      /tracefs is not mounted, and cannot be mounted at \/sys\/kernel\/tracing: .*(Operation not permitted|EPERM)/, false],
    ['cannot be written to', 'mount -o remount,bind,ro /sys/kernel/tracing; exec "$@"', /no tracing instance: .*(read-only file system|EROFS)/i, true],
  ] as const;

  for (const [why, script, words, hasEvents] of REFUSALS) {
    const prefix = ['unshare', '-m', 'sh', '-c', script, 'sh'];

    it(`where tracefs ${why} and perf events are refused: -proc says both once, and names processes without`, async () => {
      const stderr = await nameServer([...withoutPerf(), ...prefix], [], ({ pid }) => assert.equal(existsSync(instanceOf(pid)), false));
      const notices = saidOfTracing(stderr);
      assert.equal(notices.length, 1, stderr);
      const [, whys] = /^httplog: -proc goes without the kernel's trace of connections, and a client that ends at once may not be found: (.*)$/.exec(notices[0]) ?? [];
      assert.match(whys, words);
      assert.equal(whys.split('; ').length, PERF_REFUSED.test(whys) ? 2 : 1, whys);
      assert.equal(PERF_REFUSED.test(whys), hasEvents, whys);
      assert.equal(toldByTrace(stderr), 0);
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

  it('is not needed by -proc where tracefs cannot be written to: perf events take its reading alone', async () => {
    const [, script] = REFUSALS[1];
    const stderr = await nameServer(['unshare', '-m', 'sh', '-c', script, 'sh'], [], ({ pid }) => assert.equal(existsSync(instanceOf(pid)), false));
    assert.deepEqual(saidOfTracing(stderr), []);
    assert.ok(toldByTrace(stderr) >= 2, stderr);
  });

  it('is not made by another user: -proc with -u, where perf events are refused, says both once, and names processes without', async () => {
    const program = readableProgram();
    try {
      const stderr = await nameServer([...withoutPerf(), ...program.prefix()], ['-u', 'nobody'], ({ pid }) => assert.equal(existsSync(instanceOf(pid)), false));
      const notices = saidOfTracing(stderr);
      assert.equal(notices.length, 1, stderr);
      assert.match(notices[0], /without the kernel's trace of connections, .*: perf events: refused: Operation not permitted \(CAP_PERFMON is needed\); no tracing instance: .*(permission denied|EACCES)/);
      assert.equal(toldByTrace(stderr), 0);
    } finally {
      program.remove();
    }
  });
});
