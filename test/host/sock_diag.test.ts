import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { createSocket } from 'node:dgram';
import { ALL_STATES, AF_INET, AF_INET6, SocketRows, TCP_STATE, isMapped, writeMapped } from '../../src/host/socket_rows.js';
import { IPPROTO_TCP, IPPROTO_UDP, SockDiag, type SocketEnds, readSocket } from '../../src/host/sock_diag.js';
import { DESTROY_GROUP, SocketDestruction } from '../../src/host/socket_destruction.js';
import { DescriptorReader, FD_SCAN, readHolders, socketInode } from '../../src/host/socket_holders.js';

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);

function loopbackEnds(localPort: number, remotePort: number): SocketEnds {
  const bytes = new Uint8Array(32);
  writeMapped(bytes, 0, LOOPBACK, 0);
  writeMapped(bytes, 16, LOOPBACK, 0);
  return { bytes, at: 0, localPort, remotePort };
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const pids = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger).sort((a, b) => a - b);

describe('sockets of this host', () => {
  let server: Server;
  let client: Socket;
  let accepted: Socket;
  let port: number;
  const diag = new SockDiag();

  before(async () => {
    server = createServer((socket) => {
      accepted = socket;
    }).listen(0, '::');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    client = connect(port, '127.0.0.1');
    await Promise.all([once(client, 'connect'), once(server, 'connection')]);
  });

  after(() => {
    client.destroy();
    accepted.destroy();
    server.close();
    diag.close();
  });

  it('are listed with their ends, states, cookies and inodes', () => {
    const rows = new SocketRows();
    for (const family of [AF_INET, AF_INET6]) diag.dump(family, IPPROTO_TCP, ALL_STATES, rows);
    const of = (local: number, remote: number): number[] => (
      [...Array(rows.count).keys()].filter((row) => rows.localPort[row] === local && rows.remotePort[row] === remote));
    const ours = [of(client.localPort!, port), of(port, client.localPort!), of(port, 0)];
    assert.deepEqual(ours.map((found) => found.length), [1, 1, 1]);
    const [[opened], [taken], [listening]] = ours;
    assert.deepEqual([opened, taken, listening].map((row) => rows.state[row]), [TCP_STATE.ESTABLISHED, TCP_STATE.ESTABLISHED, TCP_STATE.LISTEN]);
    // The server's sockets are of IPv6; over IPv4 their ends read as the client's do.
    assert.deepEqual([opened, taken, listening].map((row) => rows.family[row]), [AF_INET, AF_INET6, AF_INET6]);
    assert.deepEqual(rows.addresses.slice(rows.localAt(opened), rows.localAt(opened) + 32), loopbackEnds(0, 0).bytes);
    assert.deepEqual(rows.addresses.slice(rows.localAt(taken), rows.localAt(taken) + 32), loopbackEnds(0, 0).bytes);
    assert.equal(new Set([opened, taken, listening].map((row) => rows.cookie(row))).size, 3);
  });

  it('can be held back by state', () => {
    const rows = new SocketRows();
    diag.dump(AF_INET6, IPPROTO_TCP, 1 << TCP_STATE.LISTEN, rows);
    assert.ok(rows.count > 0);
    assert.ok([...rows.state.subarray(0, rows.count)].every((state) => state === TCP_STATE.LISTEN));
  });

  it('are found by their ends, over IPv4 also where the socket is of IPv6; ends without a connection give the listener', () => {
    const rows = new SocketRows();
    const opened = diag.find(IPPROTO_TCP, loopbackEnds(client.localPort!, port), rows);
    const taken = diag.find(IPPROTO_TCP, loopbackEnds(port, client.localPort!), rows);
    const listening = diag.find(IPPROTO_TCP, loopbackEnds(port, 1), rows);
    assert.deepEqual([opened, taken, listening], [0, 1, 2]);
    assert.deepEqual([...rows.state.subarray(0, 3)], [TCP_STATE.ESTABLISHED, TCP_STATE.ESTABLISHED, TCP_STATE.LISTEN]);
    assert.equal(diag.find(IPPROTO_TCP, loopbackEnds(1, 2), rows), -1);
    assert.equal(rows.count, 3);
  });

  it('are found for UDP', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const rows = new SocketRows();
    assert.equal(diag.find(IPPROTO_UDP, loopbackEnds(socket.address().port, 9), rows), 0);
    assert.equal(rows.localPort[0], socket.address().port);
    assert.equal(rows.protocol[0], IPPROTO_UDP);
    socket.close();
  });

  it('belong to the processes that hold them, all of those that share one', async () => {
    const rows = new SocketRows();
    const row = diag.find(IPPROTO_TCP, loopbackEnds(client.localPort!, port), rows);
    const reader = new DescriptorReader();
    assert.equal(readHolders(reader, pids()).holders.get(rows.inode[row]), process.pid);
    // Node hands descriptors of its own to nobody: this one goes along by number.
    const { fd } = (client as unknown as { _handle: { fd: number } })._handle;
    const child: ChildProcess = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
    await once(child, 'spawn');
    try {
      assert.deepEqual(readHolders(reader, pids()).holders.get(rows.inode[row]), [process.pid, child.pid!].sort((a, b) => a - b));
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    assert.equal(reader.sockets(child.pid!, () => true), FD_SCAN.GONE);
  });

  it('are heard of when they are destroyed, with what they carried', async () => {
    const destruction = new SocketDestruction(DESTROY_GROUP.TCP4 | DESTROY_GROUP.TCP6);
    const socket = connect(port, '127.0.0.1');
    const [[other]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(socket, 'connect')]);
    const { localPort } = socket;
    socket.write('twelve bytes');
    await once(other, 'data');
    socket.destroy();
    other.destroy();
    const rows = new SocketRows();
    const sent: (bigint | undefined)[] = [];
    while (sent.length === 0) {
      assert.ok(destruction.read(rows, (row, carried) => {
        if (rows.remotePort[row] === localPort) sent.push(carried.received);
      }));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // The FIN counts, too.
    assert.deepEqual(sent, [13n]);
    destruction.close();
  });
});

describe('a socket in a message of sock_diag', () => {
  it('is left out at every truncation and in other families', () => {
    const whole = new Uint8Array(72);
    whole[0] = AF_INET;
    const rows = new SocketRows();
    for (let length = 0; length < whole.length; length++) {
      assert.equal(readSocket(whole, new DataView(whole.buffer), 0, length, IPPROTO_TCP, rows), -1);
    }
    assert.equal(readSocket(whole, new DataView(whole.buffer), 0, 72, IPPROTO_TCP, rows), 0);
    assert.ok(isMapped(rows.addresses, 0));
    whole[0] = 1;
    assert.equal(readSocket(whole, new DataView(whole.buffer), 0, 72, IPPROTO_TCP, rows), -1);
    assert.equal(rows.count, 1);
  });

  it('keeps its place when the columns grow', () => {
    const rows = new SocketRows();
    for (let i = 0; i < 1000; i++) {
      const row = rows.add();
      rows.inode[row] = i;
    }
    assert.deepEqual([rows.count, rows.inode[0], rows.inode[255], rows.inode[256], rows.inode[999]], [1000, 0, 255, 256, 999]);
  });
});

describe('a descriptor', () => {
  it('is a socket only when its link says so', () => {
    for (const [link, inode] of [['socket:[123]', 123], ['socket:[4294967295]', 4294967295], ['pipe:[123]', 0], ['/tmp/socket:[5]', 0], ['socket:', 0], ['', 0]] as const) {
      assert.equal(socketInode(text(link), link.length), inode);
    }
  });
});
