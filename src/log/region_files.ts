// The files of one region: one a period (a day, or as -rotate says), or several parts of it. Around midnight two are open at
// once; a capture that jumps between thousands of days has no more than a few open at any moment.

import { join } from 'node:path';
import type { Rotation } from '../config/settings.js';
import type { FileAccess } from './file_access.js';
import type { FileHeader } from './file_header.js';
import { logFileName } from './file_names.js';
import type { FilesInUse } from './files_in_use.js';
import { copyRange, NEWLINE, wholeLines, type LineRun, type WholeLines } from './lines.js';
import { LogFile } from './log_file.js';
import { LogError, errorCode } from './log_error.js';
import type { PartNumbers } from './part_numbers.js';
import type { WriteLedger } from './write_ledger.js';

/** Open files a region. */
const MAX_OPEN_PERIODS = 3;
/** A file that got no line for this long is closed; its next line opens it again. */
const IDLE_MS = 60_000;

/** Whole lines on their way into one period's files. */
interface Lines {
  /** each begins a line and ends one */
  readonly parts: readonly Uint8Array[];
  readonly lines: number;
}
const NOTHING: Lines = { parts: [], lines: 0 };

interface OpenFile {
  readonly name: string;
  readonly file: LogFile;
}

export interface RegionFilesOptions {
  /** absolute */
  readonly directory: string;
  /** what stands before the date: `http-` */
  readonly prefix: string;
  /** `log` */
  readonly extension: string;
  readonly rotation: Rotation;
  /** of the directory; undefined when files are not limited in size */
  readonly partNumbers: PartNumbers | undefined;
  readonly inUse: FilesInUse;
  readonly files: FileAccess;
  readonly ledger: WriteLedger;
  /** what the records of a file stand under */
  readonly header: FileHeader | undefined;
  /** makes sure that the directory of that name is still ours: another one may have been mounted or moved there */
  readonly claimDirectory: () => Promise<void>;
  /** makes the directory again when it has gone */
  readonly makeDirectory: () => Promise<void>;
}

/** One call at a time. */
export class RegionFiles {
  /** by period, the longest unused first */
  private readonly open = new Map<number, OpenFile>();
  private nowMs = 0;

  constructor(private readonly options: RegionFilesOptions) {}

  /** Appends the runs to the files of their periods: one write a file, lines of a period in their order. */
  async write(runs: readonly LineRun[]): Promise<void> {
    for (const [period, lines] of byPeriod(runs)) await this.append(period, lines);
  }

  /** Closes files long unused, and those that were deleted or moved away: their next line makes them anew. */
  async tend(nowMs: number): Promise<void> {
    this.nowMs = nowMs;
    for (const [period, { file }] of this.open) {
      if (nowMs - file.usedMs >= IDLE_MS || (await file.isGone())) await this.close(period);
    }
  }

  async closeAll(): Promise<void> {
    for (const period of this.open.keys()) await this.close(period);
  }

  private async append(period: number, all: Lines): Promise<void> {
    const { ledger, rotation: { sizeBytes } } = this.options;
    let rest = all;
    try {
      let file = await this.fileOf(period);
      if (sizeBytes !== Infinity) await file.prepare();
      for (let isNew = false; ; isNew = true) {
        const [now, later] = cut(rest, sizeBytes - file.sizeBytes, isNew);
        const written = now.lines === 0 || (await file.append(now.parts, now.lines));
        if (later.lines === 0) return;
        rest = later;
        // A full disk would get one empty file after the other.
        if (!written) return void (await file.append(rest.parts, rest.lines));
        file = await this.nextPart(period);
      }
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      ledger.failed(rest.lines, error);
    }
  }

  private async fileOf(period: number): Promise<LogFile> {
    let open = this.open.get(period);
    // Lines in a deleted file would be lost without a word.
    if (open !== undefined && (await open.file.isDeleted())) {
      await this.close(period);
      open = undefined;
    }
    if (open !== undefined) this.open.delete(period);
    else {
      for (const oldest of this.open.keys()) {
        if (this.open.size < MAX_OPEN_PERIODS) break;
        await this.close(oldest);
      }
      open = await this.openFile(period);
    }
    open.file.usedMs = this.nowMs;
    this.open.set(period, open);
    return open.file;
  }

  /** The file of the period is full: the next one. */
  private async nextPart(period: number): Promise<LogFile> {
    const { directory, partNumbers } = this.options;
    const series = this.nameOf(period);
    if (partNumbers !== undefined) partNumbers.begin(series, (await partNumbers.current(directory, series)) + 1);
    await this.close(period);
    const file = await this.fileOf(period);
    await file.prepare();
    return file;
  }

  private async openFile(period: number): Promise<OpenFile> {
    const { directory, partNumbers, inUse } = this.options;
    const name = this.nameOf(period, await partNumbers?.current(directory, this.nameOf(period)));
    await inUse.enter(name);
    try {
      return { name, file: await this.openPath(join(directory, name)) };
    } catch (error) {
      inUse.leave(name);
      throw error;
    }
  }

  private async openPath(path: string): Promise<LogFile> {
    const { files, ledger, header, claimDirectory, makeDirectory } = this.options;
    try {
      await claimDirectory();
      return await LogFile.open(path, files, ledger, header);
    } catch (error) {
      if (!(error instanceof LogError) || errorCode(error.cause) !== 'ENOENT') throw error;
    }
    await makeDirectory();
    return LogFile.open(path, files, ledger, header);
  }

  private nameOf(period: number, part = 0): string {
    const { prefix, rotation: { periodSeconds }, extension } = this.options;
    return logFileName(prefix, period, periodSeconds, extension, part);
  }

  private async close(period: number): Promise<void> {
    const open = this.open.get(period);
    if (open === undefined) return;
    this.open.delete(period);
    await open.file.close();
    this.options.inUse.leave(open.name);
  }
}

function byPeriod(runs: readonly LineRun[]): Map<number, Lines> {
  const periods = new Map<number, { parts: Uint8Array[]; lines: number }>();
  for (const run of runs) {
    let lines = periods.get(run.period);
    if (lines === undefined) {
      lines = { parts: [], lines: 0 };
      periods.set(run.period, lines);
    }
    lines.parts.push(run.bytes);
    lines.lines += run.lines;
  }
  return periods;
}

/**
 * Cuts lines in two: those that still have room in a file, and the rest.
 * @param atLeastOne a line that fits into no file has to go into one
 */
function cut(all: Lines, roomBytes: number, atLeastOne: boolean): [now: Lines, later: Lines] {
  const bytes = all.parts.reduce((sum, part) => sum + part.length, 0);
  if (bytes <= roomBytes) return [all, NOTHING];
  let whole = wholeLines(all.parts, Math.max(0, roomBytes));
  if (whole.lines === 0 && atLeastOne) whole = firstLine(all.parts);
  if (whole.lines === all.lines) return [all, NOTHING];
  return [
    { parts: [copyRange(all.parts, 0, whole.bytes)], lines: whole.lines },
    { parts: [copyRange(all.parts, whole.bytes, bytes)], lines: all.lines - whole.lines },
  ];
}

/** Every part begins a line and ends one. */
function firstLine(parts: readonly Uint8Array[]): WholeLines {
  const first = parts.find((part) => part.length > 0);
  return first === undefined ? { lines: 0, bytes: 0 } : { lines: 1, bytes: first.indexOf(NEWLINE) + 1 };
}
