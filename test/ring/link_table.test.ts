import assert from 'node:assert/strict';
import { LinkReader, LinkRegistry, UNKNOWN_LINK_TYPE, allocateLinkTable } from '../../src/ring/link_table.js';

const ROWS = 65536;

function table(): { registry: LinkRegistry; reader: LinkReader } {
  const memory = allocateLinkTable();
  return { registry: new LinkRegistry(memory), reader: new LinkReader(memory) };
}

const nameOf = (reader: LinkReader, row: number): string => new TextDecoder('utf-8', { fatal: true }).decode(reader.name(row));

describe('ring: link table', () => {
  it('row 0 is the interface that is not described', () => {
    const { reader } = table();
    assert.deepEqual([reader.linkType(0), nameOf(reader, 0)], [UNKNOWN_LINK_TYPE, '']);
  });

  it('gives one row a pair of link type and name', () => {
    const { registry, reader } = table();
    const rows = [registry.row(1, 'eth0'), registry.row(1, 'eth1'), registry.row(113, 'eth0'), registry.row(1, '')];
    assert.equal(new Set([0, ...rows]).size, 5);
    assert.deepEqual(rows.map((row) => [reader.linkType(row), nameOf(reader, row)]), [[1, 'eth0'], [1, 'eth1'], [113, 'eth0'], [1, '']]);
    assert.equal(registry.row(1, 'eth0'), rows[0]);
    assert.equal(registry.row(1, ''), rows[3]);
  });

  it('keeps every link type number', () => {
    const { registry, reader } = table();
    for (const type of [0, 276, 0xffff, 0xfffffffe]) assert.equal(reader.linkType(registry.row(type, 'a')), type);
  });

  it('cuts a name to 56 bytes, never inside a character', () => {
    const { registry, reader } = table();
    assert.equal(nameOf(reader, registry.row(1, 'x'.repeat(80))), 'x'.repeat(56));
    assert.equal(nameOf(reader, registry.row(1, `a${'é'.repeat(40)}`)), `a${'é'.repeat(27)}`);
    assert.equal(nameOf(reader, registry.row(2, 'next')), 'next');
  });

  it('a name that was read stays when rows are added', () => {
    const { registry, reader } = table();
    const name = reader.name(registry.row(1, 'eth0'));
    registry.row(1, 'eth1');
    assert.deepEqual([...name], [0x65, 0x74, 0x68, 0x30]);
  });

  it('a hostile file with ever new names gets the nameless row of the link type, and keeps it right', () => {
    const { registry, reader } = table();
    for (let i = 0; i < ROWS + 100; i++) {
      const type = i & 3;
      assert.equal(reader.linkType(registry.row(type, `if${i}`)), type);
    }
    assert.equal(nameOf(reader, registry.row(1, 'late')), '');
  });

  it('when nothing is left, it is the unknown interface', () => {
    const { registry, reader } = table();
    for (let type = 1; type < ROWS; type++) assert.equal(reader.linkType(registry.row(type, '')), type);
    assert.equal(registry.row(70000, ''), 0);
    assert.equal(registry.row(70000, 'eth0'), 0);
    assert.equal(reader.linkType(registry.row(5, '')), 5);
  });
});
