import assert from 'node:assert/strict';
import { closedLongest } from '../../src/capture/live_sources.js';

describe('capture/live_sources', () => {
  it('a new interface takes the row that was closed longest, never one that is open', () => {
    const rows = [
      { open: false, closedMs: 30 },
      { open: true, closedMs: 1 },
      { open: false, closedMs: 20 },
      { open: false, closedMs: 25 },
    ];
    assert.equal(closedLongest(rows), rows[2]);
    assert.equal(closedLongest(rows.map((row) => ({ ...row, open: true }))), undefined);
    assert.equal(closedLongest([]), undefined);
  });
});
