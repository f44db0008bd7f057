// SIGHUP, with and without a terminal, and SIGUSR1 at any moment.

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/command.js';
import { cleanEnvironment, HTTPLOG, killStarted, startHttplog, withDirectory } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';
import { catches, isAlive } from '../support/proc.js';
import { startNginx, type WebServer } from '../support/servers.js';
import { finalReport } from '../support/totals.js';
import { baseUrl, curl } from '../support/traffic.js';

const WAIT_MS = 60_000;

describe('live: other signals', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  let nginx: WebServer;
  before(async () => {
    network = makeNetwork('e2esignals');
    nginx = await startNginx(network.server);
  });
  after(async () => {
    killStarted();
    await nginx?.stop();
    network?.close();
  });

  const ask = (target: string): unknown => curl(network.client, [`${baseUrl(network.server)}/${target}`]);
  const logFile = (directory: string): string | undefined => readdirSync(directory).find((name) => /^http-\d{8}\.log$/.test(name));
  const log = (directory: string): string => {
    const name = logFile(directory);
    return name === undefined ? '' : readFileSync(join(directory, name), 'latin1');
  };
  const targets = (text: string): string[] => text.split('\n').map((line) => line.split(' ')).filter((columns) => columns[4] === 'CQ')
    .map((columns) => columns[6]);

  it('SIGHUP: a file that was moved away keeps its lines, the new ones go to a new file', async () => {
    await withDirectory(async (directory) => {
      const httplog = await startHttplog(network.server, ['-i', 'eth0', '-d', directory]).ready();
      ask('first');
      await httplog.holds('the first answer', () => / CR .*\n$/.test(log(directory)));
      const path = join(directory, logFile(directory)!);
      renameSync(path, `${path}.1`);
      httplog.child.kill('SIGHUP');
      await httplog.holds('the file to be closed', () => !openFiles(httplog.pid).includes(`${path}.1`));
      ask('second');
      ask('third');
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      assert.deepEqual(targets(readFileSync(`${path}.1`, 'latin1')), ['/first']);
      assert.deepEqual(targets(readFileSync(path, 'latin1')), ['/second', '/third']);
      assert.deepEqual([finalReport(stderr).linesWritten, finalReport(stderr).linesLost], [6, 0]);
    });
  });

  /** Runs a shell command with a terminal of its own, which hangs up when the returned process is killed. */
  function onTerminal(shellCommand: string): ChildProcess {
    const [program, ...args] = inNamespace(network.server, ['script', '-qfc', shellCommand, '/dev/null']);
    return spawn(program, args, { cwd: '/', env: cleanEnvironment({ SHELL: '/bin/sh' }), stdio: ['pipe', 'ignore', 'ignore'] });
  }

  /** Starts it on a terminal, takes the terminal away, and hands over what is left. */
  async function hungUp(directory: string, before: string): Promise<{ pid: number; said: () => string }> {
    const errors = join(directory, 'stderr');
    const said = (): string => (existsSync(errors) ? readFileSync(errors, 'latin1') : '');
    const terminal = onTerminal(`${before} '${HTTPLOG}' -i eth0 -d '${directory}' >'${join(directory, 'stdout')}' 2>'${errors}'`);
    await until('httplog on a terminal', () => said().includes(': ready, '), WAIT_MS);
    const pid = Number(readFileSync(join(directory, '.httplog.lock'), 'latin1'));
    ask('seen');
    terminal.kill('SIGKILL');
    return { pid, said };
  }

  it('SIGHUP of a terminal that hung up ends it like SIGTERM', async () => {
    await withDirectory(async (directory) => {
      const { pid, said } = await hungUp(directory, '');
      await until('the end', () => !isAlive(pid), WAIT_MS);
      assert.deepEqual(targets(log(directory)), ['/seen']);
      assert.equal(finalReport(said()).linesWritten, 2);
    });
  });

  it('under nohup a terminal that hangs up does not end it, and SIGHUP reopens', async () => {
    await withDirectory(async (directory) => {
      const { pid, said } = await hungUp(directory, 'nohup');
      try {
        await sleep(500);
        assert.ok(isAlive(pid), said());
        process.kill(pid, 'SIGHUP');
        ask('after');
        await until('the record', () => targets(log(directory)).includes('/after'), WAIT_MS);
        assert.ok(isAlive(pid), said());
      } finally {
        process.kill(pid, 'SIGTERM');
      }
      await until('the end', () => !isAlive(pid), WAIT_MS);
      assert.deepEqual(targets(log(directory)), ['/seen', '/after']);
    });
  });

  it('a terminal that hangs up twice, and SIGTERM behind it, end it once and at once', async () => {
    await withDirectory(async (directory) => {
      const { pid, said } = await hungUp(directory, '');
      for (const signal of ['SIGHUP', 'SIGTERM'] as const) if (isAlive(pid)) process.kill(pid, signal);
      await until('the end', () => !isAlive(pid), WAIT_MS);
      assert.doesNotMatch(said(), /not everything could be written/);
      assert.equal(finalReport(said()).linesWritten, 2);
    });
  });

  it('SIGHUP and SIGUSR2 while it starts do not end it', async () => {
    await withDirectory(async (directory) => {
      const httplog = startHttplog(network.server, ['-i', 'eth0', '-d', directory]);
      // Node itself has no handlers for its first milliseconds.
      await httplog.holds('its first lines', () => catches(httplog.pid, 1) && catches(httplog.pid, 12));
      await httplog.holds('it to be ready', () => {
        httplog.child.kill('SIGHUP');
        httplog.child.kill('SIGUSR2');
        return httplog.stderr.includes('httplog: ready');
      });
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
    });
  });

  it('SIGUSR1 at any moment neither ends it nor opens a port', async () => {
    await withDirectory(async (directory) => {
      const httplog = startHttplog(network.server, ['-i', 'eth0', '-d', directory]);
      // Before the wrapper runs, a signal would hit `ip netns exec`.
      await httplog.holds('the wrapper', () => takesUsr1(httplog.pid));
      const listening = new Set<string>();
      const signal = (): void => {
        httplog.child.kill('SIGUSR1');
        for (const address of listeners(httplog.pid)) listening.add(address);
      };
      await httplog.holds('it to be ready', () => {
        signal();
        return httplog.stderr.includes('httplog: ready');
      });
      for (let time = 0; time < 20; time++) {
        signal();
        await sleep(10);
      }
      ask('still-there');
      await httplog.holds('the record', () => targets(log(directory)).includes('/still-there'));
      signal();
      // nginx on 80 and 8080
      assert.deepEqual([...listening].filter((address) => !/:(0050|1F90)$/.test(address)), []);
      const { status, stderr } = await httplog.end('SIGTERM');
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stderr, /Debugger listening/);
    });
  });
});

/** What a process has open, by path. */
function openFiles(pid: number): string {
  const list = `/proc/${pid}/fd`;
  return readdirSync(list).map((fd) => {
    try {
      return `${readlinkSync(join(list, fd))}\n`;
    } catch {
      return ''; // closed meanwhile
    }
  }).join('');
}

/** Addresses that somebody listens on in the network namespace of a process, in hex as the kernel has them. */
function listeners(pid: number): string[] {
  return ['tcp', 'tcp6'].flatMap((protocol) => readFileSync(`/proc/${pid}/net/${protocol}`, 'utf8').split('\n').slice(1)
    .map((line) => line.trim().split(/\s+/)).filter((columns) => columns[3] === '0A').map((columns) => columns[1]));
}

/** Whether signal 10 is ignored, blocked or caught: the wrapper's first deed, and Node's. `ip netns exec` does none of it. */
function takesUsr1(pid: number): boolean {
  const masks = readFileSync(`/proc/${pid}/status`, 'utf8').matchAll(/^Sig(?:Ign|Blk|Cgt):\s*([0-9a-f]+)/gm);
  return [...masks].some(([, mask]) => (BigInt(`0x${mask}`) & (1n << 9n)) !== 0n);
}
