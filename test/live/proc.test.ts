// Records with the process behind them: real servers that say in their answers who they are, and clients whose numbers we know.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { realpathSync } from 'node:fs';
import { command, type Running, startCommand, until } from '../support/command.js';
import { httplog, killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { type End, inNamespace, makeNetwork, type TestNetwork } from '../support/netns.js';

const SERVER = fileURLToPath(new URL('./proc_server.js', import.meta.url));
const NODE = realpathSync(process.execPath);
type Line = Record<string, unknown>;

/** A client that asks again and again, one request after the other on one connection, until somebody ends it. */
const CLIENT = `
const [host, port] = process.argv.slice(1);
const net = require('node:net');
let socket;
function ask() {
  if (!socket) socket = net.connect(Number(port), host).on('data', () => setTimeout(ask, 30));
  socket.write('GET /' + process.pid + ' HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n');
}
ask();`;

describe('live: the process behind a record', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  const running: Running[] = [];
  before(() => {
    network = makeNetwork('e2eproc');
  });
  afterEach(async () => {
    killStarted();
    for (const one of running.splice(0).reverse()) await one.stop(); // clients first: servers have their connections
  });
  after(() => network?.close());

  const serve = async (mode: string, port: number): Promise<Running> => {
    const server = startCommand(inNamespace(network.server, [process.execPath, SERVER, mode, String(port)]));
    running.push(server);
    await until(`the ${mode} server`, () => server.stderr().includes('ready'));
    return server;
  };
  const ask = (host: string, connections = 1): void => {
    for (let client = 0; client < connections; client++) running.push(startCommand(inNamespace(network.client, [process.execPath, '-e', CLIENT, host, '80'])));
  };
  const start = (where: End, args: readonly string[]): Promise<RunningHttplog> =>
    startHttplog(where, ['-i', 'eth0', '-d', '-', '-o', 'json', '-proc', ...args]).ready();
  const records = async (capture: RunningHttplog, count: number): Promise<Line[]> => {
    await capture.holds(`${count} records`, () => capture.stdout.split('\n').length > count);
    return parseJsonLines((await capture.end('SIGTERM')).stdout);
  };
  const told = (capture: RunningHttplog, kind: string): Line[] =>
    parseJsonLines(capture.stdout.slice(0, capture.stdout.lastIndexOf('\n') + 1)).filter((line) => line['kind'] === kind);
  /**
   * Waits until records of so many connections name their process, ten each. A busy machine may take longer to find one than a record
   * waits: then it says nothing, and never another one.
   * @returns all that do
   */
  const known = async (capture: RunningHttplog, kind: 'SQ' | 'CR', connections: number): Promise<Line[]> => {
    const named = (): Line[] => told(capture, kind).filter((line) => 'pid' in line);
    const client = kind === 'SQ' ? ['src', 'sport'] : ['dst', 'dport'];
    await capture.holds(`${connections} connections with their process`, () => {
      const counts = new Map<string, number>();
      for (const line of named()) {
        const connection = client.map((key) => String(line[key])).join(' ');
        counts.set(connection, (counts.get(connection) ?? 0) + 1);
      }
      return [...counts.values()].filter((count) => count >= 10).length === connections;
    });
    const lines = named();
    assert.equal((await capture.end('SIGTERM')).status, 0);
    return lines;
  };
  const answering = ({ content_type: type }: Line): number => Number(String(type).replace('pid/', ''));

  it('is the server that accepted, over IPv4 and IPv6', async () => {
    await serve('plain', 80);
    const capture = await start(network.server, ['-p', '80']);
    ask(network.server.ipv4);
    ask(network.server.ipv6);
    const lines = await known(capture, 'CR', 2);
    assert.equal(new Set(lines.map(({ src }) => src)).size, 2);
    for (const line of lines) {
      assert.deepEqual([line['pid'], line['exe'], line['user'], line['proc_via'], line['proc_shared']], [answering(line), NODE, 'root', 'listener', 1]);
    }
  });

  it('is the client that connected', async () => {
    await serve('plain', 80);
    const capture = await start(network.client, ['-p', '80']);
    ask(network.server.ipv4, 2);
    for (const line of await known(capture, 'SQ', 2)) {
      assert.deepEqual([line['pid'], line['exe'], line['proc_via']], [Number(String(line['target']).slice(1)), NODE, 'connect']);
    }
  });

  it('is the process that accepted from a listening socket of several', async () => {
    await serve('prefork', 80);
    const capture = await start(network.server, ['-p', '80']);
    ask(network.server.ipv4, 4);
    for (const line of await known(capture, 'CR', 4)) assert.equal(line['pid'], answering(line));
  });

  it('is in the end the process that a socket was passed to', async () => {
    const parent = await serve('handover', 80);
    const capture = await start(network.server, ['-p', '80']);
    ask(network.server.ipv4);
    const right = (line: Line): boolean => line['pid'] === answering(line);
    await capture.holds('ten records with the one that answers', () => told(capture, 'CR').filter(right).length >= 10);
    const responses = told(capture, 'CR');
    assert.equal((await capture.end('SIGTERM')).status, 0);
    const change = responses.findIndex(right);
    for (const line of responses.slice(0, change)) assert.ok([undefined, parent.child.pid].includes(line['pid'] as number), JSON.stringify(line));
    for (const line of responses.slice(change)) assert.ok(right(line), JSON.stringify(line));
    assert.notEqual(answering(responses[0]), parent.child.pid);
  });

  it('is known of connections that were there before', async () => {
    await serve('plain', 80);
    ask(network.server.ipv4);
    await until('a connection', () => command(inNamespace(network.server, ['ss', '-Htn', 'state', 'established'])).includes(':80'));
    const capture = await start(network.server, ['-p', '80']);
    const lines = (await records(capture, 10)).slice(0, 10);
    for (const line of lines) assert.deepEqual([typeof line['pid'], line['proc_via']], ['number', 'scan']);
    for (const line of lines.filter(({ kind }) => kind === 'CR')) assert.equal(line['pid'], answering(line));
  });

  it('goes without root, too, and with more than one worker', async () => {
    await serve('plain', 80);
    const capture = await start(network.server, ['-p', '80', '-u', 'nobody', '-cpu', '2']);
    ask(network.server.ipv4);
    for (const line of await known(capture, 'CR', 1)) assert.deepEqual([line['pid'], line['exe']], [answering(line), NODE]);
    assert.match(capture.stderr, /capabilities: CAP_DAC_READ_SEARCH, CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_PTRACE/);
  });

  for (const user of [[], ['-u', 'nobody']] as const) it(`is known of clients that end at once, and none is wrong${user.length > 0 ? ', without root too' : ''}`, async () => {
    // Process events come in the host's own network namespace alone: its end of a veth pair is here.
    const [link, address] = [`hlproc${process.pid % 10_000}`, '10.213.77'];
    command(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'hlproc', 'netns', network.server.namespace]);
    try {
      command(['sh', '-ec', `ip addr add ${address}.1/30 dev ${link}; ip link set ${link} up
        ip -n ${network.server.namespace} addr add ${address}.2/30 dev hlproc; ip -n ${network.server.namespace} link set hlproc up`]);
      await serve('plain', 80);
      const capture = await startHttplog(undefined, ['-i', link, '-d', '-', '-o', 'json', '-proc', '-p', '80', ...user]).ready();
      assert.doesNotMatch(capture.stderr, /without the kernel's trace/);
      const client = startCommand(['bash', '-c', `for i in {1..30}; do sh -c 'exec curl -s -o /dev/null http://${address}.2/$$'
        (exec 3<>/dev/tcp/${address}.2/80; printf "GET /$BASHPID HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n" >&3; read -r -n 1 -u 3); done`]);
      running.push(client);
      const requestsOf = (text: string): Line[] => parseJsonLines(text.slice(0, text.lastIndexOf('\n') + 1)).filter(({ kind }) => kind === 'SQ');
      // What is sent again is a record again, and the server may answer one request in two pieces: clients count, not lines.
      const clientsOf = (lines: readonly Line[]): Set<unknown> => new Set(lines.map((line) => line['target']));
      await capture.holds('60 requests', () => clientsOf(requestsOf(capture.stdout)).size === 60);
      const { stdout, stderr } = await capture.end('SIGTERM');
      const named = requestsOf(stdout).filter((line) => 'pid' in line);
      for (const line of named) assert.equal(line['pid'], Number(String(line['target']).slice(1)));
      assert.ok(clientsOf(named).size >= 54, `${clientsOf(named).size} of 60 known`);
      // The trace tells each of them, whatever becomes of it; a record may have come before that was heard of.
      const [, traced] = /\((\d+) told by the trace/.exec(stderr) ?? assert.fail(stderr);
      assert.ok(Number(traced) >= 60, stderr);
    } finally {
      command(['ip', 'link', 'del', link]);
    }
  });

  it('is refused by name where a capability is missing, and on replay', async () => {
    for (const name of ['SYS_PTRACE', 'NET_ADMIN']) {
      const refused = startHttplog(network.server, ['-i', 'eth0', '-d', '-', '-proc'], { prefix: ['setpriv', `--bounding-set=-${name.toLowerCase()}`, `--inh-caps=-${name.toLowerCase()}`] });
      const { status, stderr } = await refused.end();
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`-proc needs CAP_${name}`));
    }
    const replay = httplog(['-r', 'none.pcap', '-proc']);
    assert.deepEqual([replay.status, /option -proc: goes with live capture, not with -r: /.test(replay.stderr)], [2, true]);
    const column = httplog(['-r', 'none.pcap', '-o', 'tsv', '-fields', 'ts,pid']);
    assert.deepEqual([column.status, /column pid goes with -proc/.test(column.stderr)], [2, true]);
  });
});
