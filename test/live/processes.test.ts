// httplog processes against processes that the test makes, compared with the test's own ledger.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, tryCommand, until } from '../support/command.js';
import { HTTPLOG, type RunningHttplog, killStarted, parseJsonLines, startHttplog, withDirectory } from '../support/httplog.js';
import { writeTinyProgram } from '../support/tiny_program.js';

type Event = Record<string, unknown>;

/** Starts a process and holds it at its first `read`, until release(). */
class Held {
  static readonly all = new Set<ChildProcess>();
  readonly child: ChildProcess;
  output = '';
  constructor(argv: readonly string[], cwd = '/') {
    this.child = spawn(argv[0], argv.slice(1), { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout?.setEncoding('latin1').on('data', (text: string) => (this.output += text));
    Held.all.add(this.child);
    this.child.once('close', () => Held.all.delete(this.child));
  }
  get pid(): number {
    return this.child.pid!;
  }
  async release(): Promise<void> {
    this.child.stdin?.end('\n');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
  }
}

const ofPid = (events: readonly Event[], pid: number): Event[] => events.filter((event) => event['pid'] === pid || event['child_pid'] === pid);
const sees = (run: RunningHttplog, what: string, test: (line: string) => boolean): Promise<void> => (
  run.holds(what, () => run.stdout.split('\n').some(test)));

describe('httplog processes', function () {
  this.timeout(180_000);
  afterEach(killStarted);
  afterEach(() => Held.all.forEach((child) => child.kill('SIGKILL')));

  async function watching<T>(args: readonly string[], use: (run: RunningHttplog) => Promise<T>): Promise<{ events: Event[]; result: T; stderr: string }> {
    const run = await startHttplog(undefined, ['processes', '-d', ...args]).ready();
    const result = await use(run);
    const { status, stdout, stderr } = await run.end('SIGTERM');
    assert.equal(status, 0, stderr);
    return { events: parseJsonLines(stdout), result, stderr };
  }

  it('tells a script from fork to end: program, arguments of any bytes, directory, parent, status', () => withDirectory(async (directory) => {
    const script = join(directory, 'job.sh');
    writeFileSync(script, '#!/bin/sh\nread x\nexit 3\n');
    chmodSync(script, 0o755);
    // Only a shell hands over bytes that are no text.
    const launcher = `printf 'job\\377"\\\\\\n' >${directory}/arg; exec ${script} "$(cat ${directory}/arg)" ''`;
    const { events, result: pid } = await watching([], async (run) => {
      const held = new Held(['/bin/sh', '-c', launcher], directory);
      await sees(run, 'the script', (line) => line.includes(`"pid":${held.pid},`) && line.includes(`/bin/sh ${script} job`));
      await held.release();
      await sees(run, 'its end', (line) => line.startsWith(`{"event":"exit","pid":${held.pid},`));
      return held.pid;
    });
    const own = ofPid(events, pid);
    assert.deepEqual(own.map(({ event }) => event), ['fork', 'exec', 'exec', 'exit']);
    const [fork, , exec, exit] = own;
    assert.equal(fork['parent_pid'], process.pid);
    assert.equal(exec['cmdline'], `/bin/sh ${script} job\\xff"\\x5c  `);
    for (const event of own) assert.equal(event['guid'], fork['guid']);
    for (const event of [exec, exit]) {
      assert.equal(event['exe'], command(['readlink', '-f', '/bin/sh']).trim());
      assert.deepEqual([event['cwd'], event['ppid'], event['uid'], event['user']], [directory, process.pid, 0, 'root']);
    }
    assert.deepEqual([exit['exit_code'], exit['status'], exit['signal'], exit['cmdline']], [768, 3, undefined, exec['cmdline']]);
    assert.ok((exit['duration_ms'] as number) > 0);
    const times = own.map(({ time }) => time as string);
    assert.deepEqual([...times].sort(), times);
    assert.ok(Math.abs(Date.parse(times[0]) - Date.now()) < 60_000);
  }));

  it('hears every one of 500 processes that live less than a millisecond, each once', () => withDirectory(async (directory) => {
    const tiny = join(directory, 'tiny');
    writeTinyProgram(tiny, 7);
    const spawner = 'for (1 .. 500) { my $pid = fork; if (!$pid) { exec $ARGV[0]; } waitpid $pid, 0; print "$pid $?\\n"; }';
    const { events, result: ledger, stderr } = await watching(['-e', 'fork,exec,exit'], async (run) => {
      const lines = command(['perl', '-e', spawner, tiny]).trim().split('\n').map((line) => line.split(' ').map(Number));
      await sees(run, 'the last end', (line) => line.startsWith(`{"event":"exit","pid":${lines[499][0]},"exit_code":1792,`));
      return lines;
    });
    const counted = (name: string, pid: number): number => ofPid(events, pid).filter(({ event }) => event === name).length;
    for (const [pid, status] of ledger) {
      assert.equal(status, 7 << 8);
      assert.deepEqual(['fork', 'exec', 'exit'].map((name) => counted(name, pid)), [1, 1, 1], `process ${pid}`);
      const exit = ofPid(events, pid).find(({ event }) => event === 'exit');
      assert.deepEqual([exit?.['status'], exit?.['user']], [7, 'root']);
      // What it ran was there to be read, or it was not: nothing else is said.
      assert.ok([tiny, 'unknown'].includes(exit?.['exe'] as string), JSON.stringify(exit));
    }
    assert.match(stderr, /^httplog: lost: 0 by the kernel, 0 between threads$/m);
  }));

  it('follows a change of user, group, name and session', async () => {
    const program = `use POSIX; <STDIN>; if (fork == 0) { POSIX::setsid(); exit } wait; $0 = 'renamed'; POSIX::setgid(65534); POSIX::setuid(65534); <STDIN>;`;
    const { events, result: pid } = await watching([], async (run) => {
      const held = new Held(['perl', '-e', program]);
      held.child.stdin?.write('\n');
      await sees(run, 'the change', (line) => line.startsWith(`{"event":"uid","pid":${held.pid},`));
      await held.release();
      await sees(run, 'its end', (line) => line.startsWith(`{"event":"exit","pid":${held.pid},`));
      return held.pid;
    });
    const one = (name: string): Event => ofPid(events, pid).find(({ event }) => event === name)!;
    const nobody = command(['id', '-nu', '65534']).trim();
    assert.deepEqual([one('uid')['ruid'], one('uid')['euid'], one('uid')['user']], [65534, 65534, nobody]);
    assert.deepEqual([one('gid')['rgid'], one('gid')['egid'], one('gid')['user']], [65534, 65534, 'root']);
    assert.equal(one('comm')['comm'], 'renamed');
    assert.deepEqual([one('exit')['user'], one('exit')['uid']], [nobody, 65534]);
    const child = events.find((event) => event['event'] === 'fork' && event['parent_pid'] === pid)!['child_pid'];
    assert.ok(events.some((event) => event['event'] === 'sid' && event['pid'] === child));
  });

  it('tells the new parent of a process that lost its own, and what a signal ended', async () => {
    // The grandchild waits until its parent is gone, and then is killed.
    const program = `pipe R, W; if (fork == 0) { if (fork == 0) { print "$$\\n"; $| = 1; print ''; close W; <R>; sleep 1 while getppid == $ARGV[0]; kill 'SEGV', $$ } exit } wait; close W; print "done\\n"; <STDIN>`;
    const { events, result } = await watching([], async (run) => {
      const held = new Held(['sh', '-c', 'ulimit -c 0; exec perl -e "$0" 0', program]);
      await until('the grandchild', () => /^\d+$/m.test(held.output));
      const grandchild = Number(/^\d+$/m.exec(held.output)![0]);
      await sees(run, 'its end', (line) => line.startsWith(`{"event":"exit","pid":${grandchild},`));
      await held.release();
      return { pid: held.pid, grandchild };
    });
    const own = ofPid(events, result.grandchild);
    assert.deepEqual(own.map(({ event }) => event), ['fork', 'coredump', 'exit']);
    const [fork, , exit] = own;
    const child = fork['parent_pid'] as number;
    assert.equal(ofPid(events, child)[0]['parent_pid'], result.pid);
    assert.notEqual(exit['ppid'], child);
    assert.deepEqual([exit['signal'], exit['status'], (exit['exit_code'] as number) & 0x7f], ['SIGSEGV', undefined, 11]);
    assert.equal(exit['exe'], fork['exe'], 'inherited by two forks');
    assert.equal(exit['exe'], command(['readlink', '-f', '/usr/bin/perl']).trim());
  });

  it('keeps the programs of a chain of exec apart', () => withDirectory(async (directory) => {
    const steps = ['one', 'two', 'three'];
    steps.forEach((step, i) => {
      const next = i + 1 < steps.length ? `exec ${join(directory, steps[i + 1])}` : 'exit 0';
      writeFileSync(join(directory, step), `#!/bin/sh\nread x\n${next}\n`, { mode: 0o755 });
    });
    const { events, result: pid } = await watching(['-e', 'exec,exit'], async (run) => {
      const held = new Held([join(directory, 'one')]);
      for (const step of steps) {
        await sees(run, step, (line) => line.includes(`"pid":${held.pid},`) && line.includes(`/${step} "`));
        held.child.stdin?.write('\n');
      }
      await held.release();
      await sees(run, 'its end', (line) => line.startsWith(`{"event":"exit","pid":${held.pid},`));
      return held.pid;
    });
    assert.deepEqual(ofPid(events, pid).map((event) => `${event['event'] as string} ${event['cmdline'] as string}`), [
      ...steps.map((step) => `exec /bin/sh ${join(directory, step)} `), `exit /bin/sh ${join(directory, 'three')} `,
    ]);
    assert.deepEqual([...new Set(events.map(({ event }) => event))].sort(), ['exec', 'exit']);
  }));

  it('never tells a quick chain wrongly', () => withDirectory(async (directory) => {
    const tiny = join(directory, 'tiny');
    writeTinyProgram(tiny, 0);
    const { events, result: pids } = await watching(['-e', 'exec,exit'], async (run) => {
      const script = `for (1 .. 100) { my $pid = fork; if (!$pid) { exec '/bin/sh', '-c', "exec /usr/bin/env $ARGV[0]" } waitpid $pid, 0; print "$pid\\n" }`;
      const made = command(['perl', '-e', script, tiny]).trim().split('\n').map(Number);
      await sees(run, 'the last end', (line) => line.startsWith(`{"event":"exit","pid":${made[99]},`));
      return made;
    });
    const wanted = [`/bin/sh -c exec /usr/bin/env ${tiny} `, `/usr/bin/env ${tiny} `, `${tiny} `];
    for (const pid of pids) {
      const execs = ofPid(events, pid).filter(({ event }) => event === 'exec').map(({ cmdline }) => cmdline);
      assert.equal(execs.length, 3);
      execs.forEach((cmdline, i) => assert.ok([wanted[i], 'unknown'].includes(cmdline as string), `${i}: ${cmdline as string}`));
    }
  }));

  it('leaves threads out, unless they are wanted', async () => {
    const threads = `const { Worker } = require('node:worker_threads'); new Worker('0', { eval: true }).on('exit', () => console.log('done'));`;
    const { events: all, result: pid } = await watching(['-threads', '-e', 'fork,exit'], async (run) => {
      const { events, result } = await watching([], async (quiet) => {
        const child = spawn(process.execPath, ['-e', threads], { stdio: 'ignore' });
        await once(child, 'close');
        await Promise.all([run, quiet].map((one) => sees(one, 'its end', (line) => line.startsWith(`{"event":"exit","pid":${child.pid},`))));
        return child.pid!;
      });
      assert.equal(events.filter((event) => 'tgid' in event).length, 0);
      return result;
    });
    const own = all.filter((event) => event['tgid'] === pid);
    assert.ok(own.filter(({ event }) => event === 'fork').length >= 2, `${own.length} events`);
    assert.equal(own.filter(({ event }) => event === 'exit').length, own.filter(({ event }) => event === 'fork').length);
  });

  it('names processes as everybody can', async () => {
    const { events, result } = await watching(['-e', 'exec'], async (run) => {
      const held = new Held(['/bin/cat']);
      await sees(run, 'cat', (line) => line.startsWith(`{"event":"exec","pid":${held.pid},`));
      const stat = readFileSync(`/proc/${held.pid}/stat`, 'latin1');
      await held.release();
      return { pid: held.pid, start: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] };
    });
    const program = "import sys, uuid; print(uuid.uuid5(uuid.UUID(open('/proc/sys/kernel/random/boot_id').read().strip()), sys.argv[1]))";
    const named = tryCommand(['/usr/bin/python3', '-c', program, `${result.pid}:${result.start}`]);
    assert.equal(named.status, 0, named.stderr);
    assert.equal(ofPid(events, result.pid)[0]['guid'], named.stdout.trim());
  });

  it('tells whom a set-user-ID program runs as', () => withDirectory(async (directory) => {
    const program = join(directory, 'cat');
    copyFileSync('/bin/cat', program);
    chmodSync(program, 0o4755);
    chmodSync(directory, 0o755);
    const { events, result: pid } = await watching(['-e', 'exec,exit,uid'], async (run) => {
      const held = new Held(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', program]);
      await sees(run, 'the program', (line) => line.startsWith(`{"event":"exec","pid":${held.pid},`) && line.includes(program));
      await held.release();
      await sees(run, 'its end', (line) => line.startsWith(`{"event":"exit","pid":${held.pid},`));
      return held.pid;
    });
    const own = ofPid(events, pid);
    const uids = own.filter(({ event }) => event === 'uid').map(({ ruid, euid }) => [ruid, euid]);
    assert.deepEqual(uids, [[65534, 65534], [65534, 0]]);
    for (const event of own.slice(-2)) assert.deepEqual([event['exe'], event['user'], event['uid']], [program, 'root', 0]);
  }));

  it('tells who traces a process, and that it let go', async () => {
    const { events, result } = await watching(['-e', 'ptrace'], async (run) => {
      const held = new Held(['/bin/cat']);
      const tracer = spawn('strace', ['-qq', '-o', '/dev/null', '-p', String(held.pid)], { stdio: 'ignore' });
      await sees(run, 'the tracer', (line) => line.startsWith(`{"event":"ptrace","pid":${held.pid},"tracer_pid":${tracer.pid},`));
      tracer.kill('SIGINT');
      await sees(run, 'that it let go', (line) => line.startsWith(`{"event":"ptrace","pid":${held.pid},"tracer_pid":0,`));
      await held.release();
      return [held.pid, tracer.pid!];
    });
    const [pid, tracer] = result;
    assert.deepEqual(ofPid(events, pid).map(({ tracer_pid: by, user }) => [by, user]), [[tracer, 'root'], [0, 'root']]);
  });

  it('loses events for a reader that stalls, tells how many, and goes on', async () => {
    const { events, result: last, stderr } = await watching(['-e', 'exec,exit'], async (run) => {
      run.child.stdout?.pause();
      // Lines of 16 KiB fill 16 MiB with few processes.
      command(['perl', '-e', 'for (1 .. 800) { system("/bin/true", "x" x 16000) }']);
      await run.holds('a loss', () => {
        run.child.kill('SIGUSR2');
        return /[1-9]\d* events lost by a slow reader/.test(run.stderr);
      });
      run.child.stdout?.resume();
      await sees(run, 'the loss', (line) => line.startsWith('{"event":"lost"'));
      const held = new Held(['/bin/cat']);
      await sees(run, 'what comes then', (line) => line.startsWith(`{"event":"exec","pid":${held.pid},`));
      await held.release();
      return held.pid;
    });
    assert.ok(ofPid(events, last).length > 0);
    const told = events.filter(({ event }) => event === 'lost').reduce((sum, { count }) => sum + (count as number), 0);
    assert.match(stderr, new RegExp(`bytes written, ${told} events lost by a slow reader, 0 lines not written$`, 'm'));
  });

  it('gives up root and goes on telling programs of others', async () => {
    const { events, result: pid, stderr } = await watching(['-u', 'nobody'], async (run) => {
      const status = readFileSync(`/proc/${run.pid}/status`, 'latin1');
      assert.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
      assert.match(status, /^CapPrm:\t0000000000080000$/m);
      const held = new Held(['/bin/cat']);
      await sees(run, 'cat', (line) => line.startsWith(`{"event":"exec","pid":${held.pid},`));
      await held.release();
      return held.pid;
    });
    assert.match(stderr, /^httplog: runs as user nobody \(uid 65534, gid \d+\), capabilities: CAP_SYS_PTRACE$/m);
    assert.match(ofPid(events, pid).find(({ event }) => event === 'exec')!['exe'] as string, /\/cat$/);
  });

  it('says in one line where it cannot listen', () => {
    const elsewhere: readonly (readonly [readonly string[], RegExp])[] = [
      [['unshare', '--net'], /^httplog: process events: nobody answers: httplog has to run in the host's own network namespace, .*\n$/],
      [['unshare', '--pid', '--fork'], /^httplog: process events: the kernel does not answer; .*run httplog outside of the container.*\n$/],
    ];
    for (const [prefix, words] of elsewhere) {
      const { status, stdout, stderr } = tryCommand([...prefix, HTTPLOG, 'processes', '-d']);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, words);
    }
  });

  it('ends with 1 when its reader goes, and says it', async () => {
    const run = await startHttplog(undefined, ['processes', '-d']).ready();
    run.child.stdout?.destroy();
    const pids: number[] = [];
    await run.holds('its end', () => {
      pids.push(tryCommand(['/bin/true']).status);
      return run.stderr.includes('closed by its reader');
    });
    assert.equal((await run.end()).status, 1);
    assert.ok(pids.every((status) => status === 0));
  });
});
