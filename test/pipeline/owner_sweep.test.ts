import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { ProcessTable } from '../../src/host/process_table.js';
import { SocketOwners } from '../../src/host/socket_owners.js';
import { KnownSockets } from '../../src/pipeline/known_sockets.js';
import { OwnerRegistry } from '../../src/pipeline/owner_registry.js';
import { OwnerSweep } from '../../src/pipeline/owner_sweep.js';
import { VIA } from '../../src/record/owner.js';
import { keyOf } from '../../src/ring/connection_key.js';
import { allocateConnectionTable, OWNERSHIP } from '../../src/ring/connection_table.js';
import { ConnectionWriter } from '../../src/ring/connection_writer.js';
import { allocateOwnerRows } from '../../src/ring/owner_rows.js';

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
/** By the sweep's clock: its next walk is due only long after, or always. */
const [SOON, LATE] = [0, Number.MAX_SAFE_INTEGER];

/** Counts walks; what is watched shows what the test says. */
class Watched extends SocketOwners {
  walks = 0;
  text: string | undefined = 'as before';

  override signs(): string | undefined {
    return this.text;
  }

  override walk(pids: Iterable<number>, see: (pid: number, inode: number) => boolean): ReadonlySet<number> {
    this.walks++;
    return super.walk(pids, see);
  }
}

/** A sweep of one known connection, this process's. */
class Sweep {
  readonly owners: Watched;
  readonly again: number[] = [];
  readonly forgotten: number[] = [];
  readonly known = new KnownSockets();
  private readonly connections = new ConnectionWriter(allocateConnectionTable());
  private readonly sweeper: OwnerSweep;

  constructor(client: Socket) {
    const table = new ProcessTable();
    table.scan();
    this.owners = new Watched(table, undefined);
    const registry = new OwnerRegistry(allocateOwnerRows());
    const inode = statSync(`/proc/self/fd/${(client as unknown as { _handle: { fd: number } })._handle.fd}`).ino;
    this.sweeper = new OwnerSweep(this.connections, registry, this.owners, this.known, {
      hear: () => undefined,
      inodeOf: () => (client.destroyed ? -1 : inode),
      again: (slot) => this.again.push(slot),
      forget: (slot) => {
        this.forgotten.push(slot);
        this.known.delete(slot);
      },
    });
    const process_ = table.get(process.pid) ?? assert.fail();
    const { row, epoch } = registry.rowOf(process_);
    const key = keyOf(LOOPBACK, 0, 0, 4, client.localPort ?? 0, client.remotePort ?? 0);
    const slot = this.connections.put(key, OWNERSHIP.KNOWN, row, epoch, VIA.SCAN, 1, 0);
    this.known.set(slot, inode, undefined);
  }

  /** @returns how often descriptors were read for it */
  walksOf(nowMs: number): number {
    const before = this.owners.walks;
    this.sweeper.sweep(nowMs);
    return this.owners.walks - before;
  }
}

describe('pipeline: looking again at known connections', () => {
  let server: Server;
  let client: Socket;
  let sweep: Sweep;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(client, 'connect');
    sweep = new Sweep(client);
    // The first finds who holds what, the second has seen the signs of all those.
    assert.equal(sweep.walksOf(SOON), 1);
    sweep.walksOf(SOON);
  });

  afterEach(() => {
    client.destroy();
    server.close();
  });

  it('reads no descriptor where nothing shows a change, until that is due', () => {
    for (let i = 0; i < 10; i++) assert.equal(sweep.walksOf(SOON), 0);
    assert.equal(sweep.walksOf(LATE), 1);
    assert.deepEqual([sweep.again, sweep.forgotten], [[], []]);
  });

  it('reads them where processes or their descriptors are others, and where that does not show', () => {
    sweep.owners.text = 'one more';
    assert.equal(sweep.walksOf(SOON), 1);
    assert.equal(sweep.walksOf(SOON), 0);
    sweep.owners.text = undefined;
    for (let i = 0; i < 3; i++) assert.equal(sweep.walksOf(SOON), 1);
  });

  it('reads them when a connection came', () => {
    sweep.known.set(9, 1, undefined);
    assert.equal(sweep.walksOf(SOON), 1);
  });

  it('goes on while one is closed, until that is forgotten', async () => {
    client.destroy();
    await once(client, 'close');
    sweep.owners.text = 'one less';
    for (let i = 0; i < 3; i++) assert.equal(sweep.walksOf(SOON), 1);
    assert.deepEqual(sweep.forgotten, []);
    sweep.walksOf(LATE);
    assert.equal(sweep.forgotten.length, 1);
    assert.equal(sweep.known.size, 0);
    assert.equal(sweep.walksOf(SOON), 0);
  });
});
