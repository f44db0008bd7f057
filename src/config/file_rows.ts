// The option table's rows of the log files: where one ends, how long they stay, how much room they leave.

import { DAY_SECONDS } from '../record/clock.js';
import { switchRow } from './common_rows.js';
import type { OptionValues, SettingRow } from './option.js';
import { parseSize, showSize } from './size.js';
import type { Rotation } from './settings.js';
import { parseInteger } from './values.js';

const LEAST_PERIOD_SECONDS = 300;
/** What is written at a time should fit into a file. */
const LEAST_FILE_BYTES = 1 << 20;
const MOST_DAYS = 36_500;
const MOST_FREE_PERCENT = 99;
const OFF = 'off';
const UNIT_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: DAY_SECONDS };

const DAILY: Rotation = { periodSeconds: DAY_SECONDS, sizeBytes: Infinity };

type Rows<Names extends keyof OptionValues> = { readonly [Name in Names]: SettingRow<OptionValues[Name]> };

/** Settings of log files, which standard output has not. */
export const FILE_SETTINGS = ['rotation', 'compress', 'retainDays', 'maxDiskBytes', 'minFreePercent'] as const;

export const FILE_ROWS: Rows<(typeof FILE_SETTINGS)[number]> = {
  rotation: {
    name: 'rotate', kind: 'value', metavar: 'WHEN', group: 'Log files', key: 'HTTPLOG_ROTATE', applies: 'both',
    help: 'begin a new file with each such part of the day (15m, 1h, 6h), or before one grows beyond a size (100M, 1G), or both: 1h,1G',
    default: '1d',
    complete: { words: ['15m', '1h', '6h', '1d', '100M', '1G'], list: true },
    accepts: 'a time of 5m or more that divides the day, such as 15m, 1h or 1d, a size from 1M to 8192T, such as 100M or 1G, or both: 1h,1G',
    parse: ([text]) => parseRotation(text),
    show: showRotation,
    initial: () => DAILY,
  },
  compress: switchRow({
    name: 'compress', group: 'Log files', key: 'HTTPLOG_COMPRESS', applies: 'live',
    help: 'compress finished log files to .gz, in the background',
  }),
  retainDays: {
    name: 'retain', kind: 'value', metavar: 'DAYS', group: 'Log files', key: 'HTTPLOG_RETAIN', applies: 'live',
    help: 'remove log files of days further back than that, by the day in their name',
    default: 'off',
    complete: { words: [OFF] },
    accepts: `off, or an integer from 1 to ${MOST_DAYS}`,
    parse: ([text]) => (text === OFF ? 0 : parseInteger(text, 1, MOST_DAYS)),
    show: (days) => (days === 0 ? OFF : String(days)),
    initial: () => 0,
  },
  maxDiskBytes: {
    name: 'max_disk', kind: 'value', metavar: 'SIZE', group: 'Log files', key: 'HTTPLOG_MAX_DISK', applies: 'live',
    help: 'room for all log files in the directory (500M, 10G): beyond it the oldest go, and when none is left to go nothing is written',
    default: 'off',
    complete: { words: [OFF] },
    accepts: 'off, or a size from 1M to 8192T, such as 500M or 10G',
    parse: ([text]) => (text === OFF ? Infinity : parseSize(text, LEAST_FILE_BYTES)),
    show: (bytes) => (bytes === Infinity ? OFF : showSize(bytes)),
    initial: () => Infinity,
  },
  minFreePercent: {
    name: 'min_free', kind: 'value', metavar: 'PERCENT', group: 'Log files', key: 'HTTPLOG_MIN_FREE', applies: 'live',
    help: 'what stays free on the file system: below it the oldest log files go, and when none is left to go nothing is written; 0: no limit',
    default: '5',
    accepts: `a number from 0 to ${MOST_FREE_PERCENT}, such as 5 or 0.5`,
    parse: ([text]) => parsePercent(text),
    show: String,
    initial: () => 5,
  },
};

function parseRotation(text: string): Rotation | undefined {
  let periodSeconds: number | undefined;
  let sizeBytes: number | undefined;
  for (const item of text.split(',').map((word) => word.trim())) {
    const period = parsePeriod(item);
    const size = period === undefined ? parseSize(item, LEAST_FILE_BYTES) : undefined;
    if ((period ?? size) === undefined || (period !== undefined && periodSeconds !== undefined) || (size !== undefined && sizeBytes !== undefined)) {
      return undefined;
    }
    periodSeconds ??= period;
    sizeBytes ??= size;
  }
  return { periodSeconds: periodSeconds ?? DAILY.periodSeconds, sizeBytes: sizeBytes ?? DAILY.sizeBytes };
}

/** A part of the day in seconds, such that whole ones make a day: `15m`, `6h`, `1d`. */
function parsePeriod(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const seconds = Number(number) * UNIT_SECONDS[unit];
  return seconds >= LEAST_PERIOD_SECONDS && DAY_SECONDS % seconds === 0 ? seconds : undefined;
}

/** `5`, `0.5`, `5%` */
function parsePercent(text: string): number | undefined {
  const [, number] = /^(\d{1,2}(?:\.\d{1,3})?)%?$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number);
}

function showRotation({ periodSeconds, sizeBytes }: Rotation): string {
  const size = sizeBytes === Infinity ? [] : [showSize(sizeBytes)];
  return periodSeconds === DAY_SECONDS && size.length > 0 ? size[0] : [showPeriod(periodSeconds), ...size].join(',');
}

function showPeriod(seconds: number): string {
  const [unit, unitSeconds] = Object.entries(UNIT_SECONDS).reverse().find(([, candidate]) => seconds % candidate === 0) ?? ['m', 60];
  return `${seconds / unitSeconds}${unit}`;
}
