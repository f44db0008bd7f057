import assert from 'node:assert/strict';
import { FIRST_LAYER } from '../../src/wire/dispatch.js';
import { LINK_TYPES, decoders, linkLayer, linkTypeName } from '../../src/wire/layers.js';
import { OUTCOME } from '../../src/wire/outcome.js';

describe('wire: layers', () => {
  it('understands the link types of SPEC section 1', () => {
    for (const type of [1, 113, 276, 101, 12, 14, 228, 229, 0, 108, 9, 50, 104, 239, 105, 127]) {
      const layer = linkLayer(type);
      assert.ok(layer !== undefined && LINK_TYPES.includes(type), `link type ${type}`);
      assert.ok(layer >= FIRST_LAYER && layer < FIRST_LAYER + decoders.length);
    }
  });

  it('knows no others', () => {
    for (const type of [2, 147, 189, 0xffff, 0xffffffff, -1, NaN]) assert.equal(linkLayer(type), undefined);
  });

  it('names them', () => {
    assert.equal(linkTypeName(1), 'Ethernet');
    assert.equal(linkTypeName(276), 'Linux cooked v2');
    assert.equal(linkTypeName(147), 'link type 147');
  });

  it('outcomes and layers cannot be confused', () => {
    for (const outcome of Object.values(OUTCOME)) assert.ok(outcome < FIRST_LAYER);
    assert.equal(new Set(Object.values(OUTCOME)).size, Object.keys(OUTCOME).length);
  });
});
