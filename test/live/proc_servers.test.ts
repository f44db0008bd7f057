// Which process a record names where connections come to their servers in other ways than by one that accepts and answers. Every
// answer says who gave it: that is the ledger. Each is tried with process events and the kernel's trace (in the host's own
// namespaces, over loopback) and without (in a network namespace).

import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { type Running } from '../support/command.js';
import { killStarted, parseJsonLines, type RunningHttplog, startHttplog } from '../support/httplog.js';
import { makeNetwork, type End, type TestNetwork } from '../support/netns.js';
import { type OwnerServer, python, type ServerMode, startAsking, startOwnerServer, startPreforkNginx } from '../support/owner_servers.js';

type Line = Record<string, unknown>;
const NGINX = realpathSync('/usr/sbin/nginx');
const PORTS: Readonly<Record<Exclude<ServerMode, 'late'>, number>> = { plain: 18_101, child: 18_102, sharing: 18_103, both: 18_104, passed: 18_105, listener: 18_106, activated: 18_107, inetd: 18_108, reuseport: 18_109 };
const [NGINX_PORT, NGINX_REUSEPORT] = [18_110, 18_111];
const CONNECTIONS = 6;

/** Who answered, by the answer itself. */
function answering({ content_type: type, headers }: Line): number {
  return Number((headers as Record<string, string> | undefined)?.['x-pid'] ?? String(type).replace('pid/', ''));
}

for (const place of ['with process events and the trace', 'without'] as const) {
  describe(`live: the process behind a record, by the ways of servers, ${place}`, function () {
    this.timeout(180_000);
    let network: TestNetwork;
    let capture: RunningHttplog;
    let host: string;
    /** where the server is, and the client; undefined: here */
    let [serverEnd, clientEnd]: (End | undefined)[] = [];
    const servers: { stop(): Promise<void> }[] = [];

    before(async () => {
      network = makeNetwork('procsrv');
      if (place === 'without') [serverEnd, clientEnd, host] = [network.server, network.client, network.server.ipv4];
      // One of 127.0.0.0/8 that nobody else uses.
      else host = `127.${64 + (process.pid & 63)}.${(process.pid >> 6) & 255}.${1 + ((process.pid >> 14) & 127)}`;
      const device = serverEnd === undefined ? 'lo' : serverEnd.device;
      capture = await startHttplog(serverEnd, ['-i', device, '-d', '-', '-o', 'json', '-proc', '-headers', 'X-Pid', '-p', `${PORTS.plain}-${NGINX_REUSEPORT}`]).ready();
      if (place !== 'without') assert.doesNotMatch(capture.stderr, /without the kernel's trace|process events: /);
    });
    afterEach(async () => {
      for (const server of servers.splice(0).reverse()) await server.stop();
    });
    after(async () => {
      try {
        const { status, stderr } = await capture.end('SIGTERM');
        assert.equal(status, 0, stderr);
      } finally {
        killStarted();
        network.close();
      }
    });

    const responses = (port: number): Line[] => parseJsonLines(capture.stdout.slice(0, capture.stdout.lastIndexOf('\n') + 1))
      .filter((line) => line['kind'] === 'CR' && line['src'] === host && line['sport'] === port);
    const serve = async (mode: Exclude<ServerMode, 'late'>): Promise<OwnerServer> => {
      const server = await startOwnerServer(mode, serverEnd, host, PORTS[mode]);
      servers.push(server);
      return server;
    };
    const ask = (port: number, connections = CONNECTIONS): Running => {
      const client = startAsking(clientEnd, host, port, connections);
      servers.push(client);
      return client;
    };
    /** Asks until the last record of each connection is as wanted. @returns all of their records, by connection */
    const askUntil = async (port: number, isSettled: (line: Line) => boolean, connections = CONNECTIONS): Promise<Line[][]> => {
      const byConnection = (): Line[][] => {
        const lists = new Map<unknown, Line[]>();
        for (const line of responses(port)) lists.set(line['dport'], [...lists.get(line['dport']) ?? [], line]);
        return [...lists.values()];
      };
      try {
        await capture.holds('every connection to be told right', () => {
          const lists = byConnection();
          return lists.length >= connections && lists.every((list) => isSettled(list[list.length - 1]));
        });
      } catch (error) {
        throw new Error(`${JSON.stringify(byConnection().map((list) => list[list.length - 1]))}: ${(error as Error).message}`, { cause: error });
      }
      return byConnection();
    };
    const known = (lines: readonly Line[]): Line[] => lines.filter((line) => 'pid' in line);
    const isAnswering = (line: Line): boolean => line['pid'] === answering(line);
    const checkProgram = (lines: readonly Line[], exe: string, user: string): void => {
      for (const line of lines) {
        assert.deepEqual([line['exe'], line['user']], [exe, user], JSON.stringify(line));
        assert.ok(['listener', 'scan'].includes(String(line['proc_via'])), JSON.stringify(line));
      }
    };

    for (const mode of ['plain', 'listener', 'activated', 'reuseport'] as const) {
      it(`names who accepted, and never another one: ${mode}`, async () => {
        await serve(mode);
        ask(PORTS[mode], 2 * CONNECTIONS);
        const lists = await askUntil(PORTS[mode], isAnswering, 2 * CONNECTIONS);
        for (const line of known(lists.flat())) assert.deepEqual([line['pid'], line['proc_shared']], [answering(line), 1], JSON.stringify(line));
        checkProgram(known(lists.flat()), python(), 'root');
        if (mode === 'reuseport') assert.ok(new Set(lists.flat().map(answering)).size > 1);
      });
    }

    for (const mode of ['child', 'sharing', 'passed', 'inetd'] as const) {
      it(`names who accepted until it is known who got the connection: ${mode}`, async () => {
        const { pid: parent } = await serve(mode);
        ask(PORTS[mode]);
        const shared = mode === 'sharing' ? 2 : 1;
        const lists = await askUntil(PORTS[mode], (line) => isAnswering(line) && line['proc_shared'] === shared);
        for (const list of lists) {
          const pids = known(list).map((line) => line['pid'] as number);
          assert.notEqual(answering(list[0]), parent);
          // First who accepted, perhaps; then who answers, and never back.
          const change = pids.indexOf(answering(list[0]));
          for (const [i, pid] of pids.entries()) assert.equal(pid, i < change ? parent : answering(list[0]), JSON.stringify(pids));
        }
        checkProgram(known(lists.flat()), python(), 'root');
      });
    }

    it('names the first of those that hold both the connection and the listener, and how many they are', async () => {
      const { pid: parent } = await serve('both');
      ask(PORTS.both);
      const lists = await askUntil(PORTS.both, (line) => line['pid'] === parent && line['proc_shared'] === 2);
      for (const line of known(lists.flat())) assert.equal(line['pid'], parent, JSON.stringify(line));
      checkProgram(known(lists.flat()), python(), 'root');
    });

    it('names the worker of nginx that serves, of several that share what they listen on', async () => {
      servers.push(await startPreforkNginx(serverEnd, [`${host}:${NGINX_PORT}`, `${host}:${NGINX_REUSEPORT} reuseport`]));
      for (const port of [NGINX_PORT, NGINX_REUSEPORT]) {
        ask(port);
        let lists = await askUntil(port, isAnswering);
        if (port === NGINX_PORT) {
          // The others take what comes while those that served do not run.
          const stopped = new Set(lists.flat().map(answering));
          if (stopped.size < 3) {
            for (const pid of stopped) process.kill(pid, 'SIGSTOP');
            try {
              ask(port);
              await capture.holds('another worker', () => responses(port).some((line) => !stopped.has(answering(line))));
            } finally {
              for (const pid of stopped) process.kill(pid, 'SIGCONT');
            }
            lists = await askUntil(port, isAnswering, 2 * CONNECTIONS);
          }
        }
        assert.ok(new Set(lists.flat().map(answering)).size > 1);
        for (const line of known(lists.flat())) assert.deepEqual([line['pid'], line['proc_shared']], [answering(line), 1], JSON.stringify(line));
        checkProgram(known(lists.flat()), NGINX, 'nobody');
      }
    });
  });
}
