// Sockets as /proc shows them of a process, compared with what sock_diag says of the same ones.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { DescriptorLook } from '../../src/host/descriptor_look.js';
import { Listeners } from '../../src/host/listeners.js';
import { otherNamespaces, readSockets } from '../../src/host/network_namespaces.js';
import { ProcessTable } from '../../src/host/process_table.js';
import { IPPROTO_TCP, SockDiag } from '../../src/host/sock_diag.js';
import { endsOfRow } from '../../src/host/socket_ends.js';
import { ALL_STATES, AF_INET, AF_INET6, SocketRows } from '../../src/host/socket_rows.js';
import { DescriptorReader } from '../../src/host/socket_holders.js';
import { until } from '../support/command.js';

const HERE = { id: 'here', pid: process.pid };

describe('sockets of a network namespace', () => {
  let server: Server;
  const clients: Socket[] = [];
  const accepted: Socket[] = [];
  let port: number;
  const diag = new SockDiag();

  before(async () => {
    server = createServer((socket) => accepted.push(socket)).listen(0, '::');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    for (const host of ['127.0.0.1', '::1']) {
      const client = connect(port, host);
      clients.push(client);
      await once(client, 'connect');
    }
    await until('both accepted', () => accepted.length === 2);
  });

  after(() => {
    for (const socket of [...clients, ...accepted]) socket.destroy();
    server.close();
    diag.close();
  });

  const ours = (rows: SocketRows): string[] => [...Array(rows.count).keys()]
    .filter((row) => rows.localPort[row] === port || rows.remotePort[row] === port)
    .map((row) => JSON.stringify([endsOfRow(rows, row), rows.family[row], rows.protocol[row], rows.state[row], rows.inode[row]])).sort();

  it('read the same in /proc as sock_diag tells them, over IPv4, IPv6 and both', () => {
    const [told, read] = [new SocketRows(), new SocketRows()];
    for (const family of [AF_INET, AF_INET6]) diag.dump(family, IPPROTO_TCP, ALL_STATES, told);
    readSockets(HERE, read);
    assert.equal(ours(read).length, 5);
    assert.deepEqual(ours(read), ours(told));
  });

  it('are none where the process is gone', () => {
    const rows = new SocketRows();
    readSockets({ id: 'gone', pid: 0x3fffffff }, rows);
    assert.equal(rows.count, 0);
  });

  it('are found by their ends in the one namespace that has them', () => {
    const ends = { local: '127.0.0.1', localPort: port, remote: '127.0.0.1', remotePort: clients[0].localPort! };
    const own = { id: 'own', pid: undefined };
    const look = new DescriptorLook(diag, new ProcessTable(), () => undefined);
    const [here, again] = [look.locate(ends, [own]), look.locate(ends, [HERE])];
    assert.ok(here !== undefined && here.inode > 0 && !here.isOver);
    assert.deepEqual([again?.inode, again?.isOver], [here.inode, false]);
    assert.equal(look.locate(ends, [own, HERE]), undefined);
    assert.equal(look.locate({ ...ends, remotePort: 1 }, [own, HERE]), undefined);
    assert.ok(look.holds(process.pid, here.inode));
    const reader = new DescriptorReader();
    assert.deepEqual([reader.holds(process.pid, here.inode), reader.holds(process.pid, 1)], [true, false]);
    assert.deepEqual([reader.holdsOneOf(process.pid, new Set([1, here.inode])), reader.holdsOneOf(process.pid, new Set([1]))], [true, false]);
  });

  it('of others are those of a process in each, and what listens there is told apart from ours', async () => {
    const there = spawn('unshare', ['-n', process.execPath, '-e', `
      require('net').createServer().listen(${port}, '0.0.0.0', () => console.log('up'))`], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(there.stdout, 'data');
      const pid = there.pid!;
      const others = otherNamespaces([process.pid, pid, pid]);
      assert.deepEqual(others, [{ id: readlinkSync(`/proc/${pid}/ns/net`), pid }]);
      const listeners = new Listeners(diag);
      listeners.refresh([process.pid, pid]);
      const found = [...listeners.matching({ local: '127.0.0.1', localPort: port, remote: '127.0.0.1', remotePort: 1 })];
      assert.deepEqual(found.map(([namespace, at]) => [namespace.pid, at.map(({ local }) => local)]), [[undefined, ['::']], [pid, ['0.0.0.0']]]);
    } finally {
      there.kill('SIGKILL');
      await once(there, 'exit');
    }
  });
});
