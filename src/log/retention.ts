// Which files may go, and which may be compressed: decided from names and sizes alone.

import { DAY_SECONDS } from '../record/clock.js';
import { compareAge, GZIP_SUFFIX, type LogFileName } from './file_names.js';

/** Records of a period may come this much later: waiting in the merge, in buffers, for a stopped process. */
const LATE_SECONDS = 300;

export interface KeptFile extends LogFileName {
  /** 0 where nobody asked */
  readonly sizeBytes: number;
}

export interface Moment {
  /** seconds since 1970-01-01T00:00 in the zone of the names */
  readonly nowSeconds: number;
  /** of the files being written */
  readonly periodSeconds: number;
}

/** Files of days more than so many before today, the oldest first. */
export function expiredFiles(files: readonly KeptFile[], nowSeconds: number, days: number): KeptFile[] {
  const firstKept = (Math.floor(nowSeconds / DAY_SECONDS) - days) * DAY_SECONDS;
  return files.filter((file) => file.beginSeconds < firstKept).sort(compareAge);
}

/** Files that may go for room: all but those that the next record may be written to, the oldest first. */
export function removableFiles(files: readonly KeptFile[], moment: Moment): KeptFile[] {
  const last = lastParts(files);
  const isCurrent = (file: KeptFile): boolean => !file.compressed && file.beginSeconds <= moment.nowSeconds
    && moment.nowSeconds < endSeconds(file, moment) && last.get(file.series) === file.part;
  return files.filter((file) => !isCurrent(file)).sort(compareAge);
}

/** Files that no record will be written to any more and that are not compressed, the oldest first. */
export function finishedFiles(files: readonly KeptFile[], moment: Moment): KeptFile[] {
  const last = lastParts(files);
  const isOver = (file: KeptFile): boolean => endSeconds(file, moment) + LATE_SECONDS <= moment.nowSeconds || file.part < (last.get(file.series) ?? 0);
  return files.filter((file) => !file.compressed && isOver(file)).sort(compareAge);
}

/** A file with a time of day may be of an earlier setting of -rotate: then its period ends with the day, at the latest. */
function endSeconds({ beginSeconds, timed }: KeptFile, { periodSeconds }: Moment): number {
  if (timed && periodSeconds < DAY_SECONDS) return beginSeconds + periodSeconds;
  return (Math.floor(beginSeconds / DAY_SECONDS) + 1) * DAY_SECONDS;
}

/** The highest part by series, also of what is compressed. */
function lastParts(files: readonly KeptFile[]): Map<string, number> {
  const last = new Map<string, number>();
  for (const { series, part } of files) if (part >= (last.get(series) ?? 0)) last.set(series, part);
  return last;
}

/** The name a file has once it is compressed. */
export function compressedName(name: string): string {
  return name + GZIP_SUFFIX;
}
