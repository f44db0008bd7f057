import assert from 'node:assert/strict';
import { Owner, VIA } from '../../src/record/owner.js';
import { ConnectionKey, reverse } from '../../src/ring/connection_key.js';
import { ConnectionReader } from '../../src/ring/connection_reader.js';
import { allocateConnectionTable, OWNERSHIP } from '../../src/ring/connection_table.js';
import { ConnectionWriter } from '../../src/ring/connection_writer.js';
import { allocateOwnerAsks, OwnerAsks } from '../../src/ring/owner_asks.js';
import { allocateOwnerRows, OwnerReader, OwnerWriter } from '../../src/ring/owner_rows.js';

const NOW_US = 1_800_000_000_000_000;
const ADDRESSES = Uint8Array.of(192, 0, 2, 1, 192, 0, 2, 2);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function keyOf(localPort: number, remotePort: number): ConnectionKey {
  const key = new ConnectionKey();
  key.set(ADDRESSES, 0, 4, 4, localPort, remotePort);
  return key;
}

describe('ring: connection keys', () => {
  it('are the same for an IPv4 address and the IPv6 address that stands for it', () => {
    const mapped = new Uint8Array(32);
    const four = keyOf(80, 65535);
    four.writeAddresses(mapped, 0);
    assert.deepEqual([...mapped.slice(10, 16)], [0xff, 0xff, 192, 0, 2, 1]);
    const six = new ConnectionKey();
    six.set(mapped, 0, 16, 16, 80, 65535);
    assert.deepEqual(six.words, four.words);
    assert.equal(six.hash, four.hash);
    assert.deepEqual([six.localPort, six.remotePort], [80, 65535]);
  });

  it('spread over the table, whatever differs', () => {
    const sets = new Set<number>();
    for (let port = 1; port <= 4096; port++) sets.add(keyOf(80, port).hash & 16383);
    assert.ok(sets.size > 3400, `${sets.size}`); // 16384 * (1 - e^(-1/4)) = 3624
  });
});

describe('ring: the connection table', () => {
  it('tells what was put, each end by itself', () => {
    const memory = allocateConnectionTable();
    const [writer, reader] = [new ConnectionWriter(memory), new ConnectionReader(memory)];
    assert.equal(reader.find(keyOf(80, 1)), OWNERSHIP.NONE);
    const slot = writer.put(keyOf(80, 1), OWNERSHIP.KNOWN, 5, 6, VIA.LISTENER, 2, 0);
    writer.put(keyOf(1, 80), OWNERSHIP.UNKNOWN, 0, 0, 0, 0, 0);
    assert.equal(reader.find(keyOf(80, 1)), OWNERSHIP.KNOWN);
    assert.deepEqual([reader.owner, reader.epoch, reader.via, reader.shared], [5, 6, VIA.LISTENER, 2]);
    assert.equal(reader.find(keyOf(1, 80)), OWNERSHIP.UNKNOWN);
    assert.equal(writer.put(keyOf(80, 1), OWNERSHIP.KNOWN, 7, 1, VIA.SCAN, 1, 0), slot);
    assert.equal(reader.find(keyOf(80, 1)), OWNERSHIP.KNOWN);
    assert.equal(reader.owner, 7);
    writer.remove(slot);
    assert.equal(reader.find(keyOf(80, 1)), OWNERSHIP.NONE);
  });

  it('makes room in a full set at the cost of what is worth least, and counts what it had known', () => {
    const memory = allocateConnectionTable();
    const [writer, reader] = [new ConnectionWriter(memory), new ConnectionReader(memory)];
    const set = keyOf(80, 1).hash & 16383;
    const same: ConnectionKey[] = [];
    for (let port = 1; same.length < 10; port++) {
      const key = keyOf(80 + (port >> 16), port & 0xffff);
      if ((key.hash & 16383) === set) same.push(key);
    }
    for (const [i, key] of same.slice(0, 8).entries()) writer.put(key, i === 3 ? OWNERSHIP.UNKNOWN : OWNERSHIP.KNOWN, i, 1, VIA.SCAN, 1, i);
    writer.put(same[8], OWNERSHIP.KNOWN, 8, 1, VIA.SCAN, 1, 8);
    assert.deepEqual([reader.find(same[3]), reader.evicted], [OWNERSHIP.NONE, 0]);
    writer.put(same[9], OWNERSHIP.KNOWN, 9, 1, VIA.SCAN, 1, 9);
    assert.deepEqual([reader.find(same[0]), reader.find(same[1]), reader.evicted], [OWNERSHIP.NONE, OWNERSHIP.KNOWN, 1]);
  });
});

describe('ring: connections with ends that others had before', () => {
  it('are not told of what was captured before them, but of what came with them and later', () => {
    const memory = allocateConnectionTable();
    const [writer, reader] = [new ConnectionWriter(memory), new ConnectionReader(memory)];
    const slot = writer.put(keyOf(80, 1), OWNERSHIP.KNOWN, 5, 6, VIA.LISTENER, 2, 0, 0xfedcba98, NOW_US);
    assert.deepEqual([writer.syn(slot), writer.sinceUs(slot)], [0xfedcba98, NOW_US]);
    assert.deepEqual([writer.state(slot), writer.via(slot), writer.shared(slot), writer.owner(slot)], [OWNERSHIP.KNOWN, VIA.LISTENER, 2, 5]);
    reader.nowUs = NOW_US - 1;
    assert.equal(reader.find(keyOf(80, 1)), OWNERSHIP.UNKNOWN);
    for (const nowUs of [NOW_US, NOW_US + 1, NOW_US + 1e9]) {
      reader.nowUs = nowUs;
      assert.deepEqual([reader.find(keyOf(80, 1)), reader.owner, reader.via, reader.shared], [OWNERSHIP.KNOWN, 5, VIA.LISTENER, 2]);
    }
    writer.forgetTimes();
    reader.nowUs = 1;
    assert.equal(reader.find(keyOf(80, 1)), OWNERSHIP.KNOWN);
    assert.equal(writer.shared(writer.put(keyOf(80, 1), OWNERSHIP.KNOWN, 5, 6, VIA.LISTENER, 1e9, 0)), 0x7fffff);
  });

  it('are not told as the ones before them once their first packet was noted', () => {
    const memory = allocateConnectionTable();
    const [writer, reader, other] = [new ConnectionWriter(memory), new ConnectionReader(memory), new ConnectionReader(memory)];
    const [key, reversed] = [keyOf(80, 1), new ConnectionKey()];
    reverse(key, reversed);
    assert.equal(reversed.pairHash, key.pairHash);
    assert.notEqual(keyOf(81, 1).pairHash, key.pairHash);
    const put = (syn: number, sinceUs: number): number => writer.put(key, OWNERSHIP.KNOWN, 5, 6, VIA.CONNECT, 1, 0, syn, sinceUs);
    const find = (nowUs: number): number => {
      reader.nowUs = nowUs;
      return reader.find(key);
    };
    put(0xf0000000, NOW_US);
    // The same packet, met later on another interface.
    other.notes.begin(reversed, 0xf0000000, NOW_US + 10);
    assert.equal(find(NOW_US + 20), OWNERSHIP.KNOWN);
    other.notes.begin(reversed, 0x80000001, NOW_US + 100);
    assert.deepEqual([reader.notes.synOf(key) >>> 0, reader.notes.sinceUsOf(key)], [0x80000001, NOW_US + 100]);
    assert.equal(find(NOW_US + 99), OWNERSHIP.KNOWN, 'captured before that packet');
    assert.equal(find(NOW_US + 100), OWNERSHIP.NONE);
    put(0x80000001, NOW_US + 100);
    assert.equal(find(NOW_US + 100), OWNERSHIP.KNOWN);
    // One that was found without its first packet, and then a first packet.
    put(0, 0);
    assert.equal(find(NOW_US + 100), OWNERSHIP.NONE);
    assert.deepEqual([reader.notes.synOf(keyOf(81, 1)), reader.notes.sinceUsOf(keyOf(81, 1))], [0, 0]);
  });
});

describe('ring: the owner rows', () => {
  it('tell a process until the row is another one, and the program it runs now', () => {
    const memory = allocateOwnerRows();
    const [writer, reader] = [new OwnerWriter(memory), new OwnerReader(memory)];
    const epoch = writer.write(3, new Owner(7, 1, text('/bin/sh'), text('root'), text(''), text('g')), true);
    const first = reader.get(3, epoch);
    assert.deepEqual([first?.pid, first?.ppid, String(Buffer.from(first!.exe)), first?.length], [7, 1, '/bin/sh', 12]);
    assert.equal(reader.get(3, epoch), first, 'a copy is made once');
    writer.write(3, new Owner(7, 1, text('/bin/ls')), false);
    assert.equal(String(Buffer.from(reader.get(3, epoch)!.exe)), '/bin/ls');
    const next = writer.write(3, new Owner(8, 1, text('x'.repeat(5000))), true);
    assert.equal(reader.get(3, epoch), undefined);
    assert.deepEqual([reader.get(3, next)?.pid, reader.get(3, next)?.exe.length], [8, 4096]);
    assert.equal(reader.get(4, 0)?.pid, 0);
  });
});

describe('ring: asks for owners', () => {
  it('come in order, with whether they are foreign; a full ring refuses and counts', () => {
    const memory = allocateOwnerAsks();
    const [worker, other] = [new OwnerAsks(memory), new OwnerAsks(memory)];
    const key = new ConnectionKey();
    for (let round = 0; round < 3; round++) {
      for (let port = 0; port < 1024; port++) assert.ok(worker.put(keyOf(80, port), port % 2 === 1));
      assert.equal(worker.put(keyOf(80, 1), false), false);
      for (let port = 0; port < 1024; port++) assert.deepEqual([other.take(key), key.remotePort], [port % 2 === 1, port]);
      assert.equal(other.take(key), undefined);
    }
    assert.equal(other.refused, 3);
  });
});
