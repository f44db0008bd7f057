import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { PROC_EVENT, PROC_MESSAGE_BYTES, ProcEvent, listenMessage, readProcEvent } from '../../src/host/proc_event.js';

const LITTLE = endianness() === 'LE';

/** A datagram of the connector as the kernel makes it; `members` are the 32-bit words of the event's union. */
function datagram(what: number, members: readonly number[], { cpu = 1, sequence = 7, ack = 0, type = 3, payload = 40 } = {}): DataView {
  const view = new DataView(new ArrayBuffer(PROC_MESSAGE_BYTES));
  const words: [number, number][] = [
    [0, PROC_MESSAGE_BYTES], [16, 1], [20, 1], [24, sequence], [28, ack], [36, what], [40, cpu], [44, LITTLE ? 0x89abcdef : 0x01234567],
    [48, LITTLE ? 0x01234567 : 0x89abcdef], ...members.map((word, i): [number, number] => [52 + 4 * i, word]),
  ];
  for (const [at, word] of words) view.setUint32(at, word >>> 0, LITTLE);
  view.setUint16(4, type, LITTLE);
  view.setUint16(32, payload, LITTLE);
  return view;
}

function read(view: DataView): ProcEvent {
  const event = new ProcEvent();
  assert.ok(readProcEvent(view, 0, view.byteLength, event));
  return event;
}

const picked = (event: ProcEvent, ...names: (keyof ProcEvent)[]): unknown[] => names.map((name) => event[name]);

describe('process events of the connector', () => {
  it('have their kind, processor, number, time and process', () => {
    const event = read(datagram(PROC_EVENT.EXEC, [100, 101]));
    assert.deepEqual(picked(event, 'what', 'cpu', 'sequence', 'timestampNs', 'pid', 'tgid'), [PROC_EVENT.EXEC, 1, 7, 0x0123456789abcdefn, 100, 101]);
  });

  it('tell of forks the child and its parent', () => {
    assert.deepEqual(picked(read(datagram(PROC_EVENT.FORK, [1, 2, 3, 4])), 'otherPid', 'otherTgid', 'pid', 'tgid'), [1, 2, 3, 4]);
  });

  it('tell of ends the status and the parent', () => {
    const event = read(datagram(PROC_EVENT.EXIT, [10, 11, 256, 17, 1, 2]));
    assert.deepEqual(picked(event, 'pid', 'tgid', 'exitCode', 'exitSignal', 'otherPid', 'otherTgid'), [10, 11, 256, 17, 1, 2]);
  });

  it('tell numbers of users and groups, also the highest', () => {
    assert.deepEqual(picked(read(datagram(PROC_EVENT.UID, [5, 5, 0xfffffffe, 0])), 'realId', 'effectiveId'), [0xfffffffe, 0]);
    assert.deepEqual(picked(read(datagram(PROC_EVENT.GID, [5, 5, 1, 2])), 'realId', 'effectiveId'), [1, 2]);
  });

  it('tell tracers, dumps and sessions', () => {
    assert.deepEqual(picked(read(datagram(PROC_EVENT.PTRACE, [5, 5, 6, 7])), 'pid', 'otherPid', 'otherTgid'), [5, 6, 7]);
    assert.deepEqual(picked(read(datagram(PROC_EVENT.COREDUMP, [5, 5, 6, 7])), 'pid', 'otherPid', 'otherTgid'), [5, 6, 7]);
    assert.deepEqual(picked(read(datagram(PROC_EVENT.SID, [5, 5])), 'pid', 'tgid'), [5, 5]);
  });

  it('tell names up to their end, or all sixteen bytes of a broken one', () => {
    const view = datagram(PROC_EVENT.COMM, [5, 5]);
    new Uint8Array(view.buffer).set(Buffer.from('kworker\0rest'), 60);
    assert.equal(Buffer.from(read(view).comm).toString(), 'kworker');
    new Uint8Array(view.buffer).fill(0x61, 60, 76);
    assert.equal(read(view).comm.length, 16);
  });

  it('are read whole or not at all, whatever is cut off', () => {
    const whole = datagram(PROC_EVENT.EXIT, [10, 11, 256, 17, 1, 2]);
    for (let length = 0; length < whole.byteLength; length++) {
      const cut = new DataView(whole.buffer.slice(0, length));
      assert.equal(readProcEvent(cut, 0, length, new ProcEvent()), false, `${length} bytes`);
    }
  });

  it('are refused when a length, an id, a type or the kind is another', () => {
    const wrong: [string, (view: DataView) => void][] = [
      ['length of the message too large', (view) => view.setUint32(0, 77, LITTLE)],
      ['length of the message too small', (view) => view.setUint32(0, 75, LITTLE)],
      ['type', (view) => view.setUint16(4, 2, LITTLE)],
      ['idx', (view) => view.setUint32(16, 2, LITTLE)],
      ['val', (view) => view.setUint32(20, 2, LITTLE)],
      ['length of the event too small', (view) => view.setUint16(32, 39, LITTLE)],
      ['length of the event too large', (view) => view.setUint16(32, 41, LITTLE)],
      ['kind', (view) => view.setUint32(36, 3, LITTLE)],
    ];
    for (const [name, change] of wrong) {
      const view = datagram(PROC_EVENT.EXEC, [1, 1]);
      change(view);
      assert.equal(readProcEvent(view, 0, view.byteLength, new ProcEvent()), false, name);
    }
  });
});

describe('the question for process events', () => {
  it('has a mask where the kernel takes one', () => {
    const words = (message: Uint8Array): number[] => [0, 16, 20, 24, 28, 36].map((at) => new DataView(message.buffer).getUint32(at, LITTLE));
    const masked = listenMessage(77, 0x80000003);
    assert.deepEqual([masked.length, ...words(masked), new DataView(masked.buffer).getUint32(40, LITTLE)], [44, 44, 1, 1, 77, 77, 1, 0x80000003]);
    assert.equal(new DataView(masked.buffer).getUint16(32, LITTLE), 8);
    const plain = listenMessage(78, undefined);
    assert.deepEqual([plain.length, ...words(plain)], [40, 40, 1, 1, 78, 78, 1]);
    assert.equal(new DataView(plain.buffer).getUint16(32, LITTLE), 4);
  });
});
