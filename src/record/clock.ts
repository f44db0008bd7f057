// Civil time of records, kept from one to the next: most records of a second share everything but the fraction.

import { COLON } from '../bytes/ascii.js';
import { civilDate } from '../bytes/calendar.js';
import { wordsOfLines } from '../bytes/words.js';
import { writePadded } from '../bytes/write.js';

/** Of a civil day. */
export const DAY_SECONDS = 86400;
const DATE_BYTES = 10;
/** Bytes of date, separator and time of day. */
const TIME_BYTES = 19;
/** Of the last of the words that cover them: one byte is in two words. */
const LAST_WORD = TIME_BYTES - 4;
const DASH = 0x2d;
/** The last second of year 9999. */
const LAST_SECOND = 253402300799;
/** Zone offsets change at whole minutes (the tz database's rules since 1972; Newfoundland's once did at one past midnight). */
const OFFSET_SPAN_SECONDS = 60;

/** What a zone adds to UTC at a moment, in seconds. */
export type ZoneOffset = (seconds: number) => number;

export const utcOffset: ZoneOffset = () => 0;

/** The zone of this process (TZ, else /etc/localtime). */
export const localOffset: ZoneOffset = (seconds) => Math.round(new Date(seconds * 1000).getTimezoneOffset() * -60);

/** Year, month, day and time of day of the last moment it was set to. */
export class Clock {
  /** days since 1970-01-01 in the zone, not below 0 */
  day = 0;
  private date = 19700101;
  private secondOfDay = 0;
  private seconds = -1;
  private offset = 0;
  private offsetFrom = -1;
  /** what write() wrote last, and for which second */
  private readonly text = new Uint8Array(TIME_BYTES);
  private textOf = -1;
  private readonly words = new DataView(this.text.buffer);

  constructor(private readonly zoneOffset: ZoneOffset) {}

  /** @param seconds since 1970, 0 to 253402300799 (9999-12-31T23:59:59Z) */
  set(seconds: number): void {
    if (seconds === this.seconds) return;
    this.seconds = seconds;
    const span = Math.floor(seconds / OFFSET_SPAN_SECONDS);
    if (span !== this.offsetFrom) {
      this.offsetFrom = span;
      this.offset = this.zoneOffset(seconds);
    }
    // West of Greenwich the first hours of 1970 lie before it, east of it the last of 9999 behind: shown as its first or last second.
    const local = Math.min(LAST_SECOND, Math.max(0, seconds + this.offset));
    const day = Math.floor(local / DAY_SECONDS);
    this.secondOfDay = local - day * DAY_SECONDS;
    if (day === this.day) return;
    this.day = day;
    this.date = civilDate(day);
  }

  /**
   * Periods of that length since 1970-01-01 in the zone.
   * @param lengthSeconds a divisor of the day
   */
  period(lengthSeconds: number): number {
    return this.day * (DAY_SECONDS / lengthSeconds) + Math.floor(this.secondOfDay / lengthSeconds);
  }

  /** Writes `YYYY-MM-DD`, the separator and `HH:MM:SS`: TIME_BYTES. */
  write(out: Uint8Array, at: number, separator: number): number {
    if (this.textOf !== this.seconds) this.renew();
    const { words } = this;
    const written = wordsOfLines(out);
    for (let i = 0; i < LAST_WORD; i += 4) written.setInt32(at + i, words.getInt32(i));
    written.setInt32(at + LAST_WORD, words.getInt32(LAST_WORD));
    out[at + DATE_BYTES] = separator;
    return at + TIME_BYTES;
  }

  private renew(): void {
    const { date, secondOfDay, text } = this;
    const minute = Math.floor(secondOfDay / 60);
    writePadded(text, 0, Math.floor(date / 10000), 4);
    text[4] = DASH;
    writePadded(text, 5, Math.floor(date / 100) % 100, 2);
    text[7] = DASH;
    writePadded(text, 8, date % 100, 2);
    writePadded(text, 11, Math.floor(minute / 60), 2);
    text[13] = COLON;
    writePadded(text, 14, minute % 60, 2);
    text[16] = COLON;
    writePadded(text, 17, secondOfDay % 60, 2);
    this.textOf = this.seconds;
  }
}
