// The names of log files, made and read back:
//
//     http-YYYYMMDD.log                     a day
//     http-YYYYMMDD-HHMM.log                a part of the day that begins then (-rotate 1h)
//     http-YYYYMMDD.NNNNNN.log              part N of the day, from 1 (-rotate 100M)
//     http-YYYYMMDD-HHMM.NNNNNN.log         both (-rotate 1h,100M)
//
// with a record kind behind `http-` (-log_split), the format's extension, and .gz once compressed. Names of one kind and scheme
// sort by age. What does not read back exactly is not ours.

import { civilDate } from '../bytes/calendar.js';
import { DAY_SECONDS } from '../record/clock.js';
import { KIND_NAMES } from '../record/kinds.js';

/** By format. */
export const EXTENSIONS = { text: 'log', tsv: 'tsv', json: 'json', ecs: 'ecs.json' } as const;

export const GZIP_SUFFIX = '.gz';
/** Stands before a compressed file's name while it is being made, and the other behind it: no pattern for logs takes it for one. */
const UNFINISHED_PREFIX = '.';
const UNFINISHED_SUFFIX = '.part';

const PART_DIGITS = 6;
const NAME = new RegExp(
  `^http-(?:(?:${KIND_NAMES.join('|')})-)?(\\d{4})(\\d{2})(\\d{2})(?:-([01]\\d|2[0-3])([0-5]\\d))?(?:\\.(\\d{6}|[1-9]\\d{6,8}))?`
  + `\\.(?:${Object.values(EXTENSIONS).map((extension) => extension.replaceAll('.', '\\.')).join('|')})(\\.gz)?$`,
);

/** What a file's name says. */
export interface LogFileName {
  readonly name: string;
  /** when its first record can be: seconds since 1970-01-01T00:00 in the zone of the names */
  readonly beginSeconds: number;
  /** whether it says the time of day */
  readonly timed: boolean;
  /** from 1; 0: not in parts */
  readonly part: number;
  /** the name without part and .gz: files that have it in common hold the parts of one period */
  readonly series: string;
  readonly compressed: boolean;
}

/**
 * @param prefix `http-`, `http-CQ-`
 * @param period periods of that length since 1970-01-01 in the zone of the names
 * @param extension `log`
 * @param part from 1; 0: not in parts
 */
export function logFileName(prefix: string, period: number, periodSeconds: number, extension: string, part = 0): string {
  const day = Math.floor(period / (DAY_SECONDS / periodSeconds));
  const date = padded(civilDate(day), 8);
  const minute = (period * periodSeconds - day * DAY_SECONDS) / 60;
  const time = periodSeconds === DAY_SECONDS ? '' : `-${padded(Math.floor(minute / 60) * 100 + (minute % 60), 4)}`;
  return `${prefix}${date}${time}${part === 0 ? '' : `.${padded(part, PART_DIGITS)}`}.${extension}`;
}

/** @returns undefined for a name that this program does not give to log files */
export function parseLogFileName(name: string): LogFileName | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, year, month, dayOfMonth, hour, minute, part, gzip] = match;
  const day = Date.UTC(Number(year), Number(month) - 1, Number(dayOfMonth)) / (DAY_SECONDS * 1000);
  if (day < 0 || padded(civilDate(day), 8) !== `${year}${month}${dayOfMonth}` || part === padded(0, PART_DIGITS)) return undefined;
  const uncompressed = gzip === undefined ? name : name.slice(0, -GZIP_SUFFIX.length);
  return {
    name,
    beginSeconds: day * DAY_SECONDS + Number(hour ?? 0) * 3600 + Number(minute ?? 0) * 60,
    timed: hour !== undefined,
    part: Number(part ?? 0),
    series: part === undefined ? uncompressed : uncompressed.replace(`.${part}.`, '.'),
    compressed: gzip !== undefined,
  };
}

/** Where `NAME.gz` is made before it gets that name. @param name of the file that is compressed */
export function unfinishedName(name: string): string {
  return `${UNFINISHED_PREFIX}${name}${GZIP_SUFFIX}${UNFINISHED_SUFFIX}`;
}

/** Whether the name is one of unfinishedName(). */
export function isUnfinishedName(name: string): boolean {
  if (!name.startsWith(UNFINISHED_PREFIX) || !name.endsWith(UNFINISHED_SUFFIX)) return false;
  return parseLogFileName(name.slice(UNFINISHED_PREFIX.length, -UNFINISHED_SUFFIX.length))?.compressed === true;
}

/** The oldest first. */
export function compareAge(a: LogFileName, b: LogFileName): number {
  return a.beginSeconds - b.beginSeconds || a.part - b.part || (a.name < b.name ? -1 : 1);
}

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}
