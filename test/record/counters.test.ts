import assert from 'node:assert/strict';
import { COUNTER, COUNTERS, SKIP_REASONS } from '../../src/record/counters.js';
import { KIND_NAMES } from '../../src/record/kinds.js';
import { UNOWNED_NAMES, VIA_NAMES } from '../../src/record/owner.js';
import { OUTCOME } from '../../src/wire/outcome.js';

describe('record: counters', () => {
  it('each has a row of its own, and those that are told apart one for each name', () => {
    const several = new Map<string, number>([['RECORDS', KIND_NAMES.length], ['OWNED', VIA_NAMES.length - 1], ['UNOWNED', UNOWNED_NAMES.length]]);
    const rows = Object.entries(COUNTER).flatMap(([name, row]) => Array.from({ length: several.get(name) ?? 1 }, (_, i) => row + i));
    assert.deepEqual(rows.sort((a, b) => a - b), Array.from({ length: COUNTERS }, (_, row) => row));
  });

  it('every outcome but TCP is a skip reason with a name of its own', () => {
    const reasons = SKIP_REASONS.map(([counter]) => counter);
    for (const [name, outcome] of Object.entries(OUTCOME)) assert.equal(reasons.includes(outcome), name !== 'TCP', name);
    assert.equal(new Set(SKIP_REASONS.map(([, name]) => name)).size, SKIP_REASONS.length);
  });
});
