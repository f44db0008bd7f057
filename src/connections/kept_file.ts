// A file that lines are appended to: opened anew when asked, put aside when it has grown enough, with a head when its format has one.
// What is put aside is FILE.1, and what was FILE.1 is FILE.2 then, as Python's RotatingFileHandler has it.

import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { systemFiles } from '../log/file_access.js';
import { isPlanted, refuseUnsafe, trustOfRoot } from '../log/directory_guard.js';
import { LogError, systemLogError } from '../log/log_error.js';
import type { WriteLedger } from '../log/write_ledger.js';
import { writeWhole } from '../log/write_whole.js';
import { localTime } from './event_time.js';
import type { FileTop } from './formats/format.js';

const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;
const PATIENCE_MS = 1000;
const NEWLINE = 0x0a;
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
  /** the last write ended inside a line */
  private torn = false;

  /** @throws LogError when it cannot be written, or others could make root write elsewhere */
  constructor(path: string, private readonly options: KeptFileOptions) {
    this.path = resolve(path);
    const trust = trustOfRoot();
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: DIRECTORY_MODE });
    } catch (error) {
      throw systemLogError(`cannot make ${dirname(this.path)}`, error);
    }
    if (trust !== undefined) refuseUnsafe(dirname(this.path), trust);
  }

  /** @throws LogError */
  open(): void {
    if (this.fd !== undefined) return;
    try {
      const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
      this.fd = openSync(this.path, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
      const status = fstatSync(this.fd);
      if (!status.isFile()) throw new Error('it is no file');
      if (isPlanted(this.path, status.uid)) throw new Error(`it belongs to user ${status.uid}`);
      this.bytes = status.size;
      this.torn = this.endsTorn();
    } catch (error) {
      this.shut();
      throw systemLogError(`cannot write ${this.path}`, error);
    }
  }

  /** A killed run may have left the beginning of a line. */
  private endsTorn(): boolean {
    return this.bytes > 0 && readFileSync(this.path).at(-1) !== NEWLINE;
  }

  /** Appends whole lines. What cannot be written is lost, and counted. */
  async write(lines: Uint8Array, count: number): Promise<void> {
    const { ledger } = this.options;
    try {
      this.rotate(lines.length);
      this.open();
    } catch (error) {
      ledger.failed(count, error instanceof LogError ? error : systemLogError(`cannot write ${this.path}`, error));
      return;
    }
    const head = this.bytes === 0 ? this.options.top?.(BigInt(Date.now()) * 1_000_000n) ?? '' : '';
    const parts = [Buffer.from((this.torn ? '\n' : '') + head), lines];
    const { written, error } = await writeWhole(systemFiles, this.fd ?? -1, parts, PATIENCE_MS);
    this.bytes += written;
    const whole = wholeLines(parts, written);
    this.torn = error !== undefined && written > 0 && !whole.endsWhole;
    if (error === undefined) {
      ledger.wrote(count, written);
      return;
    }
    const kept = Math.max(0, Math.min(count, whole.lines - linesOf(parts[0])));
    ledger.wrote(kept, written);
    ledger.failed(count - kept, systemLogError(`cannot write ${this.path}`, error));
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
      const [, day, time] = DATE.exec(readFileSync(this.path, 'latin1').slice(0, 1024)) ?? [];
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

function linesOf(bytes: Uint8Array): number {
  return bytes.reduce((lines, byte) => lines + (byte === NEWLINE ? 1 : 0), 0);
}

function wholeLines(parts: readonly Uint8Array[], written: number): { readonly lines: number; readonly endsWhole: boolean } {
  const bytes = Buffer.concat(parts).subarray(0, written);
  return { lines: linesOf(bytes), endsWhole: bytes.at(-1) === NEWLINE };
}
