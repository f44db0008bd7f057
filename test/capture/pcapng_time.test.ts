import assert from 'node:assert/strict';

import { SplitTime, tickSize } from '../../src/capture/pcapng_time.js';
import { SeededRandom } from '../support/random.js';

const LAST_SECOND = 253402300799n;

describe('pcapng times', () => {
  it('are split exactly, whatever the resolution', () => {
    const random = new SeededRandom(1);
    const time = new SplitTime();
    let dates = 0;
    for (let resolution = 0; resolution < 256; resolution++) {
      const tick = tickSize(resolution);
      const perSecond = (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
      for (let round = 0; round < 400; round++) {
        // Every magnitude, and the last ticks of a second, where rounding would show.
        let ticks = ((BigInt(random.next()) << 32n) | BigInt(random.next())) >> BigInt(random.below(64));
        if (round % 2 === 0) ticks -= (ticks % perSecond) + 1n;
        if (ticks < 0n) continue;
        const seconds = ticks / perSecond;
        const isDate = time.set(tick, 0, Number(ticks >> 32n), Number(ticks & 0xffffffffn));
        assert.equal(isDate, seconds <= LAST_SECOND);
        if (!isDate) continue;
        dates++;
        assert.equal(BigInt(time.seconds), seconds);
        assert.equal(BigInt(time.nanoseconds), ((ticks % perSecond) * 1_000_000_000n) / perSecond);
      }
    }
    assert.ok(dates > 10_000);
  });

  it('have their offset added, and are 0 when that is no date', () => {
    const time = new SplitTime();
    assert.equal(time.set(tickSize(6), -5, 0, 7_000_001), true);
    assert.deepEqual([time.seconds, time.nanoseconds], [2, 1000]);
    assert.equal(time.set(tickSize(6), -8, 0, 7_000_001), false);
    assert.deepEqual([time.seconds, time.nanoseconds], [0, 0]);
  });
});
