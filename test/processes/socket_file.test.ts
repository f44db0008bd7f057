// Where the Unix socket goes: dead sockets make way, nothing else does, and at the end nothing is left.

import assert from 'node:assert/strict';
import {
  chmodSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EventServers } from '../../src/processes/servers.js';
import type { SocketPlace } from '../../src/processes/socket_file.js';
import { NOBODY } from '../support/as_user.js';
import { connectUnix } from '../support/event_server.js';
import { withDirectory } from '../support/httplog.js';

const HOLDER = fileURLToPath(new URL('./socket_holder.js', import.meta.url));

function open(path: string, more: Partial<SocketPlace> = {}): Promise<EventServers> {
  return EventServers.open({ unix: { path, mode: 0o660, ...more }, tcp: undefined, clients: 3, say: () => undefined });
}

/** @returns the one line it is refused with */
async function refusal(path: string, more: Partial<SocketPlace> = {}): Promise<string> {
  try {
    await (await open(path, more)).close();
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.match(error.name, /^(?:EndpointError|LogError)$/, String(error.stack));
    return error.message;
  }
  throw new Error(`${path} was not refused`);
}

/** Somebody listens there. */
async function answers(path: string): Promise<void> {
  const { socket } = connectUnix(path);
  await once(socket, 'connect');
  socket.destroy();
}

/** Another process that serves the path, until it is killed. */
async function holder(path: string): Promise<ChildProcess> {
  const child = fork(HOLDER, [path]);
  const [word] = await once(child, 'message') as [string];
  assert.equal(word, 'ready');
  return child;
}

describe('the socket of process events', () => {
  it('has the mode asked for from the first moment, and is gone afterwards with all that helped to put it there', async () => {
    await withDirectory(async (directory) => {
      for (const mode of [0o660, 0o600, 0o666]) {
        const path = join(directory, 'made', 'a.sock');
        const servers = await open(path, { mode });
        const status = lstatSync(path);
        assert.ok(status.isSocket());
        assert.equal(status.mode & 0o777, mode);
        assert.equal(statSync(join(directory, 'made')).mode & 0o777, 0o755);
        assert.deepEqual(readdirSync(join(directory, 'made')).sort(), ['a.sock', 'a.sock.lock']);
        await servers.close();
        assert.deepEqual(readdirSync(join(directory, 'made')), []);
      }
    });
  });

  it('is put in place of one that nobody listens on', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'a.sock');
      const killed = await holder(path);
      killed.kill('SIGKILL');
      await once(killed, 'exit');
      assert.ok(lstatSync(path).isSocket(), 'the killed process left its socket behind');
      writeFileSync(join(directory, 'other'), 'stays');
      const servers = await open(path);
      await answers(path);
      await servers.close();
      assert.deepEqual(readdirSync(directory), ['other']);
    });
  });

  it('is refused to a second server, which changes nothing', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'a.sock');
      const first = await holder(path);
      assert.equal(await refusal(path),
        `cannot listen on ${path}: httplog with PID ${first.pid} does already; stop it, or choose another socket with -s`);
      await answers(path);
      first.kill('SIGKILL');
      await once(first, 'exit');
      await (await open(path)).close();
    });
  });

  it('goes to exactly one of several that start at once over a dead one', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'a.sock');
      const dead = await holder(path);
      dead.kill('SIGKILL');
      await once(dead, 'exit');
      const children = Array.from({ length: 4 }, () => fork(HOLDER, [path]));
      const words = await Promise.all(children.map(async (child) => (await once(child, 'message') as [string])[0]));
      assert.equal(words.filter((word) => word === 'ready').length, 1, words.join('\n'));
      for (const word of words.filter((one) => one !== 'ready')) assert.match(word, /^cannot listen on .*: (?:httplog with PID \d+|another httplog) does already/);
      await answers(path);
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
    });
  });

  it('is refused where another program listens, and where there is something else', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'a.sock');
      const other = createServer().listen(path);
      await once(other, 'listening');
      assert.equal(await refusal(path), `cannot listen on ${path}: another program does already; stop it, or choose another socket with -s`);
      await answers(path);

      const file = join(directory, 'file');
      writeFileSync(file, 'not ours');
      assert.match(await refusal(file), /: it is no socket; remove it, or choose another socket with -s$/);
      assert.equal(readFileSync(file, 'utf8'), 'not ours');
      const link = join(directory, 'link');
      symlinkSync(file, link);
      assert.match(await refusal(link), /: it is a symbolic link; remove it/);
      symlinkSync(path, join(directory, 'to_socket'));
      assert.match(await refusal(join(directory, 'to_socket')), /: it is a symbolic link; remove it/);
      mkdirSync(join(directory, 'folder'));
      assert.match(await refusal(join(directory, 'folder')), /: it is a directory; remove it/);
      assert.deepEqual(readdirSync(directory).filter((name) => /lock|new/.test(name)), []);
      other.close();
    });
  });

  it('is not led elsewhere by a lock that is a link', async () => {
    await withDirectory(async (directory) => {
      const precious = join(directory, 'precious');
      writeFileSync(precious, 'as it was');
      symlinkSync(precious, join(directory, 'a.sock.lock'));
      assert.match(await refusal(join(directory, 'a.sock')), /a\.sock\.lock: it is a symbolic link; remove it$/);
      rmSync(join(directory, 'a.sock.lock'));
      linkSync(precious, join(directory, 'a.sock.lock'));
      assert.match(await refusal(join(directory, 'a.sock')), /a\.sock\.lock: it has other names \(hard links\); remove it$/);
      assert.equal(readFileSync(precious, 'utf8'), 'as it was');
    });
  });

  it('is refused with one line where it cannot be', async () => {
    await withDirectory(async (directory) => {
      assert.match(await refusal(join(directory, 'x'.repeat(100))), /the path has more than 103 bytes; choose a shorter one with -s$/);
      assert.match(await refusal(join(directory, 'no', 'such', 'a.sock')), /^cannot make .*\/no\/such: no such file or directory \(ENOENT\); make it, or/);
      writeFileSync(join(directory, 'file'), '');
      assert.match(await refusal(join(directory, 'file', 'a.sock')), /not a directory|ENOTDIR/);
      const open = join(directory, 'open');
      mkdirSync(open);
      chmodSync(open, 0o777);
      assert.match(await refusal(join(open, 'a.sock')), /^cannot put a socket into .* as root: .* can be written by everybody.*with -s$/);
    });
  });

  it('leaves a socket that is not its own any more', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'a.sock');
      const servers = await open(path);
      rmSync(path);
      const other = createServer().listen(path);
      await once(other, 'listening');
      await servers.close();
      await answers(path);
      other.close();
    });
  });

  it('belongs to the user the process becomes, and to the group asked for', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'made', 'a.sock');
      const servers = await open(path, { owner: { name: 'nobody', uid: NOBODY, gid: NOBODY }, gid: 4 });
      const { uid, gid } = lstatSync(path);
      assert.deepEqual({ uid, gid }, { uid: NOBODY, gid: 4 });
      assert.equal(statSync(join(directory, 'made')).uid, NOBODY, 'so that it can take it away');
      await servers.close();
      assert.ok(!existsSync(path));
    });
  });

  it('lets in its group and nobody else', async () => {
    await withDirectory(async (directory) => {
      chmodSync(directory, 0o755);
      const path = join(directory, 'a.sock');
      const servers = await open(path, { gid: 4 });
      const probe = `require('net').connect(${JSON.stringify(path)}).on('connect', () => process.exit(0)).on('error', (e) => process.exit(e.code === 'EACCES' ? 13 : 1))`;
      const exit = async (group: number): Promise<unknown> => {
        const child = spawn('setpriv', [`--reuid=${NOBODY}`, `--regid=${group}`, '--clear-groups', process.execPath, '-e', probe], { stdio: 'ignore', cwd: '/' });
        return (await once(child, 'exit'))[0];
      };
      assert.deepEqual(await Promise.all([exit(4), exit(NOBODY)]), [0, 13]);
      await servers.close();
    });
  });
});
