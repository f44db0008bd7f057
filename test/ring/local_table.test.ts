import assert from 'node:assert/strict';
import type { Network } from '../../src/config/settings.js';
import { LocalTableReader, LocalTableWriter, MAX_LOCAL_NETWORKS, allocateLocalTable } from '../../src/ring/local_table.js';
import { CLIENT6 } from '../support/packets.js';

const IPV4: Network = { bytes: Uint8Array.of(10, 0, 0, 1), prefix: 32 };
const NETWORK: Network = { bytes: Uint8Array.of(10, 0, 0, 0), prefix: 8 };
const IPV6: Network = { bytes: Uint8Array.from(CLIENT6), prefix: 128 };

describe('ring: local table', () => {
  it('an empty list at the start is no change', () => {
    assert.equal(new LocalTableReader(allocateLocalTable()).changed(), undefined);
  });

  it('gives each new list once to each reader', () => {
    const memory = allocateLocalTable();
    const writer = new LocalTableWriter(memory);
    const [early, late] = [new LocalTableReader(memory), new LocalTableReader(memory)];
    assert.equal(writer.replace([IPV4, NETWORK, IPV6]), 0);
    assert.deepEqual(early.changed(), [IPV4, NETWORK, IPV6]);
    assert.equal(early.changed(), undefined);
    writer.replace([IPV6]);
    assert.deepEqual(early.changed(), [IPV6]);
    assert.deepEqual(late.changed(), [IPV6]);
    writer.replace([]);
    assert.deepEqual(early.changed(), []);
  });

  it('a list that was read stays when the next is written', () => {
    const memory = allocateLocalTable();
    const writer = new LocalTableWriter(memory);
    const reader = new LocalTableReader(memory);
    writer.replace([IPV4]);
    const list = reader.changed();
    writer.replace([NETWORK]);
    assert.deepEqual(list, [IPV4]);
  });

  it('is not read while it is being replaced', () => {
    const memory = allocateLocalTable();
    new LocalTableWriter(memory).replace([IPV4]);
    const reader = new LocalTableReader(memory);
    const words = new Int32Array(memory, 0, 1);
    words[0]++; // odd: in the writer's hands
    assert.equal(reader.changed(), undefined);
    words[0]++;
    assert.deepEqual(reader.changed(), [IPV4]);
  });

  it('says how many did not fit, and keeps the first', () => {
    const memory = allocateLocalTable();
    const many = Array.from({ length: MAX_LOCAL_NETWORKS + 3 }, (_, i): Network => (
      { bytes: Uint8Array.of(10, i >> 16, (i >> 8) & 255, i & 255), prefix: 32 }));
    assert.equal(new LocalTableWriter(memory).replace(many), 3);
    assert.deepEqual(new LocalTableReader(memory).changed(), many.slice(0, MAX_LOCAL_NETWORKS));
  });
});
