// httplog processes with its sockets, as it runs on a host: the kernel's events to clients that come, misbehave and go.

import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { readableProgram } from '../support/as_user.js';
import { command, tryCommand, until } from '../support/command.js';
import { authenticate, connectTcp, connectUnix, PASSWORD } from '../support/event_server.js';
import { httplog, startHttplog, withDirectory, type RunningHttplog } from '../support/httplog.js';

async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}, prefix: readonly string[] = []): Promise<RunningHttplog> {
  return startHttplog(undefined, ['processes', ...args], { env, prefix }).ready();
}

function portOf(running: RunningHttplog): number {
  return Number(/ tcp:[\d.]+:(\d+)/.exec(running.stderr)?.[1]);
}

describe('httplog processes with sockets', () => {
  it('tells clients what runs, ends them and removes its socket on SIGTERM', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'run', 'processes.sock');
      const running = await start(['-s', path, '-t', '0', '-e', 'exec,exit'], { HTTPLOG_AUTH: PASSWORD });
      const port = portOf(running);
      const silent = connectTcp(port);
      const [unix, tcp] = [connectUnix(path), await authenticate(port)];
      await running.says(/client unix:1 connected/);
      const user = startHttplog(undefined, ['processes', '--connect', `unix:${path}`]);
      await running.says(/client unix:2 connected/);
      const mark = `mark-${process.pid}`;
      assert.equal(tryCommand(['sh', '-c', 'sleep 0.3; exit 3', mark]).status, 3);
      for (const client of [unix, tcp]) await client.gets(new RegExp(`"event":"exit".*"exit_code":768.*${mark}`));
      await user.holds('the event', () => user.stdout.includes(mark));
      assert.ok(!readFileSync(`/proc/${running.pid}/cmdline`, 'utf8').includes(PASSWORD));
      const { status, stderr } = await running.end('SIGTERM');
      assert.equal(status, 0, stderr);
      await Promise.all([unix.closes(), tcp.closes(), silent.closes()]);
      assert.equal(silent.text, 'Password: ');
      assert.ok(unix.text.endsWith('\n') && tcp.text.endsWith('\n'));
      assert.deepEqual(readdirSync(join(directory, 'run')), []);
      await user.says(/the server closed the connection; next try in /);
      await user.end('SIGTERM');
    });
  });

  it('is refused the socket of another, gets that of a killed one', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'processes.sock');
      const first = await start(['-s', path]);
      const second = httplog(['processes', '-s', path]);
      assert.deepEqual([second.status, second.stderr], [1,
        `httplog: cannot listen on ${path}: httplog with PID ${first.pid} does already; stop it, or choose another socket with -s\n`]);
      await first.end('SIGKILL');
      assert.ok(lstatSync(path).isSocket());
      const third = await start(['-s', path, '--socket-mode', '600']);
      assert.equal(lstatSync(path).mode & 0o777, 0o600);
      await third.end('SIGTERM');
      assert.ok(!existsSync(path));
    });
  });

  it('gives up root with its sockets open, and still takes away the socket in a directory made for it', async () => {
    const program = readableProgram();
    try {
      await withDirectory(async (directory) => {
        const file = join(directory, 'auth');
        writeFileSync(file, `${PASSWORD}\n`, { mode: 0o600 });
        command(['chmod', '755', directory]);
        const path = join(directory, 'run', 'processes.sock');
        const running = await start(['-s', path, '-t', '0', '--auth-file', file, '-u', 'nobody', '--socket-group', 'adm'], {}, program.prefix());
        const { uid, mode } = lstatSync(path);
        assert.deepEqual([uid, mode & 0o777], [65534, 0o660]);
        await authenticate(portOf(running));
        const { status, stderr } = await running.end('SIGTERM');
        assert.equal(status, 0, stderr);
        assert.deepEqual(readdirSync(join(directory, 'run')), []);
      });
    } finally {
      program.remove();
    }
  });

  it('leaves no socket behind, whenever SIGTERM comes', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'processes.sock');
      const running = startHttplog(undefined, ['processes', '-s', path]);
      while (!existsSync(path)) await setImmediate(); // and not until it is ready
      const { status } = await running.end('SIGTERM');
      assert.deepEqual([status, readdirSync(directory)], [0, []]);
    });
  });

  it('refuses in one line what cannot be, with nothing left behind', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'processes.sock');
      const busy = connectUnix(path); // nobody is there
      await busy.closes();
      const cases: [string[], number, RegExp][] = [
        [['-t', '0'], 2, /^httplog: TCP needs a password: .*\n$/],
        [['-s', path, '--socket-group', 'no-such-group'], 2, /^httplog: option --socket-group: there is no group 'no-such-group' .*\n$/],
        [['-s', path, '-t', '192.0.2.7:0', '-a', 'x'], 1, /httplog: cannot listen on 192\.0\.2\.7:0: the address is not one of this host; choose another one with -t\n$/],
        [['-s', path, '-t', '0', '-a', 'x', '--tls-cert', '/nonexistent', '--tls-key', '/nonexistent'], 1, /httplog: option --tls-cert: cannot read '\/nonexistent': no such file/],
        [['-s', '/proc/no/such.sock'], 1, /^httplog: cannot make \/proc\/no: .*; make it, or choose another socket with -s\n$/],
      ];
      for (const [args, status, message] of cases) {
        const ended = httplog(['processes', ...args]);
        assert.equal(ended.status, status, ended.stderr);
        assert.match(ended.stderr, message);
        assert.deepEqual(readdirSync(directory), []);
      }
    });
  });

  it('keeps its socket for others while one client does not read', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'processes.sock');
      const running = await start(['-s', path, '-e', 'exec']);
      const stalled = connectUnix(path);
      stalled.socket.pause();
      const client = connectUnix(path);
      await until('both clients', () => /unix:2 connected/.test(running.stderr));
      command(['sh', '-c', 'for i in $(seq 200); do /bin/true; done; sleep 0.3200']);
      await client.gets('sleep 0.3200 ');
      stalled.socket.destroy();
      assert.equal((await running.end('SIGTERM')).status, 0);
    });
  });
});
