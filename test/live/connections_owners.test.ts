// Whom httplog connections names where connections come to their servers in several ways, and where ends and numbers come again. Every
// answer says who gave it, every client asks with its own number: that is the ledger.

import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { startCommand } from '../support/command.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { CLONE_AS, python, type ServerMode, startOwnerServer, startPreforkNginx } from '../support/owner_servers.js';

type Line = Record<string, unknown>;
const NODE = realpathSync(process.execPath);
const NGINX = realpathSync('/usr/sbin/nginx');
const BASH = realpathSync('/bin/bash');
const HOST = `127.${192 + (process.pid & 31)}.${(process.pid >> 5) & 255}.7`;
const PORT = 18_131;
const CONNECTIONS = 6;
const ROUNDS = 20;

/** Processes one after the other, each with the port of the one before, or with its number; then every second one runs another program. */
const AGAIN = `
import ctypes, os, signal, socket, struct, sys, time
${CLONE_AS}
def connects(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.bind(('${HOST}', 20555)); s.connect(('${HOST}', port))
    s.sendall(b'GET /%d HTTP/1.1\\r\\n\\r\\n' % os.getpid()); s.recv(4096)
port, rounds, same = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == 'same'
number = 0
for i in range(rounds):
    child = clone_as(number) if same and number else os.fork()
    if child == 0:
        if same and i % 2: os.execv('/bin/bash', ['bash', '-c', 'exec 3<>/dev/tcp/${HOST}/%d; printf "GET /$$ HTTP/1.1\\r\\n\\r\\n" >&3; read -r -n 1 -u 3' % port])
        connects(port)
        os._exit(0)
    if child < 0: sys.exit('no process %d' % number)
    os.waitpid(child, 0)
    number = child
    if same: time.sleep(0.03)
`;

describe('httplog connections: whom it names', function () {
  this.timeout(180_000);
  let follower: RunningHttplog;
  const running: { stop(): Promise<void> }[] = [];
  const sockets: (Socket | UdpSocket)[] = [];
  before(async () => {
    follower = startHttplog(undefined, ['connections', '-o', 'json', '-source', 'trace']);
    await follower.says(/ready, \w+ goes to/);
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) {
      if ('destroy' in socket) socket.destroy();
      else socket.close();
    }
    for (const one of running.splice(0).reverse()) await one.stop();
  });
  after(async () => {
    try {
      const { status, stderr } = await follower.end('SIGTERM');
      assert.equal(status, 0, stderr);
    } finally {
      killStarted();
    }
  });

  const told = (event: string, fits: (line: Line) => boolean): Line[] => parseJsonLines(follower.stdout.slice(0, follower.stdout.lastIndexOf('\n') + 1))
    .filter((line) => line['event'] === event && fits(line));
  const accepted = (port: number): Line[] => told('established', (line) => line['direction'] === 'in' && line['laddr'] === HOST && line['lport'] === port);
  /** A connection of this process that stays; its port and who answered. */
  const ask = async (port: number): Promise<[port: number, pid: number]> => {
    const socket = connect(port, HOST);
    sockets.push(socket);
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    const [answer] = await once(socket, 'data') as [Buffer];
    return [(socket.address() as AddressInfo).port, Number(/(?:pid\/|X-Pid: )(\d+)/.exec(answer.toString())?.[1])];
  };
  /** Asks until one is named: where the machine is so busy that a connection is not accepted within half a second, it is nobody's. */
  const askAll = async (port: number): Promise<Map<number, number>> => {
    const ledger = new Map<number, number>();
    do {
      for (const [from, pid] of await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(port)))) ledger.set(from, pid);
      await follower.holds('every connection', () => accepted(port).length >= ledger.size);
    } while (accepted(port).every(({ pid }) => pid === undefined));
    return ledger;
  };

  const modes: readonly (readonly [ServerMode, isSure: boolean])[] = [
    ['plain', true], ['listener', true], ['activated', true], ['reuseport', true], ['child', false], ['sharing', false], ['passed', false], ['inetd', false],
  ];
  for (const [i, [mode, isSure]] of modes.entries()) {
    it(`names who accepted${isSure ? '' : ', or who got it from there, or nobody'}: ${mode}`, async () => {
      const port = PORT + i;
      const server = await startOwnerServer(mode, undefined, HOST, port);
      running.push(server);
      const ledger = await askAll(port);
      for (const line of accepted(port)) {
        const served = ledger.get(line['rport'] as number);
        const allowed = isSure ? [served, undefined] : [served, server.pid, undefined];
        assert.ok(allowed.includes(line['pid'] as number | undefined), JSON.stringify([line, server.pid, served]));
        if (line['pid'] !== undefined) assert.deepEqual([line['exe'], line['user']], [python(), 'root']);
      }
      // It alone holds the listener: there is no doubt.
      if (mode === 'plain') assert.ok(accepted(port).every(({ pid }) => pid === server.pid));
      for (const line of told('established', (one) => one['direction'] === 'out' && one['raddr'] === HOST && one['rport'] === port)) {
        assert.deepEqual([line['pid'], line['exe'], line['proc_via']], [process.pid, NODE, 'connect']);
      }
    });
  }

  it('names the worker of nginx that serves', async () => {
    const port = PORT + modes.length;
    running.push(await startPreforkNginx(undefined, [`${HOST}:${port}`]));
    const ledger = await askAll(port);
    for (const line of accepted(port).filter(({ pid }) => pid !== undefined)) assert.deepEqual([line['pid'], line['exe'], line['user']], [ledger.get(line['rport'] as number), NGINX, 'nobody'], JSON.stringify(line));
  });

  for (const again of ['ends', 'number'] as const) {
    it(`names each of those that have the same ${again} one after the other`, async () => {
      const ledger: number[] = [];
      const server = createServer((socket) => {
        socket.on('error', () => undefined).on('data', (data) => {
          // A request may come in pieces.
          const [, pid] = /^GET \/(\d+)/.exec(data.toString()) ?? [];
          if (pid === undefined) return;
          ledger.push(Number(pid));
          socket.write('x');
        });
      }).listen(0, HOST);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const children = startCommand([python(), '-c', AGAIN, String(port), String(ROUNDS), again === 'ends' ? 'other' : 'same']);
      running.push(children, { stop: async () => void await new Promise((resolve) => server.close(resolve)) });
      const opened = (): Line[] => told('open', (line) => line['raddr'] === HOST && line['rport'] === port);
      try {
        await follower.holds('every connection', () => opened().length >= ROUNDS && ledger.length >= ROUNDS);
      } catch (error) {
        throw new Error(`${(error as Error).message}; ${children.stderr()}`, { cause: error });
      }
      assert.deepEqual(opened().map(({ pid }) => pid), ledger);
      if (again === 'ends') {
        assert.equal(new Set(ledger).size, ROUNDS);
        assert.deepEqual(new Set(opened().map(({ lport }) => lport)), new Set([20_555]));
        return;
      }
      assert.equal(new Set(ledger).size, 1);
      // Of a program that was gone before it could be read, it is unknown; never that of who had the number before.
      for (const [i, line] of opened().entries()) assert.ok(['unknown', i % 2 === 0 ? python() : BASH].includes(String(line['exe'])), `${i}: ${JSON.stringify(line)}`);
      const guids = opened().map(({ guid }) => guid).filter((guid) => guid !== undefined);
      assert.equal(new Set(guids).size, guids.length);
    });
  }

  it('names who asks a name server and who answers, over UDP, and takes over what was there before', async () => {
    // A question and an answer of DNS (RFC 1035): www.example.com, A; the answer points back to the name.
    const question = Buffer.from('12340100000100000000000003777777076578616d706c6503636f6d0000010001', 'hex');
    const answer = Buffer.concat([Buffer.from('123481800001000100000000', 'hex'), question.subarray(12), Buffer.from('c00c00010001000000780004c0000201', 'hex')]);
    const server = createSocket('udp4').bind(0, HOST);
    await once(server, 'listening');
    const { port } = server.address();
    server.on('message', (message, from) => server.send(message.equals(question) ? answer : Buffer.alloc(0), from.port, from.address));
    const client = startCommand([python(), '-c', `
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('${HOST}', ${port}))
while True:
    s.send(bytes.fromhex('${question.toString('hex')}')); print(s.recv(512).hex(), file=sys.stderr, flush=True); time.sleep(0.04)`]);
    running.push(client);
    sockets.push(server);
    const of = (event: string, side: 'lport' | 'rport', where: RunningHttplog): Line[] => parseJsonLines(where.stdout.slice(0, where.stdout.lastIndexOf('\n') + 1))
      .filter((line) => line['protocol'] === 'udp' && line['event'] === event && line[side] === port && line['raddr'] !== undefined);
    await follower.holds('both ends', () => of('open', 'rport', follower).length > 0 && of('open', 'lport', follower).length > 0);
    assert.ok(client.stderr().includes(answer.toString('hex')));
    const check = (lines: readonly Line[], pid: number | undefined, exe: string): void => assert.deepEqual(lines.map((line) => [line['pid'], line['exe']]), [[pid, exe]]);
    check(of('open', 'rport', follower), client.child.pid, python());
    check(of('open', 'lport', follower), process.pid, NODE);

    const later = startHttplog(undefined, ['connections', '-o', 'json', '-source', 'capture', '-p', 'udp']);
    await later.says(/ready, \w+ goes to/);
    const adopted = (): Line[] => ['open', 'established'].flatMap((event) => [...of(event, 'rport', later), ...of(event, 'lport', later)]);
    await later.holds('both ends of the conversation that was there', () => new Set(adopted().map(({ direction, lport }) => `${String(direction)} ${String(lport)}`)).size >= 2);
    for (const line of adopted()) {
      const isServer = line['lport'] === port;
      assert.deepEqual([line['pid'], line['exe']], isServer ? [process.pid, NODE] : [client.child.pid, python()], JSON.stringify(line));
    }
    assert.equal((await later.end('SIGTERM')).status, 0);
  });
});
