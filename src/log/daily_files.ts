// The log directory: a file a day, or as -rotate says, or one a record kind with -log_split. One process a directory.

import { resolve } from 'node:path';
import type { Rotation } from '../config/settings.js';
import { DAY_SECONDS } from '../record/clock.js';
import { KIND_NAMES } from '../record/kinds.js';
import { DirectoryLock } from './directory_lock.js';
import { systemFiles, type FileAccess } from './file_access.js';
import type { FileHeader } from './file_header.js';
import { FilesInUse } from './files_in_use.js';
import { Housekeeper, type RetentionOptions } from './housekeeper.js';
import type { LineSink } from './line_sink.js';
import { sumLines, type LineRun } from './lines.js';
import { makeLogDirectory } from './log_directory.js';
import { PartNumbers } from './part_numbers.js';
import { RegionFiles } from './region_files.js';
import type { WriteLedger } from './write_ledger.js';

const DAILY: Rotation = { periodSeconds: DAY_SECONDS, sizeBytes: Infinity };

export interface DailyFilesOptions {
  readonly directory: string;
  /** one file a record kind (regions are kinds), else one for all (region 0) */
  readonly split: boolean;
  /** `log` */
  readonly extension: string;
  /** where one file ends; default with the day */
  readonly rotation?: Rotation;
  /** what becomes of finished files; default nothing */
  readonly retention?: RetentionOptions | undefined;
  readonly ledger: WriteLedger;
  /** what the records of a file stand under; default nothing */
  readonly header?: FileHeader | undefined;
  /** default: the system's */
  readonly files?: FileAccess;
}

export class DailyFiles implements LineSink {
  private constructor(
    readonly ledger: WriteLedger, private readonly lock: DirectoryLock, private readonly regions: readonly RegionFiles[],
    private readonly partNumbers: PartNumbers | undefined, private readonly housekeeper: Housekeeper | undefined,
  ) {}

  /**
   * Makes the directory if it is missing, and locks it. Files are opened by their first line.
   * @throws LogError when the directory cannot be made, written or locked
   */
  static async open(options: DailyFilesOptions): Promise<DailyFiles> {
    const { split, extension, rotation = DAILY, retention, ledger, header, files = systemFiles } = options;
    const directory = resolve(options.directory);
    await makeLogDirectory(directory);
    const lock = await DirectoryLock.acquire(directory);
    const names = split ? KIND_NAMES.map((kind) => `http-${kind}-`) : ['http-'];
    const inUse = new FilesInUse();
    const partNumbers = rotation.sizeBytes === Infinity ? undefined : new PartNumbers();
    const regions = names.map((prefix) => new RegionFiles({
      directory,
      prefix,
      extension,
      rotation,
      partNumbers,
      inUse,
      files,
      ledger,
      header,
      claimDirectory: () => lock.renew(),
      makeDirectory: async () => {
        await makeLogDirectory(directory);
        await lock.renew();
      },
    }));
    const housekeeper = retention && new Housekeeper({ path: directory, periodSeconds: rotation.periodSeconds, inUse, totals: ledger }, retention);
    housekeeper?.start();
    return new DailyFiles(ledger, lock, regions, partNumbers, housekeeper);
  }

  async write(runs: readonly LineRun[]): Promise<void> {
    if (this.housekeeper?.isFull === true) return this.ledger.heldBack(sumLines(runs));
    if (this.regions.length === 1) return this.regions[0].write(runs);
    await Promise.all(this.regions.map((region, number) => region.write(runs.filter((run) => run.region === number))));
  }

  async reopen(): Promise<void> {
    for (const region of this.regions) await region.closeAll();
    this.partNumbers?.forget();
  }

  async tend(nowMs: number): Promise<void> {
    for (const region of this.regions) await region.tend(nowMs);
  }

  /** Closes the files and lets the directory go. */
  async close(): Promise<void> {
    await this.reopen();
    await this.housekeeper?.close();
    this.lock.release();
  }
}
