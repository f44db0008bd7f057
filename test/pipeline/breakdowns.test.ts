import assert from 'node:assert/strict';
import { Breakdowns } from '../../src/pipeline/breakdowns.js';

describe('pipeline: breakdowns', () => {
  it('the first successor begins at once, each next one later, and the ninth in ten minutes is too many', () => {
    const breakdowns = new Breakdowns(() => 5);
    assert.deepEqual(Array.from({ length: 9 }, () => breakdowns.note()), [0, 100, 200, 400, 800, 1600, 3200, 6400, undefined]);
  });

  it('those of more than ten minutes ago are forgotten', () => {
    let now = 0;
    const breakdowns = new Breakdowns(() => now);
    for (let hour = 0; hour < 20; hour++) {
      now = hour * 3_600_000;
      assert.equal(breakdowns.note(), 0);
      now += 599_999;
      assert.equal(breakdowns.note(), 100);
    }
  });
});
