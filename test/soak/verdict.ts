// What a soak has to show, as rows of a table: each with what was seen and whether that is as it must be.

import type { PrintedTotals } from '../support/totals.js';
import type { Sample, Watched } from './watched.js';

export interface Check {
  readonly what: string;
  readonly seen: string;
  readonly holds: boolean;
}

/** Resident memory beyond this is too much, whatever it grew from. */
const MOST_RESIDENT_MIB = 300;
/** Growth that a heap shows between two collections, and a fit cannot tell from a leak. */
const NOISE_MIB = 12;
/** On a busy machine a heap finds its size within four minutes: where the warm-up is shorter than that, some of it is still to come. */
const SETTLED_S = 240;
const UNSETTLED_NOISE_MIB = 24;
const MOST_GROWTH_MIB_AN_HOUR = 24;
/** Start-up, warm-up, first use of every way. */
const WARM_UP_SHARE = 1 / 3;
const KIB_A_MIB = 1024;
const HOUR_S = 3600;

/** Growth of a quantity by time, by least squares. @returns per unit of x; 0 for less than two samples */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return spread === 0 || points.length < 2 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

/** Memory is flat after the warm-up, and never too much. */
export function memoryCheck(name: string, samples: readonly Sample[]): Check {
  const end = samples.at(-1)?.atS ?? 0;
  const warm = samples.filter(({ atS }) => atS >= end * WARM_UP_SHARE);
  const seconds = end * (1 - WARM_UP_SHARE);
  const growth = slope(warm.map(({ atS, residentKiB }) => [atS, residentKiB / KIB_A_MIB])) * seconds;
  const most = Math.max(...samples.map(({ residentKiB }) => residentKiB / KIB_A_MIB));
  const noise = end * WARM_UP_SHARE < SETTLED_S ? UNSETTLED_NOISE_MIB : NOISE_MIB;
  const allowed = noise + MOST_GROWTH_MIB_AN_HOUR * seconds / HOUR_S;
  return {
    what: `${name}: memory flat after warm-up (fitted growth up to ${allowed.toFixed(1)} MiB in ${seconds.toFixed(0)} s), at most ${MOST_RESIDENT_MIB} MiB`,
    seen: `${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MiB, at most ${most.toFixed(0)} MiB`,
    holds: warm.length > 1 && growth <= allowed && most <= MOST_RESIDENT_MIB,
  };
}

/** What the process says of itself at its end, against itself. */
export function totalsChecks(httplog: Watched): Check[] {
  const { name, latest: report, reports, broken } = httplog;
  if (report === undefined) return [{ what: `${name}: totals`, seen: 'none', holds: false }];
  const { sources } = report;
  const sum = (of: (source: PrintedTotals) => number): number => sources.reduce((total, source) => total + of(source), 0);
  const records = sum((source) => Object.values(source.records).reduce((total, count) => total + count, 0));
  const pending = sum((source) => source.pending + source.waiting);
  return [
    { what: `${name}: every report adds up, and no total ever falls`, seen: broken ?? `${reports} reports`, holds: broken === undefined && reports > 0 },
    {
      what: `${name}: received = parsed + dropped + skipped at the end`,
      seen: `${sum(({ received }) => received)} = ${sum(({ parsed }) => parsed)} + ${sum(({ dropped }) => dropped)} + ${sum(({ skipped }) => skipped)}${pending === 0 ? '' : ` + ${pending} left`}`,
      holds: pending === 0 && sum(({ received }) => received) === sum(({ parsed, dropped, skipped }) => parsed + dropped + skipped),
    },
    {
      what: `${name}: records = lines written + lines lost`,
      seen: `${records} = ${report.linesWritten} + ${report.linesLost}`,
      holds: records === report.linesWritten + report.linesLost && records > 0,
    },
    {
      what: `${name}: never died, ended as told`,
      seen: `exit status ${String(httplog.end)}`,
      // 1 says that records were lost to write errors.
      holds: httplog.end === (report.linesLost > 0 ? 1 : 0),
    },
  ];
}

/** Lines that somebody found, against those that httplog says it wrote. */
export function outputChecks(httplog: Watched, found: { readonly lines: number; readonly bytes: number; readonly broken: string | undefined }): Check[] {
  const { name, latest } = httplog;
  const [lines, bytes] = [latest?.linesWritten ?? 0, latest?.bytesWritten ?? 0];
  return [
    { what: `${name}: lines and bytes written are those found`, seen: `${lines} and ${bytes}, found ${found.lines} and ${found.bytes}`, holds: found.lines === lines && found.bytes === bytes },
    { what: `${name}: no broken line`, seen: found.broken ?? 'none', holds: found.broken === undefined },
  ];
}
