import assert from 'node:assert/strict';
import { VIA } from '../../src/record/owner.js';
import { ConnectionKey } from '../../src/ring/connection_key.js';
import { ConnectionReader } from '../../src/ring/connection_reader.js';
import { allocateConnectionTable, OWNERSHIP } from '../../src/ring/connection_table.js';
import { ConnectionWriter } from '../../src/ring/connection_writer.js';
import { RecentConnections, VERSION_WORDS, allChanged, changed } from '../../src/ring/recent_connections.js';

const BEGAN_US = 1_800_000_000_000_000;
const ADDRESSES = Uint8Array.of(192, 0, 2, 1, 192, 0, 2, 2);

function keyOf(localPort: number, remotePort: number): ConnectionKey {
  const key = new ConnectionKey();
  key.set(ADDRESSES, 0, 4, 4, localPort, remotePort);
  return key;
}

/** A table with the connection 80 to 1 of process 5 (row), that began at BEGAN_US with the first packet 77, and was found once. */
function found(): { writer: ConnectionWriter; reader: ConnectionReader; key: ConnectionKey; slot: number } {
  const memory = allocateConnectionTable();
  const [writer, reader] = [new ConnectionWriter(memory), new ConnectionReader(memory)];
  const key = keyOf(80, 1);
  const slot = writer.put(key, OWNERSHIP.KNOWN, 5, 1, VIA.CONNECT, 3, 0, 77, BEGAN_US);
  reader.nowUs = BEGAN_US + 10;
  assert.equal(reader.find(key), OWNERSHIP.KNOWN);
  return { writer, reader, key, slot };
}

describe('ring: connections that were found lately', () => {
  it('are told as the table tells them, also when another was told between', () => {
    const { writer, reader, key } = found();
    writer.put(keyOf(80, 2), OWNERSHIP.KNOWN, 9, 4, VIA.SCAN, 1, 0);
    assert.equal(reader.find(keyOf(80, 2)), OWNERSHIP.KNOWN);
    assert.equal(reader.find(key), OWNERSHIP.KNOWN);
    assert.deepEqual([reader.owner, reader.epoch, reader.via, reader.shared], [5, 1, VIA.CONNECT, 3]);
  });

  it('are told with the process they have now, and not once the table has forgotten them', () => {
    const { writer, reader, key, slot } = found();
    writer.put(key, OWNERSHIP.KNOWN, 6, 2, VIA.LISTENER, 1, 0, 77, BEGAN_US);
    assert.equal(reader.find(key), OWNERSHIP.KNOWN);
    assert.deepEqual([reader.owner, reader.epoch, reader.via, reader.shared], [6, 2, VIA.LISTENER, 1]);
    writer.put(key, OWNERSHIP.UNKNOWN, 2, 0, 0, 0, 0, 77, BEGAN_US);
    assert.equal(reader.find(key), OWNERSHIP.UNKNOWN);
    assert.equal(reader.owner, 2);
    writer.put(key, OWNERSHIP.KNOWN, 6, 2, VIA.LISTENER, 1, 0, 77, BEGAN_US);
    assert.equal(reader.find(key), OWNERSHIP.KNOWN);
    writer.remove(slot);
    assert.equal(reader.find(key), OWNERSHIP.NONE);
  });

  it('are nobody\'s after a successor of the writer has cleared the table', () => {
    const { writer, reader, key } = found();
    writer.clear();
    assert.equal(reader.find(key), OWNERSHIP.NONE);
  });

  it('are not told for another connection with the same ends, from either one\'s first packet on', () => {
    for (const [local, remote] of [[80, 1], [1, 80]]) {
      const { reader, key } = found();
      const first = new ConnectionKey();
      first.set(ADDRESSES, local === 80 ? 0 : 4, local === 80 ? 4 : 0, 4, local, remote);
      reader.notes.begin(first, 78, BEGAN_US + 20);
      reader.nowUs = BEGAN_US + 30;
      assert.equal(reader.find(key), OWNERSHIP.NONE, `${local}`);
    }
  });

  it('are not told for it where its first packet was noted before an earlier record was found', () => {
    const { reader, key } = found();
    reader.notes.begin(key, 78, BEGAN_US + 20);
    reader.nowUs = BEGAN_US + 15;
    assert.equal(reader.find(key), OWNERSHIP.KNOWN);
    reader.nowUs = BEGAN_US + 30;
    assert.equal(reader.find(key), OWNERSHIP.NONE);
  });

  it('are told when their own first packet is noted', () => {
    const { reader, key } = found();
    reader.notes.begin(key, 77, BEGAN_US);
    assert.equal(reader.find(key), OWNERSHIP.KNOWN);
    assert.equal(reader.owner, 5);
  });

  it('are not told for what was captured before they began', () => {
    const { reader, key } = found();
    reader.nowUs = BEGAN_US - 1;
    assert.equal(reader.find(key), OWNERSHIP.UNKNOWN);
    reader.nowUs = BEGAN_US;
    assert.equal(reader.find(key), OWNERSHIP.KNOWN);
  });

  it('are right where there are more than have room', () => {
    const memory = allocateConnectionTable();
    const [writer, reader] = [new ConnectionWriter(memory), new ConnectionReader(memory)];
    const known = new Map<number, number>();
    for (let port = 1; port <= 20_000; port++) writer.put(keyOf(80, port), OWNERSHIP.KNOWN, port & 0xfff, 1, VIA.SCAN, 1, port);
    for (let round = 0; round < 3; round++) {
      for (let port = 1; port <= 20_000; port++) {
        if (reader.find(keyOf(80, port)) === OWNERSHIP.KNOWN) known.set(port, reader.owner);
      }
    }
    assert.ok(known.size > 19_900, `${known.size}`); // sets of the table hold 8: some had to leave
    for (const [port, owner] of known) assert.equal(owner, port & 0xfff);
  });
});

describe('ring: what is kept of connections that were found lately', () => {
  it('is nothing of an address that is all zeros, or all ones', () => {
    for (const byte of [0, 255]) {
      const key = new ConnectionKey();
      key.set(new Uint8Array(32).fill(byte), 0, 16, 16, byte * 257, byte * 257);
      assert.equal(new RecentConnections(new Int32Array(VERSION_WORDS), 0).find(key, key.pairHash), false);
    }
  });

  it('is old from a change on, and where the change was behind the version that it has', () => {
    const versions = new Int32Array(VERSION_WORDS + 3);
    const recent = new RecentConnections(versions, 3);
    const key = keyOf(80, 1);
    const tag = key.pairHash;
    for (const change of [() => changed(versions, 3, tag), () => allChanged(versions, 3)]) {
      const version = recent.version(tag);
      recent.put(key, tag, version);
      assert.equal(recent.find(key, tag), true);
      assert.equal(recent.find(keyOf(1, 80), tag), false);
      change();
      assert.equal(recent.find(key, tag), false);
      // The table was asked while it changed.
      recent.put(key, tag, version);
      assert.equal(recent.find(key, tag), false);
    }
    assert.deepEqual([...versions.slice(0, 3)], [0, 0, 0]);
  });
});
