import assert from 'node:assert/strict';
import { civilDate } from '../../src/bytes/calendar.js';

const DAY_MS = 86_400_000;

function dateOf(day: number): number {
  const date = new Date(day * DAY_MS);
  return date.getUTCFullYear() * 10000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

function dayOf(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

describe('bytes: calendar', () => {
  it('agrees with Date on every day from 1970 to 2100', () => {
    for (let day = 0; day <= dayOf(2100, 12, 31); day++) assert.equal(civilDate(day), dateOf(day));
  });

  it('agrees with Date on samples to 9999, and around each leap day and year end', () => {
    for (let day = 0; day <= 2_932_896; day += 97) assert.equal(civilDate(day), dateOf(day));
    for (let year = 1970; year <= 9999; year++) {
      for (const day of [dayOf(year, 1, 1), dayOf(year, 2, 28), dayOf(year, 2, 28) + 1, dayOf(year, 3, 1), dayOf(year, 12, 31)]) {
        assert.equal(civilDate(day), dateOf(day));
      }
    }
  });

  it('has its two ends', () => {
    assert.equal(civilDate(0), 19700101);
    assert.equal(civilDate(2_932_896), 99991231);
  });
});
