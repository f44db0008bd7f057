// The files of one region: one a day. Around midnight two are open at once; a capture that jumps between thousands of days
// has no more than a few open at any moment.

import { civilDate } from '../bytes/calendar.js';
import type { FileAccess } from './file_access.js';
import type { FileHeader } from './file_header.js';
import type { LineRun } from './lines.js';
import { LogFile } from './log_file.js';
import { LogError, errorCode } from './log_error.js';
import type { WriteLedger } from './write_ledger.js';

/** Open files a region. */
const MAX_OPEN_DAYS = 3;
/** A file that got no line for this long is closed; its next line opens it again. */
const IDLE_MS = 60_000;

interface DayLines {
  readonly parts: Uint8Array[];
  lines: number;
}

export interface RegionFilesOptions {
  /** what stands before the date, directory and all: `/log/httplog/http-` */
  readonly prefix: string;
  /** what stands after it: `.log` */
  readonly suffix: string;
  readonly files: FileAccess;
  readonly ledger: WriteLedger;
  /** what the records of a file stand under */
  readonly header: FileHeader | undefined;
  /** makes the directory again when it has gone */
  readonly makeDirectory: () => Promise<void>;
}

/** One call at a time. */
export class RegionFiles {
  /** by day, the longest unused first */
  private readonly open = new Map<number, LogFile>();
  private nowMs = 0;

  constructor(private readonly options: RegionFilesOptions) {}

  /** Appends the runs to the files of their days: one write a day, lines of a day in their order. */
  async write(runs: readonly LineRun[]): Promise<void> {
    for (const [day, { parts, lines }] of byDay(runs)) {
      try {
        await (await this.fileOf(day)).append(parts, lines);
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        this.options.ledger.failed(lines, error);
      }
    }
  }

  /** Closes files long unused, and those that were deleted: their next line makes them anew. A renamed file stays open. */
  async tend(nowMs: number): Promise<void> {
    this.nowMs = nowMs;
    for (const [day, file] of this.open) {
      if (nowMs - file.usedMs >= IDLE_MS || (await file.isDeleted())) await this.close(day, file);
    }
  }

  async closeAll(): Promise<void> {
    for (const [day, file] of this.open) await this.close(day, file);
  }

  private async fileOf(day: number): Promise<LogFile> {
    let file = this.open.get(day);
    if (file !== undefined) this.open.delete(day);
    else {
      for (const [oldest, unused] of this.open) {
        if (this.open.size < MAX_OPEN_DAYS) break;
        await this.close(oldest, unused);
      }
      file = await this.openFile(day);
    }
    file.usedMs = this.nowMs;
    this.open.set(day, file);
    return file;
  }

  private async openFile(day: number): Promise<LogFile> {
    const { prefix, suffix, files, ledger, header, makeDirectory } = this.options;
    const path = `${prefix}${String(civilDate(day)).padStart(8, '0')}${suffix}`;
    try {
      return await LogFile.open(path, files, ledger, header);
    } catch (error) {
      if (!(error instanceof LogError) || errorCode(error.cause) !== 'ENOENT') throw error;
    }
    await makeDirectory();
    return LogFile.open(path, files, ledger, header);
  }

  private async close(day: number, file: LogFile): Promise<void> {
    this.open.delete(day);
    await file.close();
  }
}

function byDay(runs: readonly LineRun[]): Map<number, DayLines> {
  const days = new Map<number, DayLines>();
  for (const run of runs) {
    let lines = days.get(run.day);
    if (lines === undefined) {
      lines = { parts: [], lines: 0 };
      days.set(run.day, lines);
    }
    lines.parts.push(run.bytes);
    lines.lines += run.lines;
  }
  return days;
}
