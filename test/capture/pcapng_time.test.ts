import assert from 'node:assert/strict';

import { PART, SplitTime, tickSize, type TickSize } from '../../src/capture/pcapng_time.js';
import { SeededRandom } from '../support/random.js';

const LAST_SECOND = 253402300799n;

/** Splits a tick count that stands at an odd place, in either byte order. */
function split(time: SplitTime, tick: TickSize, offsetSeconds: number, ticks: bigint, little: boolean): boolean {
  const view = new DataView(new ArrayBuffer(9));
  view.setUint32(1, Number(ticks >> 32n), little);
  view.setUint32(5, Number(ticks & 0xffffffffn), little);
  return time.set(tick, offsetSeconds, view, 1, little);
}

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
        const isDate = split(time, tick, 0, ticks, round % 4 < 2);
        assert.equal(isDate, seconds <= LAST_SECOND);
        if (!isDate) continue;
        dates++;
        assert.equal(BigInt(time.parts[PART.SECONDS]), seconds);
        assert.equal(BigInt(time.parts[PART.NANOSECONDS]), ((ticks % perSecond) * 1_000_000_000n) / perSecond);
      }
    }
    assert.ok(dates > 10_000);
  });

  it('have their offset added, and are 0 when that is no date', () => {
    const time = new SplitTime();
    assert.equal(split(time, tickSize(6), -5, 7_000_001n, true), true);
    assert.deepEqual([...time.parts], [2, 1000]);
    assert.equal(split(time, tickSize(6), -8, 7_000_001n, true), false);
    assert.deepEqual([...time.parts], [0, 0]);
  });
});
