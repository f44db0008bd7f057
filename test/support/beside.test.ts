import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { beside } from './beside.js';

describe('jobs beside each other', () => {
  it('are begun in order, one a processor, and each has its own end', async () => {
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    const ends = beside(Array.from({ length: 3 * availableParallelism() + 1 }, (_, number) => async () => {
      begun.push(number);
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      if (number === 1) throw new Error('the second');
      return number;
    }));
    const results = await Promise.allSettled(ends);
    assert.deepEqual(begun, results.map((_, number) => number));
    assert.equal(most, availableParallelism());
    assert.deepEqual(results.map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))), begun.map((number) => (number === 1 ? 'Error: the second' : number)));
  });
});
