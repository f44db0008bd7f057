// httplog processes --connect, as a user runs it, against servers that the test drives.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, chmodSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../support/command.js';
import { makeCertificate } from '../support/certificate.js';
import { eventLine, PASSWORD, withServers } from '../support/event_server.js';
import { HTTPLOG, httplog, startHttplog, withDirectory, type RunningHttplog } from '../support/httplog.js';

function client(target: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): RunningHttplog {
  return startHttplog(undefined, ['processes', '--connect', target, ...args], { env });
}

/** A server that is no httplog: `serve` has every connection. */
async function withStranger(serve: (socket: Socket) => void, use: (port: number) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use((server.address() as { port: number }).port);
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

describe('httplog processes --connect', () => {
  it('prints the lines of a Unix socket as they are, and ends well on SIGTERM', async () => {
    await withServers({ tcp: false }, async ({ servers, path }) => {
      const running = client(`unix:${path}`);
      await until('the client', () => servers.clients === 1);
      const lines = Array.from({ length: 3000 }, (_, at) => eventLine(at, at % 50));
      for (const line of lines) servers.publish(line, 1);
      const expected = Buffer.concat(lines).toString();
      await running.holds('all lines', () => running.stdout.length >= expected.length);
      const { status, stdout, stderr } = await running.end('SIGTERM');
      assert.equal(stdout, expected);
      assert.equal(status, 0);
      assert.equal(stderr, `httplog: unix:${path}: connected\n`);
    });
  });

  it('says the password of a file, of the environment, inside TLS', async () => {
    await withDirectory(async (directory) => {
      const tls = makeCertificate(directory, 'localhost');
      const file = join(directory, 'auth');
      writeFileSync(file, `${PASSWORD}\n`, { mode: 0o600 });
      await withServers({ unix: false, tcp: { tls } }, async ({ servers, port }) => {
        const trusting = client(`tls:localhost:${port}`, ['--auth-file', file, '--tls-ca', tls.certificate]);
        await until('the client', () => servers.clients === 1);
        servers.publish(eventLine(1), 1);
        await trusting.holds('the event', () => trusting.stdout.includes('"pid":1,'));
        await servers.close();
        await trusting.says(/the server closed the connection; next try in /);
        assert.equal((await trusting.end('SIGINT')).status, 0);
      });
      await withServers({ unix: false, tcp: { tls } }, async ({ port }) => {
        const wary = await client(`tls:127.0.0.1:${port}`, [], { HTTPLOG_AUTH: PASSWORD }).end();
        assert.equal(wary.status, 1);
        assert.match(wary.stderr, /^httplog: tls:127\.0\.0\.1:\d+: the server's certificate is not trusted: .*; --tls-ca FILE names what to trust\n$/);
      });
    });
  });

  it('ends with exit code 1 when the password is wrong, without a second try', async () => {
    await withServers({ unix: false }, async ({ port, said }) => {
      const running = client(`tcp:127.0.0.1:${port}`, ['-a', 'wrong']);
      const { status, stderr } = await running.end();
      assert.equal(status, 1);
      assert.match(stderr, /httplog: warning: option -a: every user of this host can read the password with ps/);
      assert.match(stderr, /httplog: tcp:127\.0\.0\.1:\d+: authentication failed: the password is wrong, or there were too many wrong ones from here\n$/);
      assert.equal(said().match(/failed to authenticate/g)?.length, 1);
    });
  });

  it('refuses in one line what it cannot do at all', async () => {
    await withDirectory((directory) => {
      const none = httplog(['processes', '--connect', 'tcp:127.0.0.1:9']);
      assert.deepEqual([none.status, none.stderr], [2, 'httplog: TCP needs a password: give it with --auth-file or in the environment variable HTTPLOG_AUTH (httplog processes -h lists the options)\n']);
      const file = join(directory, 'auth');
      writeFileSync(file, 'x');
      chmodSync(file, 0o644);
      const open = httplog(['processes', '--connect', 'tcp:127.0.0.1:9', '--auth-file', file]);
      assert.equal(open.status, 2);
      assert.match(open.stderr, /every user of this host can read it; chmod o-r/);
      for (const target of ['tcp:127.0.0.1', 'http://x', 'tcp:127.0.0.1:0', 'unix:']) {
        const bad = httplog(['processes', '--connect', target]);
        assert.equal(bad.status, 2, target);
        assert.match(bad.stderr, /^httplog: option --connect: cannot use '.*'; wanted unix:PATH, tcp:HOST:PORT or tls:HOST:PORT, IPv6 in brackets /);
      }
    });
  });

  it('waits for a server that is not there, and comes back when it is again', async () => {
    await withDirectory(async (directory) => {
      const path = join(directory, 'processes.sock');
      const running = client(`unix:${path}`);
      await running.says(/: no such socket; next try in 0\.[23] s$/m);
      for (const number of [1, 2]) {
        await withServers({ tcp: false, unix: { path } }, async ({ servers }) => {
          await until('the client', () => servers.clients === 1);
          servers.publish(eventLine(number), 1);
          await running.holds('the event', () => running.stdout.includes(`"pid":${number},`));
        });
        await running.says(/the server closed the connection; next try in /);
      }
      const { status, stdout } = await running.end('SIGTERM');
      assert.equal(status, 0);
      assert.equal(stdout, Buffer.concat([eventLine(1), eventLine(2)]).toString());
    });
  });

  it('says that the server is full, and tries again', async () => {
    await withServers({ clients: 1 }, async ({ path, port, servers }) => {
      const first = client(`unix:${path}`);
      await until('the first client', () => servers.clients === 1);
      const unix = client(`unix:${path}`);
      const tcp = client(`tcp:127.0.0.1:${port}`, [], { HTTPLOG_AUTH: PASSWORD });
      await unix.says(/the server serves as many clients as it may \(-c\); next try in /);
      await tcp.says(/the server says 'Too many clients\. Disconnecting\.'; next try in /);
      await tcp.end('SIGTERM');
      await first.end('SIGTERM');
      await until('the second client in place of the first', () => servers.clients === 1);
      assert.equal((await unix.end('SIGTERM')).stdout, '');
    });
  });

  it('ends quietly when nobody reads its output any more', async () => {
    await withServers({ tcp: false }, async ({ servers, path }) => {
      const running = client(`unix:${path}`);
      await until('the client', () => servers.clients === 1);
      running.child.stdout?.destroy();
      await until('its end', () => {
        servers.publish(eventLine(1), 1);
        return !running.isRunning;
      });
      const { status, stderr } = await running.end();
      assert.deepEqual([status, stderr], [0, `httplog: unix:${path}: connected\n`]);
    });
  });

  it('ends on SIGTERM while its reader stalls, and lets the server go on meanwhile', async () => {
    await withServers({ tcp: false }, async ({ servers, path }) => {
      const running = startHttplog(undefined, ['processes', '--connect', `unix:${path}`], { stdout: 'stalled' });
      await until('the client', () => servers.clients === 1);
      await until('a loss', () => {
        for (let number = 0; number < 1000; number++) servers.publish(eventLine(number, 200), 1);
        return servers.eventsLost > 0;
      });
      assert.equal((await running.end('SIGTERM')).status, 0);
    });
  });

  it('shows people a line an event, and lets nothing in it command their terminal', async () => {
    await withServers({ tcp: false }, async ({ servers, path }) => {
      const running = client(`unix:${path}`, ['--pretty']);
      await until('the client', () => servers.clients === 1);
      const events = [
        { event: 'exec', pid: 7, user: 'root', cmdline: 'sh -c \\d \u001b]0;owned\u0007\u009b2J\u202e\n', time: '2026-11-21T12:34:56.789Z' },
        { event: 'fork', child_pid: 8, parent_pid: 7 },
        { event: 'exit', pid: 8, exit_code: 256, user: 'bad\u001b[31m', status: 1, duration_ms: 1500 },
        { event: 'exit', pid: 9, exit_code: 9, user: 'root', signal: 'SIGKILL', cmdline: 'sleep 9 ' },
        { event: 'lost', count: 12 },
        { event: 'uid', pid: 9, user: 'root', ruid: 0, euid: 65534 },
        { 'event': 'odd\u001b[2J', 'na\u001bme': ['\u0007'] },
      ];
      const lines = [...events.map((event) => JSON.stringify(event)), 'no JSON \u001b[2J'];
      servers.publish(Buffer.from(`${lines.join('\n')}\n`), lines.length);
      await running.holds('all of it', () => running.stdout.includes('no JSON'));
      const { stdout } = await running.end('SIGTERM');
      assert.equal(stdout, [
        '12:34:56.789 exec           7 root     sh -c \\d \\x1b]0;owned\\x07\\xc2\\x9b2J\\xe2\\x80\\xae\\x0a',
        'fork           8 -        child of 7',
        'exit           8 bad\\x1b[31m exit status 1, lived 1.5 s',
        'exit           9 root     signal SIGKILL: sleep 9',
        'lost     12 events',
        'uid            9 root     ruid=0 euid=65534',
        'odd\\x1b[2J       - -        na\\x1bme=["\\u0007"]',
        'no JSON \\x1b[2J',
        '',
      ].join('\n'));
    });
  });

  it('is coloured on a terminal, unless NO_COLOR says otherwise, and JSON on demand', async () => {
    await withServers({ tcp: false }, async ({ servers, path, directory }) => {
      const typescript = join(directory, 'typescript');
      const onTerminal = async (more: string, env: NodeJS.ProcessEnv, expected: string): Promise<void> => {
        closeSync(openSync(typescript, 'w'));
        const child = spawn('script', ['-qefc', `stty cols 40; exec ${HTTPLOG} processes --connect unix:${path} ${more}`, typescript],
          { stdio: ['ignore', 'ignore', 'ignore'], env: { ...process.env, TERM: 'xterm', NO_COLOR: '', ...env } });
        await until('the client', () => servers.clients === 1);
        servers.publish(eventLine(5, 30), 1);
        await until(`the terminal to show ${expected}`, () => readFileSync(typescript, 'utf8').includes(expected));
        child.kill('SIGKILL'); // the terminal hangs up
        await once(child, 'exit');
        await until('nobody', () => {
          servers.publish(eventLine(6), 1);
          return servers.clients === 0;
        });
      };
      await onTerminal('', {}, '\u001b[32mexec     \u001b[0m      5 root     sleep xxxxxxx…\r\n');
      await onTerminal('', { NO_COLOR: '1' }, '\nexec           5 root     sleep xxxxxxx…\r\n');
      await onTerminal('--pretty=off', {}, '{"event":"exec","pid":5,"user":"root","cmdline":"sleep xxxxxxxxxx');
    });
  });

  it('is not harmed by servers that are none', async () => {
    await withStranger((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(500)), async (port) => {
      const { status, stderr } = await client(`tcp:127.0.0.1:${port}`, [], { HTTPLOG_AUTH: 'x' }).end();
      assert.deepEqual([status, stderr], [1, `httplog: tcp:127.0.0.1:${port}: that is no httplog processes: it does not ask for a password\n`]);
    });
    const endless = (socket: Socket): void => {
      socket.write('Password: Authentication successful.\n');
      const more = (): void => void socket.write(Buffer.alloc(1 << 16, 'x'), (error) => error ?? more());
      more();
    };
    await withStranger(endless, async (port) => {
      const running = client(`tcp:127.0.0.1:${port}`, [], { HTTPLOG_AUTH: 'x' });
      await running.says(/the server sent a line of more than 1048576 bytes; next try in /);
      assert.equal((await running.end('SIGTERM')).stdout, '');
    });
    const cut = (socket: Socket): void => void socket.end(`Password: Authentication successful.\n${eventLine(1).toString()}{"event":"ex`);
    await withStranger(cut, async (port) => {
      const running = client(`tcp:127.0.0.1:${port}`, [], { HTTPLOG_AUTH: 'x' });
      await running.says(/the server closed the connection inside a line, which is left out; next try in /);
      assert.match((await running.end('SIGTERM')).stdout, /^(?:\{.*"pid":1,.*\}\n)+$/);
    });
  });
});
