import assert from 'node:assert/strict';
import { type FrameFilter, LinkCache } from '../../src/pipeline/link_cache.js';
import { LinkRegistry, allocateLinkTable } from '../../src/ring/link_table.js';
import { linkLayer } from '../../src/wire/layers.js';
import { OUTCOME } from '../../src/wire/outcome.js';

describe('pipeline: link cache', () => {
  const pass: FrameFilter = () => true;

  function cache(asked: number[] = []): { links: LinkCache; registry: LinkRegistry } {
    const memory = allocateLinkTable();
    const links = new LinkCache(memory, (linkType) => {
      asked.push(linkType);
      return linkType === 113 ? pass : undefined;
    });
    return { links, registry: new LinkRegistry(memory) };
  }

  it('gives layer, name and filter of a row', () => {
    const { links, registry } = cache();
    const row = registry.row(113, 'any');
    links.use(row);
    assert.deepEqual([links.row, links.layer, links.filter], [row, linkLayer(113), pass]);
    assert.equal(String.fromCharCode(...links.name), 'any');
    links.use(registry.row(1, ''));
    assert.deepEqual([links.layer, links.filter, links.name.length], [linkLayer(1), undefined, 0]);
  });

  it('a link type that is not understood is skipped for that, not for the filter', () => {
    const { links, registry } = cache();
    for (const row of [registry.row(147, 'x'), 0]) {
      links.use(row);
      assert.deepEqual([links.layer, links.filter], [OUTCOME.LINK_TYPE, undefined]);
    }
  });

  it('asks for the filter of a row once', () => {
    const asked: number[] = [];
    const { links, registry } = cache(asked);
    const [first, second] = [registry.row(113, 'a'), registry.row(1, 'b')];
    for (const row of [first, second, first, first, second]) links.use(row);
    assert.deepEqual(asked, [113, 1]);
    assert.equal(links.layer, linkLayer(1));
  });
});
