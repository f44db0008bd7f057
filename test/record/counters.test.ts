import assert from 'node:assert/strict';
import { COUNTER, COUNTERS, SKIP_REASONS } from '../../src/record/counters.js';
import { KIND_NAMES } from '../../src/record/kinds.js';
import { OUTCOME } from '../../src/wire/outcome.js';

describe('record: counters', () => {
  it('each has a row of its own, and records one a kind', () => {
    const rows = Object.entries(COUNTER).flatMap(([name, row]) => (
      name === 'RECORDS' ? KIND_NAMES.map((_, kind) => row + kind) : [row]));
    assert.deepEqual(rows.sort((a, b) => a - b), Array.from({ length: COUNTERS }, (_, row) => row));
  });

  it('every outcome but TCP is a skip reason with a name of its own', () => {
    const reasons = SKIP_REASONS.map(([counter]) => counter);
    for (const [name, outcome] of Object.entries(OUTCOME)) assert.equal(reasons.includes(outcome), name !== 'TCP', name);
    assert.equal(new Set(SKIP_REASONS.map(([, name]) => name)).size, SKIP_REASONS.length);
  });
});
