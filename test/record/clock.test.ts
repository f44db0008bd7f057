import assert from 'node:assert/strict';
import { Clock, type ZoneOffset, localOffset, utcOffset } from '../../src/record/clock.js';
import { latin1Text } from '../support/fence.js';
import { SeededRandom } from '../support/random.js';

const LAST_SECOND = 253402300799;
const SPACE = 0x20;

function show(clock: Clock, seconds: number): string {
  clock.set(seconds);
  const out = new Uint8Array(21).fill(0xee);
  assert.equal(clock.write(out, 1, SPACE), 20);
  assert.deepEqual([out[0], out[20]], [0xee, 0xee], 'nineteen bytes');
  return latin1Text(out.subarray(1, 20));
}

const at = (zone: ZoneOffset, seconds: number): string => show(new Clock(zone), seconds);
const utc = (text: string): number => Date.parse(`${text}Z`) / 1000;

describe('record: clock', () => {
  const moments: readonly (readonly [seconds: number, text: string])[] = [
    [0, '1970-01-01 00:00:00'],
    [86399, '1970-01-01 23:59:59'],
    [86400, '1970-01-02 00:00:00'],
    [951782400, '2000-02-29 00:00:00'],
    [1567347411, '2019-09-01 14:16:51'],
    [2 ** 31, '2038-01-19 03:14:08'],
    [2 ** 32, '2106-02-07 06:28:16'],
    [LAST_SECOND, '9999-12-31 23:59:59'],
  ];
  for (const [seconds, text] of moments) {
    it(`shows ${text}`, () => assert.equal(at(utcOffset, seconds), text));
  }

  it('agrees with Date at random moments, in any order', () => {
    const clock = new Clock(utcOffset);
    const random = new SeededRandom(9);
    for (let round = 0; round < 5000; round++) {
      const seconds = round % 2 ? random.next() : Math.floor(random.next() / 2 ** 32 * LAST_SECOND);
      assert.equal(show(clock, seconds), new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' '));
      assert.equal(clock.day, Math.floor(seconds / 86400));
    }
  });

  it('agrees with Date second by second over midnight, forward and backward', () => {
    const clock = new Clock(utcOffset);
    const midnight = utc('2024-03-01T00:00:00');
    for (const step of [1, -1]) {
      for (let second = -70; second <= 70; second++) {
        const seconds = midnight + step * second;
        assert.equal(show(clock, seconds), new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' '));
      }
    }
  });

  it('counts days in the zone', () => {
    for (const [hours, day] of [[0, 1], [14, 1], [-12, 0], [5.75, 1]] as const) {
      const clock = new Clock(() => hours * 3600);
      clock.set(86400 + 3600);
      assert.equal(clock.day, day, `${hours} h`);
    }
    const east = new Clock(() => 14 * 3600);
    east.set(86400 - 3600);
    assert.equal(east.day, 1);
  });

  it('counts parts of the day in the zone', () => {
    const clock = new Clock(() => 5.75 * 3600);
    for (const seconds of [0, 86399, 1_000_000_000, 1_000_002_899, 1_000_002_900, 253_402_200_000]) {
      clock.set(seconds);
      for (const length of [300, 900, 3600, 86400]) assert.equal(clock.period(length), Math.floor((seconds + 5.75 * 3600) / length), `${seconds} ${length}`);
    }
  });

  it('the ends of time stay in their years, in every zone', () => {
    assert.equal(at(() => -12 * 3600, 0), '1970-01-01 00:00:00');
    assert.equal(at(() => -12 * 3600, 12 * 3600), '1970-01-01 00:00:00');
    assert.equal(at(() => 14 * 3600, LAST_SECOND), '9999-12-31 23:59:59');
    assert.equal(at(() => -12 * 3600, LAST_SECOND), '9999-12-31 11:59:59');
  });

  describe('a change of summer time', () => {
    /** Central European Time of 2024. */
    const berlin: ZoneOffset = (seconds) => (
      seconds >= utc('2024-03-31T01:00:00') && seconds < utc('2024-10-27T01:00:00') ? 7200 : 3600);
    /** Newfoundland of 2010 changed at one minute past local midnight. */
    const stJohns: ZoneOffset = (seconds) => (seconds >= utc('2010-03-14T03:31:00') ? -2.5 * 3600 : -3.5 * 3600);

    it('skips an hour in spring', () => {
      const clock = new Clock(berlin);
      assert.equal(show(clock, utc('2024-03-31T00:59:59')), '2024-03-31 01:59:59');
      assert.equal(show(clock, utc('2024-03-31T01:00:00')), '2024-03-31 03:00:00');
      assert.equal(show(clock, utc('2024-03-31T00:59:59')), '2024-03-31 01:59:59');
    });

    it('repeats an hour in autumn', () => {
      const clock = new Clock(berlin);
      assert.equal(show(clock, utc('2024-10-27T00:59:59')), '2024-10-27 02:59:59');
      assert.equal(show(clock, utc('2024-10-27T01:00:00')), '2024-10-27 02:00:00');
    });

    it('at an odd minute does not depend on what was shown before', () => {
      const clock = new Clock(stJohns);
      for (const text of ['03:30:00', '03:30:59', '03:31:00', '03:30:59', '03:44:59']) {
        const seconds = utc(`2010-03-14T${text}`);
        assert.equal(show(clock, seconds), at(stJohns, seconds), text);
      }
      assert.equal(show(clock, utc('2010-03-14T03:30:59')), '2010-03-14 00:00:59');
      assert.equal(show(clock, utc('2010-03-14T03:31:00')), '2010-03-14 01:01:00');
    });
  });

  it('the zone of the process is that of Date', () => {
    for (const text of ['2019-01-15T12:00:00', '2019-07-15T12:00:00', '1970-06-01T00:00:00', '2400-02-29T23:59:59']) {
      const seconds = utc(text);
      const date = new Date(seconds * 1000);
      const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
      assert.equal(at(localOffset, seconds), `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} `
        + `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`);
    }
  });
});
