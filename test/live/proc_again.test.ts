// What is used again is not what it was: the addresses and ports of a connection, and the number of a process. Whoever had them before
// is never told. Clients and servers say themselves who they are.

import assert from 'node:assert/strict';
import { startCommand } from '../support/command.js';
import { type Line, named, OwnerPlace, PLACES, recordsOf } from '../support/owner_place.js';
import { type OwnerServer, python, startOwnerServer } from '../support/owner_servers.js';

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

for (const place of PLACES) {
  describe(`live: the process behind a record, where addresses come again, ${place}`, function () {
    this.timeout(180_000);
    const at = new OwnerPlace(place, 'procagain');
    const serve = async (mode: 'plain' | 'child'): Promise<OwnerServer> => {
      const one = await startOwnerServer(mode, at.server, at.server.ipv4, 80);
      at.running.push(one);
      return one;
    };
    const ask = (rounds: number, times: number): void => {
      at.running.push(startCommand(at.atClient([python(), '-c', CLIENTS, at.server.ipv4, '80', String(CLIENT_PORT), String(rounds), String(times)])));
    };

    for (const workers of ['1', '2']) it(`never names the client that had the same ends before, with ${workers} of the parsing workers`, async () => {
      await serve('plain');
      const capture = await at.capture('client', ['-cpu', workers]);
      ask(ROUNDS, 3);
      await capture.holds('every request', () => recordsOf(capture, 'SR').length >= 3 * ROUNDS);
      const requests = recordsOf(capture, 'SQ');
      for (const line of named(requests)) assert.equal(line['pid'], Number(String(line['target']).slice(1)), JSON.stringify(line));
    });

    it('names each of those that have the same ends one after the other, at both ends', async () => {
      const { pid: parent } = await serve('child');
      const captures = [await at.capture('client'), await at.capture('server')];
      ask(4, 0);
      const met = new Set<number>();
      for (let round = 0; round < 4; round++) {
        const asking = (): number[] => recordsOf(captures[0], 'SQ').map((line) => Number(String(line['target']).slice(1))).filter((pid) => !met.has(pid));
        await captures[0].holds('the next client', () => asking().length > 0);
        const [pid] = asking();
        met.add(pid);
        await captures[0].holds('it to be named', () => recordsOf(captures[0], 'SQ').some((line) => line['pid'] === pid));
        const served = (line: Line): boolean => line['pid'] === Number(String(line['content_type']).slice('pid/'.length));
        await captures[1].holds('its server to be named', () => recordsOf(captures[1], 'CR').filter(served).map((line) => line['pid']).filter(distinct).length === round + 1);
        process.kill(pid, 'SIGKILL');
      }
      for (const line of named(recordsOf(captures[0], 'SQ'))) assert.equal(line['pid'], Number(String(line['target']).slice(1)), JSON.stringify(line));
      for (const line of named(recordsOf(captures[1], 'CR'))) {
        assert.ok([parent, Number(String(line['content_type']).slice('pid/'.length))].includes(line['pid'] as number), JSON.stringify(line));
      }
    });

    it('never names the server that had the same ends before', async () => {
      const { pid: parent } = await serve('child');
      const capture = await at.capture('server');
      ask(ROUNDS, 3);
      await capture.holds('every answer', () => recordsOf(capture, 'CR').length >= 3 * ROUNDS);
      const responses = recordsOf(capture, 'CR');
      for (const line of named(responses)) {
        assert.ok([parent, Number(String(line['content_type']).slice('pid/'.length))].includes(line['pid'] as number), JSON.stringify(line));
      }
    });
  });
}
