import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { PerfRing, CONTROL_BYTES } from '../../src/host/perf_ring.js';
import { closePerfTrace, onlineProcessors, PerfRecords } from '../../src/host/perf_trace.js';
import { SocketTrace, findTrace, openSocketPerfTrace } from '../../src/host/socket_trace.js';
import type { SockStateChange } from '../../src/host/sock_state.js';
import { TCP_STATE } from '../../src/host/socket_rows.js';
import { monotonicNs } from '../../src/host/clocks.js';
import { until } from '../support/command.js';

const LITTLE = endianness() === 'LE';
const RING_BYTES = 4096;
const [SAMPLE, LOST, OTHER] = [9, 2, 5];

/** A ring as the kernel writes it. */
class KernelRing {
  readonly memory = new Uint8Array(CONTROL_BYTES + RING_BYTES);
  readonly ring = new PerfRing(this.memory);
  private readonly view = new DataView(this.memory.buffer);

  get head(): number {
    return Number(this.view.getBigUint64(1024, LITTLE));
  }

  set head(value: number) {
    this.view.setBigUint64(1024, BigInt(value), LITTLE);
  }

  get tail(): number {
    return Number(this.view.getBigUint64(1032, LITTLE));
  }

  set tail(value: number) {
    this.view.setBigUint64(1032, BigInt(value), LITTLE);
  }

  /** Writes a record at the head, around the end where that comes to be. @param length said to be its length */
  write(type: number, body: Uint8Array, length = 8 + body.length): void {
    const record = new Uint8Array(8 + body.length);
    const view = new DataView(record.buffer);
    view.setUint32(0, type, LITTLE);
    view.setUint16(6, length, LITTLE);
    record.set(body, 8);
    for (const [i, byte] of record.entries()) this.memory[CONTROL_BYTES + (this.head + i) % RING_BYTES] = byte;
    this.head += record.length;
  }

  read(most = 1000): { readonly seen: string[]; readonly more: boolean } {
    const seen: string[] = [];
    const more = this.ring.read(most, (view, at, end, timeNs) => {
      seen.push(`${timeNs} ${Buffer.from(view.buffer, view.byteOffset + at, end - at).toString('latin1')}`);
    });
    return { seen, more };
  }
}

/** @param said to be the length of its record */
function sample(timeNs: number, text: string, said = text.length): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((12 + text.length) / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(timeNs), LITTLE);
  view.setUint32(8, said, LITTLE);
  bytes.set(Buffer.from(text, 'latin1'), 12);
  return bytes;
}

function lost(count: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(8, BigInt(count), LITTLE);
  return bytes;
}

describe('a ring of perf samples', () => {
  it('gives the records of its samples with their times, counts the lost and passes over others', () => {
    const kernel = new KernelRing();
    kernel.write(SAMPLE, sample(10, 'first'));
    kernel.write(OTHER, new Uint8Array(8));
    kernel.write(LOST, lost(7));
    kernel.write(SAMPLE, sample(30, 'second'));
    assert.deepEqual(kernel.read(), { seen: ['10 first', '30 second'], more: false });
    assert.equal(kernel.ring.lost, 7);
    assert.equal(kernel.tail, kernel.head);
    assert.deepEqual(kernel.read(), { seen: [], more: false });
  });

  it('goes around its end at every place, however far it has come', () => {
    for (let offset = 0; offset < 64; offset += 8) {
      const kernel = new KernelRing();
      kernel.head = kernel.tail = 2 ** 40 + RING_BYTES - offset;
      kernel.write(SAMPLE, sample(1, 'a record around the end'));
      kernel.write(SAMPLE, sample(2, 'the next'));
      assert.deepEqual(kernel.read().seen, ['1 a record around the end', '2 the next']);
    }
  });

  it('is read a bounded number at a time', () => {
    const kernel = new KernelRing();
    for (let i = 0; i < 5; i++) kernel.write(SAMPLE, sample(i, 'x'));
    assert.deepEqual(kernel.read(3), { seen: ['0 x', '1 x', '2 x'], more: true });
    assert.deepEqual(kernel.read(3), { seen: ['3 x', '4 x'], more: false });
  });

  it('ends with lengths that lead nowhere, and has no sample longer than its record', () => {
    for (const length of [0, 4, 7, 9, 4000, 65_535]) {
      const kernel = new KernelRing();
      kernel.write(SAMPLE, sample(1, 'x'), length);
      kernel.write(SAMPLE, sample(2, 'y'));
      assert.deepEqual(kernel.read(), { seen: [], more: false });
      assert.equal(kernel.tail, kernel.head);
    }
    const kernel = new KernelRing();
    kernel.write(SAMPLE, sample(1, 'x', 1000));
    kernel.write(SAMPLE, sample(2, 'y'));
    assert.deepEqual(kernel.read().seen, ['2 y']);
  });
});

describe('perf events', () => {
  it('are opened on the processors that are online', () => {
    assert.deepEqual(onlineProcessors('0-3,5\n'), [0, 1, 2, 3, 5]);
    assert.deepEqual(onlineProcessors('0\n'), [0]);
    assert.deepEqual(onlineProcessors('0,2-3,8-9\n'), [0, 2, 3, 8, 9]);
  });

  it('of sockets tell who connects, and that it was accepted, in the order of their times', async () => {
    const trace = openSocketPerfTrace(findTrace().root);
    try {
      const sockets = SocketTrace.ofPerf(trace);
      const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const before = Number(monotonicNs());
      const client = connect(port, '127.0.0.1').on('data', () => undefined);
      await once(client, 'connect');
      const { localPort } = client;
      const changes: SockStateChange[] = [];
      await until('both ends', () => {
        sockets.read();
        sockets.applyUntil(undefined, (change) => changes.push(change));
        return changes.some(({ localPort: from, remotePort: to, to: state }) => from === port && to === localPort && state === TCP_STATE.ESTABLISHED)
          && changes.some(({ localPort: from, remotePort: to }) => from === localPort && to === port);
      });
      const after = Number(monotonicNs());
      const [stood] = changes.filter(({ localPort: from, from: state }) => from === localPort && state === TCP_STATE.SYN_SENT);
      const [began] = changes.filter(({ socket, to }) => socket === stood.socket && to === TCP_STATE.SYN_SENT);
      assert.equal(began.threadId, process.pid);
      assert.ok(before <= began.timeNs && began.timeNs <= stood.timeNs && stood.timeNs <= after, `${before} ${began.timeNs} ${stood.timeNs} ${after}`);
      assert.deepEqual(changes, [...changes].sort((a, b) => a.timeNs - b.timeNs));
      assert.equal(sockets.lost(), 0);
      client.destroy();
      server.close();
      await once(server, 'close');
    } finally {
      new PerfRecords(trace).stop();
      closePerfTrace(trace);
    }
  });
});
