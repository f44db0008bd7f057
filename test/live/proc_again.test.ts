// What is used again is not what it was: the addresses and ports of a connection, and the number of a process. Whoever had them before
// is never told. Clients and servers say themselves who they are.

import assert from 'node:assert/strict';
import { startCommand, type Running } from '../support/command.js';
import { type HostLink, linkHost } from '../support/host_link.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { inNamespace, makeNetwork, type End, type TestNetwork } from '../support/netns.js';
import { python, startOwnerServer, type OwnerServer } from '../support/owner_servers.js';

type Line = Record<string, unknown>;
const ROUNDS = 60;
const CLIENT_PORT = 20_222;

/**
 * One client after the other, each a process of its own, all with the same port; a connection is reset at its end, so that nothing of
 * it is left. Each asks so many times; 0: every 40 ms until somebody ends it.
 */
const CLIENTS = `
import os, socket, struct, sys, time
host, port, own, rounds, times = sys.argv[1], *map(int, sys.argv[2:])
for _ in range(rounds):
    child = os.fork()
    if child == 0:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        s.bind(('', own))
        s.connect((host, port))
        asked = 0
        while times == 0 or asked < times:
            asked += 1
            s.sendall(b'GET /%s HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n' % os.readlink('/proc/self').encode())
            s.recv(65536)
            if times == 0: time.sleep(0.04)
        os._exit(0)
    os.waitpid(child, 0)
`;

const distinct = (value: unknown, at: number, all: readonly unknown[]): boolean => all.indexOf(value) === at;

for (const place of ['with process events and the trace', 'without'] as const) {
  describe(`live: the process behind a record, where addresses come again, ${place}`, function () {
    this.timeout(60_000);
    let network: TestNetwork;
    let link: HostLink | undefined;
    /** where the client is; undefined: here */
    let client: End | undefined;
    let clientDevice: string;
    let server: End;
    before(() => {
      network = makeNetwork('procagain');
      [client, server] = [network.client, network.server];
      clientDevice = client.device;
      if (place === 'without') return;
      link = linkHost(network.server);
      [client, server, clientDevice] = [undefined, link.peer, link.device];
    });
    const running: { stop(): Promise<void> }[] = [];
    afterEach(async () => {
      killStarted();
      for (const one of running.splice(0).reverse()) await one.stop();
    });
    after(() => {
      link?.close();
      network.close();
    });

    const serve = async (mode: 'plain' | 'child'): Promise<OwnerServer> => {
      const one = await startOwnerServer(mode, server, server.ipv4, 80);
      running.push(one);
      return one;
    };
    const ask = (rounds: number, times: number): Running => {
      const argv = [python(), '-c', CLIENTS, server.ipv4, '80', String(CLIENT_PORT), String(rounds), String(times)];
      const one = startCommand(client === undefined ? argv : inNamespace(client, argv));
      running.push(one);
      return one;
    };
    const linesOf = (capture: RunningHttplog, kind: string): Line[] => parseJsonLines(capture.stdout.slice(0, capture.stdout.lastIndexOf('\n') + 1))
      .filter((line) => line['kind'] === kind);

    it('never names the client that had the same ends before', async () => {
      await serve('plain');
      const capture = await startHttplog(client, ['-i', clientDevice, '-d', '-', '-o', 'json', '-proc', '-p', '80']).ready();
      ask(ROUNDS, 3);
      await capture.holds('every request', () => linesOf(capture, 'SR').length >= 3 * ROUNDS);
      const requests = linesOf(capture, 'SQ');
      for (const line of requests.filter((one) => 'pid' in one)) assert.equal(line['pid'], Number(String(line['target']).slice(1)), JSON.stringify(line));
    });

    it('names each of those that have the same ends one after the other, at both ends', async () => {
      const { pid: parent } = await serve('child');
      const captures = await Promise.all([[client, clientDevice] as const, [server, server.device] as const].map(([where, device]) => (
        startHttplog(where, ['-i', device, '-d', '-', '-o', 'json', '-proc', '-p', '80']).ready())));
      ask(4, 0);
      const met = new Set<number>();
      for (let round = 0; round < 4; round++) {
        const asking = (): number[] => linesOf(captures[0], 'SQ').map((line) => Number(String(line['target']).slice(1))).filter((pid) => !met.has(pid));
        await captures[0].holds('the next client', () => asking().length > 0);
        const [pid] = asking();
        met.add(pid);
        await captures[0].holds('it to be named', () => linesOf(captures[0], 'SQ').some((line) => line['pid'] === pid));
        const served = (line: Line): boolean => line['pid'] === Number(String(line['content_type']).slice('pid/'.length));
        await captures[1].holds('its server to be named', () => linesOf(captures[1], 'CR').filter(served).map((line) => line['pid']).filter(distinct).length === round + 1);
        process.kill(pid, 'SIGKILL');
      }
      for (const line of linesOf(captures[0], 'SQ').filter((one) => 'pid' in one)) assert.equal(line['pid'], Number(String(line['target']).slice(1)), JSON.stringify(line));
      for (const line of linesOf(captures[1], 'CR').filter((one) => 'pid' in one)) {
        assert.ok([parent, Number(String(line['content_type']).slice('pid/'.length))].includes(line['pid'] as number), JSON.stringify(line));
      }
    });

    it('never names the server that had the same ends before', async () => {
      const { pid: parent } = await serve('child');
      const capture = await startHttplog(server, ['-i', server.device, '-d', '-', '-o', 'json', '-proc', '-p', '80']).ready();
      ask(ROUNDS, 3);
      await capture.holds('every answer', () => linesOf(capture, 'CR').length >= 3 * ROUNDS);
      const responses = linesOf(capture, 'CR');
      for (const line of responses.filter((one) => 'pid' in one)) {
        assert.ok([parent, Number(String(line['content_type']).slice('pid/'.length))].includes(line['pid'] as number), JSON.stringify(line));
      }
    });
  });
}
