import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, realpathSync, writeFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSocket } from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, tryCommand } from '../support/command.js';
import { sizeOf } from '../support/disk.js';
import { checkEcs } from '../support/ecs_fields.js';
import { httplog, killStarted, parseJsonLines, startHttplog, withDirectory, type RunningHttplog } from '../support/httplog.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';

type Line = Record<string, unknown>;
const BASH = realpathSync('/bin/bash');
const NODE = realpathSync(process.execPath);
const READY = /ready, \w+ goes to/;
const INSTANCES = '/sys/kernel/tracing/instances';

/** A server of this very process. */
async function listen(host = '127.0.0.1'): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('hello')).listen(0, host);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** How often somebody is asked whom a busy machine may find too late. */
const MOST_TRIES = 40;

const helpers: ChildProcess[] = [];

/** spawn(), of what ends with the tests whatever becomes of them. */
const beside = ((...args: Parameters<typeof spawn>) => {
  const child = spawn(...args);
  helpers.push(child);
  return child;
}) as typeof spawn;

/** A client in a thread of the test's own that lets the server's loop run. */
async function runBash(script: string): Promise<string> {
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  await once(child, 'close');
  return text;
}

async function start(...args: readonly string[]): Promise<RunningHttplog> {
  const running = startHttplog(undefined, ['connections', '-o', 'json', ...args]);
  await running.says(READY);
  return running;
}

const linesOf = (running: RunningHttplog): Line[] => parseJsonLines(running.stdout.slice(0, running.stdout.lastIndexOf('\n') + 1));
const outgoing = (lines: readonly Line[], event: string): Line[] => lines.filter((line) => line['direction'] === 'out' && line['event'] === event);

describe('httplog connections', function () {
  this.timeout(180_000);
  after(() => {
    killStarted();
    for (const helper of helpers) helper.kill('SIGKILL');
  });

  it('explains itself, and refuses what does not fit', () => {
    const help = httplog(['connections', '-h']);
    assert.equal(help.status, 0);
    for (const option of ['--source', '--poll', '--clog', '--plog', '--omit-self-conns', '--omit-privnet-conns', '--max-bytes', '--lip']) assert.ok(help.stdout.includes(option), option);
    for (const [args, words] of [
      [['-ipv', '5'], /option --ipv: cannot use '5'; wanted 4 or 6/], [['-clog', 'x'], /--clog: goes with -o lognet/], [['-o', 'xml'], /wanted text, json/],
      [['-poll', '0'], /seconds from 0.1/], [['-source', 'trace', '-poll', '1'], /--poll: goes with -source poll/], [['-lip', 'host'], /an IPv4 or IPv6 address/],
    ] as const) {
      const { status, stderr } = httplog(['connections', ...args]);
      assert.equal(status, 2);
      assert.match(stderr, words);
    }
  });

  describe('by tracing', () => {
    let running: RunningHttplog;
    let network: TestNetwork;
    before(async () => {
      network = makeNetwork('conns');
      running = await start('-source', 'trace');
    });
    after(() => network.close());
    beforeEach(() => assert.ok(running.isRunning, running.stderr));

    it('names every short-lived client, the server, bytes and durations; then leaves nothing behind', async () => {
      assert.match(running.stderr, /source: trace/);
      assert.ok(existsSync(`${INSTANCES}/httplog-${running.pid}`));
      const { server, port } = await listen();
      const ledger = (await runBash(`for i in $(seq 40); do bash -c 'echo $$; exec 3<>/dev/tcp/127.0.0.1/${port}; read -t 5 x <&3'; done`)).trim().split('\n').map(Number);
      const mine = (): Line[] => linesOf(running).filter((line) => line['rport'] === port || line['lport'] === port);
      await running.holds('every close', () => mine().filter(({ event }) => event === 'close').length >= 80);
      assert.deepEqual(outgoing(mine(), 'open').map(({ pid }) => pid), ledger);
      const exes = outgoing(mine(), 'established').map((line) => line['exe']);
      // On a busy machine a program may be gone before anybody can read which it is: then it is unknown, never another one.
      for (const exe of exes) assert.ok(exe === BASH || exe === 'unknown', String(exe));
      for (const line of outgoing(mine(), 'established')) assert.deepEqual([line['proc_via'], line['user']], ['connect', 'root']);
      const accepted = mine().filter((line) => line['direction'] === 'in' && line['event'] === 'established');
      assert.deepEqual(accepted.map((line) => [line['pid'], line['exe'], line['proc_via']]), ledger.map(() => [process.pid, NODE, 'listener']));
      assert.equal(mine().filter(({ event }) => event === 'listen')[0]['pid'], process.pid);
      const closes = mine().filter(({ event, raddr }) => event === 'close' && raddr !== undefined);
      for (const line of closes) assert.ok((line['duration_ms'] as number) >= 0);
      // Of a socket that its program keeps for long after its end nobody tells what it carried.
      const counted = closes.filter((line) => line['bytes_sent'] !== undefined);
      assert.ok(counted.length >= closes.length / 2, `${counted.length} of ${closes.length}`);
      for (const line of counted) {
        // SYN and FIN count as a byte each: the kernel's own count of sequence numbers.
        const [sent, received] = [Number(line['bytes_sent']), Number(line['bytes_received'])];
        assert.ok(line['direction'] === 'in' ? sent >= 5 && sent <= 7 : received >= 5 && received <= 7, JSON.stringify(line));
      }
      server.close();
      await running.holds('the end of the listener', () => mine().some(({ event, raddr }) => event === 'close' && raddr === undefined));

      const failed = Number((await runBash(`echo $$; exec 3<>/dev/tcp/127.0.0.1/${port}`).catch(() => '')).trim());
      await running.holds('the failed connect', () => mine().some((line) => line['failed'] === true));
      assert.equal(mine().find((line) => line['failed'] === true)?.['pid'], failed);

      const dual = await listen('::');
      connect(dual.port, '::ffff:127.0.0.1').on('data', () => undefined).on('error', () => undefined);
      const mapped = (): Line[] => linesOf(running).filter((line) => line['rport'] === dual.port || line['lport'] === dual.port);
      await running.holds('the mapped connection', () => mapped().filter(({ event }) => event === 'established').length >= 2);
      for (const line of mapped().filter(({ event }) => event === 'established')) assert.deepEqual([line['laddr'], line['ip'], line['pid']], ['127.0.0.1', 4, process.pid]);
      dual.server.close();

      // Other network and PID namespaces: a server and a client that know themselves by other numbers.
      const there = spawn(inNamespace(network.server, ['true'])[0], inNamespace(network.server, [process.execPath, '-e',
        "require('net').createServer((s) => s.on('error', () => 0).end('x')).listen(8099, () => console.log('up'))"]).slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(there.stdout, 'data');
      const client = spawn('unshare', ['-p', '-f', '--kill-child', ...inNamespace(network.client, ['bash', '-c', `exec 3<>/dev/tcp/${network.server.ipv4}/8099; read x <&3; sleep 600`])], { stdio: 'inherit' });
      const far = (event: string): Line[] => linesOf(running).filter((line) => line['event'] === event && (line['rport'] === 8099 || line['lport'] === 8099));
      await running.holds('both ends in namespaces', () => far('established').length >= 2);
      const child = Number(readFileSync(`/proc/${client.pid}/task/${client.pid}/children`, 'latin1').trim().split(' ')[0]);
      assert.equal(far('established').find((line) => line['direction'] === 'out')?.['pid'], child);
      assert.equal(far('established').find((line) => line['direction'] === 'in')?.['pid'], there.pid);
      const over = once(client, 'exit');
      client.kill('SIGKILL');
      there.kill('SIGKILL');
      await over;

      // Servers that share what listens: the answer names the process that gave it.
      const directory = mkdtempSync(join(tmpdir(), 'httplog-test-'));
      writeFileSync(join(directory, 'prefork.cjs'), `
        const cluster = require('cluster');
        cluster.schedulingPolicy = cluster.SCHED_NONE;
        if (cluster.isPrimary) { let up = 0; for (let i = 0; i < 2; i++) cluster.fork().on('listening', (a) => { if (++up === 2) console.log(a.port); }); }
        else require('net').createServer((s) => { s.on('error', () => 0); s.write(String(process.pid)); }).listen(0, '127.0.0.1');
      `);
      const prefork = spawn(process.execPath, [join(directory, 'prefork.cjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [portText] = await once(prefork.stdout, 'data') as [Buffer];
      const sharedPort = Number(portText.toString());
      const servers = new Map<number, number>();
      const sockets = await Promise.all(Array.from({ length: 12 }, async () => {
        const socket = connect(sharedPort, '127.0.0.1');
        const [answer] = await once(socket, 'data') as [Buffer];
        servers.set((socket.address() as AddressInfo).port, Number(answer.toString()));
        return socket;
      }));
      const shared = (): Line[] => linesOf(running).filter((line) => line['lport'] === sharedPort && line['event'] === 'established');
      await running.holds('every accepted connection', () => shared().length >= 12);
      const known = shared().filter((line) => line['pid'] !== undefined);
      assert.ok(known.length > 0, JSON.stringify(shared()[0]));
      for (const line of known) assert.equal(line['pid'], servers.get(line['rport'] as number), JSON.stringify(line));
      for (const socket of sockets) socket.destroy();
      prefork.kill('SIGKILL');
      rmSync(directory, { recursive: true });

      // UDP, as a question to a name server and its answer.
      const server4 = createSocket('udp4').bind(0, '127.0.0.1');
      await once(server4, 'listening');
      const { port: udpPort } = server4.address();
      server4.on('message', (_, from) => server4.send('answer', from.port, from.address));
      const asking = createSocket('udp4');
      asking.send('question', udpPort, '127.0.0.1');
      await once(asking, 'message');
      const udp = (): Line[] => linesOf(running).filter((line) => line['protocol'] === 'udp' && line['event'] === 'open' && (line['lport'] === udpPort || line['rport'] === udpPort));
      await running.holds('both ends of the conversation', () => udp().length >= 2);
      assert.deepEqual(udp().map(({ pid, exe }) => [pid, exe]), [[process.pid, NODE], [process.pid, NODE]]);
      server4.close();
      asking.close();

      running.child.kill('SIGUSR2');
      await running.says(/\d+ events = \d+ with a process \+ \d+ without/);
      const { status, stderr } = await running.end('SIGTERM');
      assert.equal(status, 0, stderr);
      assert.match(stderr, /lost: 0 changes of TCP state, 0 packets/);
      assert.equal(existsSync(`${INSTANCES}/httplog-${running.pid}`), false);
    });
  });

  it('names who has the socket where listeners and connections change hands', async () => {
    const running = await start('-source', 'trace', '-p', 'tcp');
    const accepted = (port: number): Line[] => linesOf(running).filter((line) => line['lport'] === port && line['direction'] === 'in' && line['event'] === 'established');
    const called = (port: number): Line[] => linesOf(running).filter((line) => line['rport'] === port && line['event'] === 'established');

    // Clients that stay until they are told of: not one is unknown, however busy the machine is.
    const { server, port } = await listen();
    server.removeAllListeners('connection').on('connection', (socket: Socket) => socket.on('error', () => undefined));
    const clients = Array.from({ length: 8 }, () => beside('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; read x <&3; :`], { stdio: 'ignore' }));
    await running.holds('every client', () => called(port).length >= 8 && accepted(port).length >= 8);
    assert.deepEqual(called(port).map((line) => `${line['pid'] as number} ${line['exe'] as string}`).sort(), clients.map(({ pid }) => `${pid} ${BASH}`).sort());
    assert.deepEqual(accepted(port).map((line) => [line['pid'], line['exe'], line['proc_via']]), clients.map(() => [process.pid, NODE, 'listener']));
    for (const client of clients) client.kill('SIGKILL');
    server.close();

    await withDirectory(async (directory) => {
      // A listener goes to another process over a Unix socket, right after a connection to its old owner.
      const file = join(directory, 'pass.cjs');
      writeFileSync(file, `
        const net = require('net');
        const answer = (s) => { s.on('error', () => 0); s.write(String(process.pid)); };
        if (process.argv[2] === 'child') process.on('message', (m, server) => { server.on('connection', answer); process.send('mine'); });
        else {
          const child = require('child_process').fork(__filename, ['child']);
          const server = net.createServer(answer).listen(0, '127.0.0.1', () => console.log(server.address().port));
          process.stdin.once('data', () => child.send('server', server, () => server.close()));
          child.on('message', () => console.log('passed'));
          process.on('SIGTERM', () => { child.kill('SIGKILL'); process.exit(); });
        }
      `);
      const passer = beside(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
      const [text] = await once(passer.stdout, 'data') as [Buffer];
      const passed = Number(text.toString());
      const ask = async (at: number): Promise<{ socket: Socket; pid: number; lport: number }> => {
        const socket = connect(at, '127.0.0.1');
        const [answer] = await once(socket, 'data') as [Buffer];
        return { socket, pid: Number(answer.toString()), lport: (socket.address() as AddressInfo).port };
      };
      const first = await ask(passed);
      assert.equal(first.pid, passer.pid);
      await running.holds('the connection to the old owner', () => accepted(passed).length >= 1);
      passer.stdin.write('pass\n');
      await once(passer.stdout, 'data');
      const second = await ask(passed);
      await running.holds('the connection to the new owner', () => accepted(passed).length >= 2);
      assert.notEqual(second.pid, first.pid);
      assert.deepEqual(accepted(passed).map(({ pid, rport }) => [pid, rport]), [first, second].map(({ pid, lport }) => [pid, lport]));
      first.socket.destroy();
      second.socket.destroy();
      const passerEnds = once(passer, 'exit');
      passer.kill('SIGTERM');
      await passerEnds;

      // Two processes listen at one port with a socket each (SO_REUSEPORT).
      const script = `
import os, socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen()
print(s.getsockname()[1], flush=True)
kept = []
while True:
    c, _ = s.accept(); c.sendall(str(os.getpid()).encode()); kept.append(c)
`;
      const one = beside('python3', ['-c', script, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [portText] = await once(one.stdout, 'data') as [Buffer];
      const reused = Number(portText.toString());
      const two = beside('python3', ['-c', script, String(reused)], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(two.stdout, 'data');
      const asked = await Promise.all(Array.from({ length: 16 }, () => ask(reused)));
      await running.holds('every connection', () => accepted(reused).length >= asked.length);
      const ledger = new Map(asked.map(({ lport, pid }) => [lport, pid]));
      assert.equal(new Set(ledger.values()).size, 2);
      for (const line of accepted(reused)) assert.equal(line['pid'], ledger.get(line['rport'] as number), JSON.stringify(line));
      for (const { socket } of asked) socket.destroy();
      one.kill('SIGKILL');
      two.kill('SIGKILL');

      // A server that hands each connection to a child, which does not hold the listener, and closes its own copy.
      const forking = beside('python3', ['-c', `
import os, socket
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    if os.fork() == 0:
        s.close(); c.sendall(str(os.getpid()).encode()); c.recv(1); os._exit(0)
    c.close()
`], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [forkText] = await once(forking.stdout, 'data') as [Buffer];
      const forkPort = Number(forkText.toString());
      // On a busy machine the child may be found too late, which is told; somebody else is never named.
      let named: unknown = 'unknown';
      for (let tries = 1; named === 'unknown' && tries <= MOST_TRIES; tries++) {
        const served = await ask(forkPort);
        try {
          await running.holds('the connection of a child', () => accepted(forkPort).length >= tries);
          const line = accepted(forkPort).find(({ rport }) => rport === served.lport)!;
          named = line['pid'];
          assert.ok([served.pid, forking.pid, 'unknown'].includes(named as number), JSON.stringify([line, served.pid, forking.pid]));
        } finally {
          served.socket.destroy(); // its child ends with it
        }
      }
      assert.notEqual(named, 'unknown');
      forking.kill('SIGKILL');
    });
    assert.equal((await running.end('SIGTERM')).status, 0);
  });

  it('mounts tracefs where it is not, and unmounts what it mounted', async () => {
    const running = startHttplog(undefined, ['connections', '-o', 'json', '-source', 'trace', '-p', 'tcp'], { prefix: ['unshare', '-m', 'sh', '-c',
      'umount /sys/kernel/tracing /sys/kernel/debug 2>/dev/null; "$@"; code=$?; grep -c "/sys/kernel/tracing " /proc/self/mounts >&2; exit $code', 'sh'] });
    await running.says(READY);
    assert.match(running.stderr, /tracefs mounted at \/sys\/kernel\/tracing\n/);
    // The shell in between passes no signals on.
    const [inner] = readFileSync(`/proc/${running.pid}/task/${running.pid}/children`, 'latin1').trim().split(' ');
    process.kill(Number(inner), 'SIGTERM');
    assert.match((await running.end()).stderr, /\n0\n$/, 'no tracefs is left in its mount namespace');
  });

  it('tells UDP by capture: conversations, and the end of sockets that were there before', async () => {
    const before = createSocket('udp4').bind(0, '127.0.0.1');
    await once(before, 'listening');
    const { port } = before.address();
    before.on('message', (_, from) => before.send('answer', from.port, from.address));
    const running = await start('-source', 'capture', '-p', 'udp');
    const mine = (event: string): Line[] => linesOf(running).filter((line) => line['event'] === event && (line['lport'] === port || line['rport'] === port));
    await running.holds('the old socket', () => mine('listen').length > 0);
    assert.deepEqual(mine('listen').map((line) => [line['pid'], line['exe'], line['old']]), [[process.pid, NODE, true]]);
    const asking = createSocket('udp4');
    asking.send('question', port, '127.0.0.1');
    await once(asking, 'message');
    await running.holds('both ends', () => mine('open').length >= 2);
    assert.deepEqual(mine('open').map((line) => [line['pid'], line['exe']]), [[process.pid, NODE], [process.pid, NODE]]);
    before.close();
    await running.holds('its end', () => mine('close').some((line) => line['raddr'] === undefined));
    asking.close();
    assert.equal((await running.end('SIGTERM')).status, 0);
  });

  it('removes the tracing instance of an httplog that was killed', async () => {
    const killed = await start('-source', 'trace', '-p', 'tcp');
    await killed.end('SIGKILL');
    assert.ok(existsSync(`${INSTANCES}/httplog-${killed.pid}`));
    const next = await start('-source', 'trace', '-p', 'tcp');
    assert.deepEqual(readdirSync(INSTANCES).filter((name) => name === `httplog-${killed.pid}`), []);
    assert.equal((await next.end('SIGTERM')).status, 0);
  });

  it('captures frames where that is asked for', async () => {
    const { server, port } = await listen();
    server.removeAllListeners('connection').on('connection', (socket: Socket) => socket.on('error', () => undefined).on('data', () => socket.end()));
    const running = await start('-source', 'capture', '-p', 'tcp');
    assert.match(running.stderr, /source: capture/);
    const mine = (): Line[] => linesOf(running).filter((line) => line['rport'] === port || line['lport'] === port);
    const client = spawn('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; read; echo >&3`], { stdio: ['pipe', 'ignore', 'inherit'] });
    const { pid } = client;
    await running.holds('the connection', () => outgoing(mine(), 'established').length > 0);
    client.stdin.end('\n');
    await running.holds('the ends of the connection', () => mine().filter((line) => line['event'] === 'close' && line['raddr'] !== undefined).length >= 2);
    assert.deepEqual(outgoing(mine(), 'established').map((line) => [line['pid'], line['exe']]), [[pid, BASH]]);
    assert.deepEqual(mine().filter((line) => line['direction'] === 'in' && line['event'] === 'established').map((line) => line['pid']), [process.pid]);
    server.close();
    await once(server, 'close');
    tryCommand(['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`]);
    await running.holds('the failed connect', () => mine().some((line) => line['failed'] === true));
    assert.equal((await running.end('SIGTERM')).status, 0);
  });

  it('looks at sockets without root, and names one\'s own processes', async () => {
    const script = "require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })";
    const nobody = spawn('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = await once(nobody.stdout, 'data') as [Buffer];
    const port = Number(text.toString());
    const running = startHttplog(undefined, ['connections', '-o', 'json', '-poll', '0.2', '-p', 'tcp'], { prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] });
    await running.says(READY);
    assert.match(running.stderr, /source: poll: a look at all sockets every 0.2 s/);
    await running.holds('the listener', () => linesOf(running).some((line) => line['event'] === 'listen' && line['lport'] === port));
    const line = linesOf(running).find((one) => one['lport'] === port);
    assert.deepEqual([line?.['pid'], line?.['old'], line?.['user']], [nobody.pid, true, 'nobody']);
    const socket = connect(port, '127.0.0.1');
    await running.holds('the new connection', () => linesOf(running).some((one) => one['event'] === 'established' && one['rport'] === port));
    const foreign = linesOf(running).find((one) => one['event'] === 'established' && one['rport'] === port);
    assert.equal(foreign?.['exe'], 'unknown', "root's processes are none of nobody's");
    socket.destroy();
    nobody.kill('SIGKILL');
    await running.holds('the end of both', () => linesOf(running).filter((one) => one['event'] === 'close' && (one['lport'] === port || one['rport'] === port)).length >= 2);
    assert.equal((await running.end('SIGTERM')).status, 0);
  });

  it('keeps the files of lognet, puts old ones aside and falls back where it may not write', async () => {
    await withDirectory(async (directory) => {
      const [clog, plog] = [join(directory, 'connections.log'), join(directory, 'processes.log')];
      writeFileSync(clog, '#Version: 1.0\n#Date: 2022-07-27 22:23:15\n#Fields: old\n');
      const { server, port } = await listen();
      const running = startHttplog(undefined, ['connections', '-o', 'lognet', '-clog', clog, '-plog', plog, '-poll', '0.2', '-lport', String(port)]);
      await running.says(READY);
      await running.holds('the listener', () => existsSync(clog) && readFileSync(clog, 'utf8').includes('LISTEN'));
      assert.ok(existsSync(join(directory, 'connections-20220727T222315.log')));
      const [version, date, fields, line] = readFileSync(clog, 'utf8').split('\n');
      assert.equal(version, '#Version: 1.0');
      assert.match(date, /^#Date: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      assert.equal(fields, '#Fields: timestamp prot laddr lport raddr rport status upid');
      assert.match(line, new RegExp(`^\\d{4}-\\d\\d-\\d\\d\\|\\d\\d:\\d\\d:\\d\\d TCP 127\\.0\\.0\\.1 ${port} - - LISTEN node\\|${process.pid}\\|\\d+\\.\\d{1,2}$`));
      assert.match(readFileSync(plog, 'utf8').split('\n')[3], new RegExp(`^\\S+ node\\|${process.pid}\\|[\\d.]+ \\['.*\\]$`));
      assert.equal((await running.end('SIGTERM')).status, 0);
      server.close();
      mkdirSync(join(directory, 'd'));
      writeFileSync(join(directory, 'file'), '');
      const refused = httplog(['connections', '-o', 'lognet', '-clog', join(directory, 'file/c.log'), '-plog', join(directory, 'file/p.log')]);
      assert.equal(refused.status, 1);
      assert.match(refused.stderr, /^httplog: cannot .*-clog and -plog, or give --fallback-dir DIR\n$/);
      const fallen = startHttplog(undefined, ['connections', '-o', 'lognet', '-clog', join(directory, 'file/c.log'), '-plog', join(directory, 'file/p.log'), '--fallback-dir', join(directory, 'd'), '-poll', '1']);
      await fallen.says(READY);
      assert.ok(statSync(join(directory, 'd/c.log')).isFile());
      await fallen.end('SIGTERM');
    });
  });

  it("rotates conmon's CSV by size, and begins anew on SIGHUP", async () => {
    await withDirectory(async (directory) => {
      const file = join(directory, 'log.txt');
      const { server, port } = await listen();
      const running = startHttplog(undefined, ['connections', '-o', 'conmon', '-w', file, '-max_bytes', '1K', '-backup_count', '2', '-source', 'trace', '-rport', String(port)]);
      await running.says(READY);
      const written = (): number => {
        running.child.kill('SIGUSR2');
        return Number([...running.stderr.matchAll(/(\d+) lines and \d+ bytes written/g)].at(-1)?.[1] ?? 0);
      };
      // However many lines are written at a time: what waits for a file never exceeds a round.
      for (let round = 1; round <= 4; round++) {
        await runBash(`for i in 1 2 3 4 5 6; do : </dev/tcp/127.0.0.1/${port}; done`);
        await running.holds('the lines of the round', () => written() === 6 * round);
      }
      assert.ok(existsSync(`${file}.2`));
      assert.equal(existsSync(`${file}.3`), false);
      for (const line of readFileSync(`${file}.1`, 'utf8').trimEnd().split('\n')) {
        const fields = line.split(', ');
        assert.equal(fields.length, 12);
        assert.deepEqual([fields[5], fields[10], fields[11]], ['root', '127.0.0.1', String(port)]);
        assert.ok(fields[6] === BASH || fields[6] === 'unknown', line);
      }
      command(['mv', file, `${file}.moved`]);
      running.child.kill('SIGHUP');
      await runBash(`: </dev/tcp/127.0.0.1/${port}`);
      await running.holds('a new file', () => sizeOf(file) > 0);
      server.close();
      assert.equal((await running.end('SIGTERM')).status, 0);
    });
  });

  it('writes ecs that keeps to the schema', async () => {
    const { server } = await listen(); // a machine may have no other
    const running = startHttplog(undefined, ['connections', '-o', 'ecs', '-poll', '1', '-p', 'tcp']);
    await running.says(READY);
    await running.holds('lines', () => running.stdout.includes('\n'));
    const lines = parseJsonLines((await running.end('SIGTERM')).stdout);
    assert.ok(lines.length > 0);
    for (const line of lines) checkEcs(line, 'httplog');
    server.close();
  });
});
