// A file that lines are appended to: opened anew when asked, put aside when it has grown enough, with a head when its format has one.
// What is put aside is FILE.1, and what was FILE.1 is FILE.2 then, as Python's RotatingFileHandler has it.

import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { systemFiles } from '../log/file_access.js';
import { isPlanted, refuseUnsafe, trustOfRoot } from '../log/directory_guard.js';
import { endsInsideLine } from '../log/file_tail.js';
import { wholeLines } from '../log/lines.js';
import { makeLogDirectory } from '../log/log_directory.js';
import { LogError, errorCode, systemLogError } from '../log/log_error.js';
import type { WriteLedger } from '../log/write_ledger.js';
import { writeWhole } from '../log/write_whole.js';
import { localTime } from './event_time.js';
import type { FileTop } from './formats/format.js';

const FILE_MODE = 0o640;
const PATIENCE_MS = 1000;
const ELSEWHERE = 'move it away, or name another file';
const NOT_REGULAR = `it is not a regular file; ${ELSEWHERE}`;
/** Where the head of a file says when it began. */
const HEAD_BYTES = 1024;
const DATE = /^#Date: (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/m;

export interface KeptFileOptions {
  readonly ledger: WriteLedger;
  /** stands at the top of a new file */
  readonly top?: FileTop;
  /** 0: it is never put aside */
  readonly maxBytes?: number;
  readonly backupCount?: number;
}

export class KeptFile {
  readonly path: string;
  private fd: number | undefined;
  private bytes = 0;
  /** what is appended next would follow the beginning of a line */
  private torn = false;

  private constructor(path: string, private readonly options: KeptFileOptions) {
    this.path = path;
  }

  /**
   * Makes its directory, if that is missing.
   * @throws LogError when that cannot be, or others could make root write elsewhere
   */
  static async in(path: string, options: KeptFileOptions): Promise<KeptFile> {
    const absolute = resolve(path);
    const directory = dirname(absolute);
    const trust = trustOfRoot();
    if (!existsSync(directory)) await makeLogDirectory(directory);
    else if (trust !== undefined) refuseUnsafe(directory, trust);
    return new KeptFile(absolute, options);
  }

  /** @throws LogError */
  async open(): Promise<void> {
    if (this.fd !== undefined) return;
    try {
      const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
      this.fd = openSync(this.path, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
      const status = fstatSync(this.fd);
      if (!status.isFile()) throw new LogError(`cannot write ${this.path}: ${NOT_REGULAR}`);
      if (isPlanted(this.path, status.uid)) throw new LogError(`cannot write ${this.path}: it belongs to user ${status.uid}, in a directory where everybody may make files; ${ELSEWHERE}`);
      this.bytes = status.size;
      this.torn = await endsInsideLine(systemFiles, this.fd, this.bytes);
    } catch (error) {
      this.shut();
      if (error instanceof LogError) throw error;
      throw errorCode(error) === 'EISDIR' ? new LogError(`cannot write ${this.path}: ${NOT_REGULAR}`) : systemLogError(`cannot write ${this.path}`, error);
    }
  }

  /** Appends whole lines. What cannot be written is lost, and counted. */
  async write(lines: Uint8Array, count: number): Promise<void> {
    const { ledger } = this.options;
    try {
      this.rotate(lines.length);
    } catch (error) {
      // The lines go where they went until now.
      ledger.failed(0, systemLogError(`cannot put ${this.path} aside`, error));
    }
    try {
      await this.open();
    } catch (error) {
      ledger.failed(count, error instanceof LogError ? error : systemLogError(`cannot write ${this.path}`, error));
      return;
    }
    const head = this.bytes === 0 ? this.options.top?.(BigInt(Date.now()) * 1_000_000n) ?? '' : '';
    const parts = [Buffer.from((this.torn ? '\n' : '') + head), lines];
    const { written, error } = await writeWhole(systemFiles, this.fd ?? -1, parts, PATIENCE_MS);
    this.bytes += written;
    if (error === undefined) {
      this.torn = false;
      ledger.wrote(count, written);
      return;
    }
    const ours = wholeLines(parts, written).lines - wholeLines(parts.slice(0, 1), written).lines;
    ledger.wrote(ours, written);
    ledger.failed(count - ours, systemLogError(`cannot write ${this.path}`, error));
    this.shut();
  }

  private rotate(more: number): void {
    const { maxBytes = 0, backupCount = 0 } = this.options;
    if (this.fd !== undefined && !this.isStillThere()) this.shut();
    if (maxBytes === 0 || this.fd === undefined || this.bytes === 0 || this.bytes + more <= maxBytes) return;
    this.shut();
    rmSync(`${this.path}.${backupCount}`, { force: true });
    for (let number = backupCount - 1; number >= 0; number--) {
      const from = number === 0 ? this.path : `${this.path}.${number}`;
      if (exists(from)) renameSync(from, `${this.path}.${number + 1}`);
    }
  }

  /** Whether the name still leads to the open file; somebody may have moved or removed it. */
  private isStillThere(): boolean {
    try {
      const [open, named] = [fstatSync(this.fd ?? -1), statSync(this.path)];
      return open.ino === named.ino && open.dev === named.dev;
    } catch {
      return false;
    }
  }

  /** The next lines open the file anew. */
  reopen(): void {
    this.shut();
  }

  /** Puts aside what an earlier run left, under the time it began. @returns its new name; undefined: there was nothing */
  archive(): string | undefined {
    try {
      const status = lstatSync(this.path);
      if (!status.isFile() || status.size === 0) return undefined;
      const [, day, time] = DATE.exec(headOf(this.path)) ?? [];
      const stamp = day === undefined ? localTime(BigInt(Math.round(status.mtimeMs)) * 1_000_000n, 'T') : `${day}T${time}`;
      const suffix = extname(this.path);
      const base = `${this.path.slice(0, this.path.length - suffix.length)}-${stamp.replaceAll(/[-:]/g, '')}`;
      let name = `${base}${suffix}`;
      for (let number = 2; exists(name); number++) name = `${base}-${number}${suffix}`;
      renameSync(this.path, name);
      return name;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw systemLogError(`cannot put aside ${this.path}`, error);
    }
  }

  private shut(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  close(): void {
    this.shut();
  }
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The first bytes of a file, which somebody may have put something else in the place of. */
function headOf(path: string): string {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(fd);
  }
}
