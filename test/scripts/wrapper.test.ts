import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { command, tryCommand } from '../support/command.js';
import { Project, pause, until } from './project.js';

const REPORT = 'console.log(JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd(), nohup: process.env._HTTPLOG_NOHUP ?? null, authorities: process.env.NODE_EXTRA_CA_CERTS ?? null }));';

interface Report {
  argv: string[];
  cwd: string;
  nohup: string | null;
  authorities: string | null;
}

describe('bin/httplog', () => {
  let project: Project;
  before(() => {
    project = new Project(REPORT);
  });
  after(() => {
    project.remove();
  });

  const report = (argv: string[]): Report => JSON.parse(command(argv)) as Report;

  it('hands over every argument as it is, in the working directory of the caller', () => {
    const wanted = ['-f', 'tcp port 80', '', '*', '--', "it's"];
    const got = report(['env', '-C', '/usr', project.path('bin/httplog'), ...wanted]);
    assert.deepEqual(got, { argv: wanted, cwd: '/usr', nohup: null, authorities: null });
  });

  it('spares Node the certificate authorities, which take longer to read than all the rest of its start', () => {
    assert.equal(report(['env', 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt', project.path('bin/httplog')]).authorities, null);
  });

  it('is found through a chain of links, relative ones too', () => {
    mkdirSync(project.path('elsewhere'));
    project.link('../bin/httplog', 'elsewhere/first');
    const second = project.link('elsewhere/first', 'second');
    assert.deepEqual(report([second, '-v']).argv, ['-v']);
  });

  it('is found through PATH, and by its bare name in its own folder', () => {
    const bin = project.path('bin');
    assert.deepEqual(report(['env', `PATH=${bin}:${process.env['PATH']}`, 'httplog', 'a']).argv, ['a']);
    assert.equal(report(['env', '-C', bin, 'sh', 'httplog', 'b']).cwd, realpathSync(bin));
  });

  it('says that Node is missing, in one line', () => {
    const { status, stderr } = tryCommand(['env', 'NODE=/nowhere/node', project.path('bin/httplog')]);
    assert.equal(status, 1);
    assert.match(stderr, /^httplog: \/nowhere\/node is not found: install Node\.js 20\.19 or newer.*\n$/);
  });

  it('says how to build what is not built, in one line', () => {
    const bare = new Project();
    try {
      const { status, stderr } = tryCommand([bare.path('bin/httplog')]);
      assert.equal(status, 1);
      assert.match(stderr, /^httplog: .* is not built: run .*scripts\/run.*\n$/);
    } finally {
      bare.remove();
    }
  });

  it('tells main that SIGHUP was ignored by who started it, and only then', () => {
    const httplog = project.path('bin/httplog');
    assert.equal(report(['nohup', httplog]).nohup, '1');
    assert.equal(report(['env', '_HTTPLOG_NOHUP=1', httplog]).nohup, null);
    assert.equal(report(['sh', '-c', "trap '' TERM; exec \"$1\"", 'sh', httplog]).nohup, null);
  });
});

describe('SIGUSR1 while httplog starts', function () {
  this.timeout(180_000);
  const STEP_MS = 10;
  const WATCHED_MS = 100;
  // The hardest case: a program that never takes the signal over.
  const NEVER_HANDLED = 'process.stdout.write("up\\n"); process.stdin.on("end", () => process.stdout.write("end\\n")).resume();';
  // Whether signal 10 is ignored, blocked or caught: anything but deadly.
  const harmless = (status: string): boolean =>
    [...status.matchAll(/^Sig(?:Ign|Blk|Cgt):\s*([0-9a-f]+)$/gm)].some(([, mask]) => (BigInt(`0x${mask}`) >> 9n) & 1n);
  const listeners = (pid: number): string[] =>
    ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1))
      .map((line) => line.trim().split(/\s+/)).filter((fields) => fields[3] === '0A').map((fields) => fields[1] ?? '');

  let project: Project;
  before(() => {
    project = new Project(NEVER_HANDLED);
  });
  after(() => {
    project.remove();
  });

  /**
   * Runs argv in a network namespace of its own, signals it `delayMs` after `ready`, and says what came of it.
   * @param over whether it has been watched for long enough: it is told to end then
   */
  async function signalled(argv: string[], delayMs: number, ready: (child: ChildProcess) => Promise<unknown>, over: (output: string, watchedMs: number, seen: Set<string>) => boolean) {
    const child = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up; echo start; exec "$@"', 'sh', ...argv],
      { stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.on('error', () => undefined); // it ended
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
    let ended = false;
    void exited.then(() => {
      ended = true;
    });
    await until('the start', () => output.includes('start') || ended);
    await ready(child);
    await pause(delayMs);
    child.kill('SIGUSR1');
    const seen = new Set<string>();
    for (let watchedMs = 0; !ended; watchedMs += STEP_MS) {
      if (over(output, watchedMs, seen)) child.stdin.end();
      try {
        listeners(child.pid!).forEach((address) => seen.add(address));
      } catch (error) {
        if (!['ENOENT', 'EINVAL', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
      await pause(STEP_MS);
    }
    const [code, signal] = await exited;
    return { code, signal, output, listening: [...seen] };
  }

  for (const delayMs of [0, 2, 5, 10, 15, 20, 30, 40, 60, 80, 100, 150]) {
    it(`neither ends it nor opens the debugger ${delayMs} ms in`, async () => {
      const immune = (child: ChildProcess) =>
        until('immunity', () => harmless(readFileSync(`/proc/${child.pid}/status`, 'utf8')));
      const result = await signalled([project.path('bin/httplog')], delayMs, immune, (output, watchedMs) => output.includes('up') && watchedMs >= WATCHED_MS);
      assert.deepEqual(result, { code: 0, signal: null, output: 'start\nup\nend\n', listening: [] });
    });
  }

  it('would have opened the debugger on port 9229 without the wrapper', async () => {
    const up = (child: ChildProcess) => once(child.stdout!, 'data');
    const { listening } = await signalled([process.execPath, project.path('dist/src/cli/main.js')], 0, up, (_, __, seen) => seen.size > 0);
    assert.deepEqual(listening, ['0100007F:240D']);
  });
});
