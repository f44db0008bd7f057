import assert from 'node:assert/strict';
import { untilClear } from './midnight.js';

describe('tests that look for the file of today', () => {
  it('begin at once on all of the day but its last moments, and then on the next', () => {
    const at = (hour: number, minute: number, second: number): number => Date.UTC(2026, 10, 21, hour, minute, second);
    for (const moment of [at(0, 0, 0), at(12, 0, 0), at(23, 59, 14)]) assert.equal(untilClear(moment), 0);
    for (const moment of [at(23, 59, 15), at(23, 59, 59), at(24, 0, 0) - 1]) {
      const begin = moment + untilClear(moment);
      assert.equal(new Date(begin).toISOString(), '2026-11-22T00:00:01.000Z');
      assert.equal(untilClear(begin), 0);
    }
  });
});
