import assert from 'node:assert/strict';
import { closeSync, openSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { release } from 'node:os';
import { countDescriptors, descriptorSigns } from '../../src/host/descriptor_signs.js';
import { type Holder, HeldSockets } from '../../src/host/held_sockets.js';
import { ProcessTable } from '../../src/host/process_table.js';
import { SocketOwners, type WantedSockets } from '../../src/host/socket_owners.js';

/** The inode of a socket of this process (`socket:[N]` has it as that of the descriptor). */
function inodeOf(socket: Socket): number {
  return statSync(`/proc/self/fd/${(socket as unknown as { _handle: { fd: number } })._handle.fd}`).ino;
}

class Counting extends SocketOwners {
  reads = 0;

  override confirm(pid: number, wanted: ReadonlySet<number>): Holder | undefined {
    this.reads++;
    return super.confirm(pid, wanted);
  }
}

describe('host: the sockets of processes at one moment', () => {
  it('are read once for all connections of a process, and confirm those that it holds', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sockets = [1, 2, 3].map(() => connect(port, '127.0.0.1'));
    try {
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      const inodes = sockets.map(inodeOf);
      const table = new ProcessTable();
      table.scan();
      const owners = new Counting(table, undefined);
      const wanted: WantedSockets = new Map(inodes.map((inode) => [inode, []]));
      owners.look(wanted, [process.pid], false);
      for (const inode of inodes) assert.deepEqual(wanted.get(inode), [process.pid]);
      // It closes one before it is looked at again.
      sockets[2].destroy();
      await once(sockets[2], 'close');
      const held = new HeldSockets(owners, wanted);
      assert.deepEqual(inodes.map((inode) => held.confirm(process.pid, inode)?.pid), [process.pid, process.pid, undefined]);
      assert.equal(owners.reads, 1);
      const gone = 2 ** 22; // PID_MAX_LIMIT of linux/threads.h: no process has that number
      assert.deepEqual([held.confirm(gone, inodes[0]), held.confirm(gone, inodes[1])], [undefined, undefined]);
      assert.equal(owners.reads, 2);
      const listeners = new Set([inodeOf(server as unknown as Socket)]);
      assert.equal(held.holdsListener(process.pid, port, () => listeners), true);
      assert.equal(held.holdsListener(process.pid, port, () => assert.fail('asked twice')), true);
      assert.equal(held.holdsListener(process.pid, port + 1, () => new Set()), false);
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });
});

describe('host: signs of other descriptors', () => {
  const [major, minor] = release().split('.').map(Number);
  const tells = major > 6 || (major === 6 && minor >= 2);

  it('are how many a process has, where the kernel tells', () => {
    const before = countDescriptors(process.pid);
    const fds = [1, 2, 3].map(() => openSync('/dev/null', 'r'));
    const more = countDescriptors(process.pid);
    for (const fd of fds) closeSync(fd);
    assert.equal(more - before, tells ? 3 : 0);
    assert.equal(before > 0, tells);
    assert.equal(countDescriptors(2 ** 22), -1);
  });

  it('are other ones with a descriptor more, and for another process of the same number', () => {
    const table = new ProcessTable();
    table.scan();
    const signs = (): string | undefined => descriptorSigns([process.pid], table);
    const before = signs();
    assert.equal(typeof before, tells ? 'string' : 'undefined');
    if (!tells) return;
    const fd = openSync('/dev/null', 'r');
    assert.notEqual(signs(), before);
    closeSync(fd);
    assert.equal(signs(), before);
    assert.notEqual(descriptorSigns([process.pid], new ProcessTable()), before);
    assert.notEqual(descriptorSigns([process.pid, 2 ** 22], table), before);
  });
});
