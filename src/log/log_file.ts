// One open log file. Lines are appended whole: what a full disk cut off is taken back, and a broken last line that cannot be
// taken back (or was found on opening) is closed with a newline before anything follows it.

import { constants } from 'node:fs';
import { isPlanted } from './directory_guard.js';
import type { FileAccess } from './file_access.js';
import { type FileHeader, endsUnder } from './file_header.js';
import { endsInsideLine } from './file_tail.js';
import { NEWLINE, copyRange, wholeLines } from './lines.js';
import { LogError, errorCode, systemLogError } from './log_error.js';
import type { WriteLedger } from './write_ledger.js';
import { writeWhole } from './write_whole.js';

// Read and write, because the last line is looked at; O_NONBLOCK and O_NOCTTY matter only until fstat has turned away what
// is not a regular file.
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
  | constants.O_NOCTTY;
const MODE = 0o640;
/** open(2) errors that mean: a symbolic link, a socket, a device without driver, a directory. */
const NOT_REGULAR = new Set(['ELOOP', 'ENXIO', 'ENODEV', 'EISDIR']);
/** A regular file is not expected to say EAGAIN; some network and FUSE file systems do, briefly. */
const PATIENCE_MS = 1_000;

export class LogFile {
  /** when it was last asked for, the owner's clock */
  usedMs = 0;
  /** bytes in the file as far as we know: what it had when last looked at, and what was written since */
  sizeBytes = 0;
  /** whether the file is known to end in a newline */
  private tailWhole = false;
  /** whether what stands last in the file stands under our header */
  private headed = false;

  private constructor(
    readonly path: string, private readonly fd: number, private readonly files: FileAccess, private readonly ledger: WriteLedger,
    private readonly header: FileHeader | undefined,
  ) {}

  /**
   * Opens or makes the file; never truncates it.
   * @param header what the records stand under; undefined: nothing
   * @throws LogError when it cannot be opened, is not a regular file, or may have been planted
   */
  static async open(path: string, files: FileAccess, ledger: WriteLedger, header?: FileHeader): Promise<LogFile> {
    let fd: number;
    try {
      fd = await files.open(path, FLAGS, MODE);
    } catch (error) {
      throw NOT_REGULAR.has(errorCode(error)) ? notRegular(path, error) : systemLogError(`cannot open ${path}`, error);
    }
    let problem: LogError | undefined;
    try {
      const status = await files.fstat(fd);
      if (!status.isFile()) problem = notRegular(path, undefined);
      else if (status.nlink > 1) problem = suspicious(path, `has ${status.nlink} names (hard links)`);
      else if (isPlanted(path, status.uid)) problem = suspicious(path, `belongs to user ${status.uid}, in a directory where everybody may make files`);
    } catch (error) {
      problem = systemLogError(`cannot look at ${path}`, error);
    }
    if (problem === undefined) return new LogFile(path, fd, files, ledger, header);
    await files.close(fd).catch(() => undefined);
    throw problem;
  }

  /**
   * Appends whole lines. What does not get in whole is lost, counted, and leaves no trace in the file.
   * @param parts lines, each ending in a newline; a part may end inside a line, the last one not
   * @param lines how many there are
   * @returns whether all got in
   */
  async append(parts: readonly Uint8Array[], lines: number): Promise<boolean> {
    const { files, fd, ledger } = this;
    const unready = await this.prepare();
    if (unready !== undefined) {
      ledger.failed(lines, systemLogError(`cannot write ${this.path}`, unready));
      return false;
    }
    const { written, error } = await writeWhole(files, fd, parts, PATIENCE_MS);
    this.sizeBytes += written;
    if (error === undefined) {
      if (await this.takeBackHeadless(written)) return this.append(parts, lines);
      ledger.wrote(lines, written);
      return true;
    }
    const whole = wholeLines(parts, written);
    ledger.wrote(whole.lines, whole.bytes);
    ledger.failed(lines - whole.lines, systemLogError(`cannot write ${this.path}`, error));
    if (written > whole.bytes) this.tailWhole = await this.takeBack(copyRange(parts, whole.bytes, written));
    return false;
  }

  /**
   * Sees to it that the next line begins a line, under the header. append() does that by itself; `sizeBytes` then has it all.
   * @returns what the system said when that could not be done
   */
  async prepare(): Promise<unknown> {
    await this.look();
    return (await this.mendTail()) ?? (await this.putHeader());
  }

  /** Whether its name leads elsewhere: it was deleted, or moved away. What is written to it nobody will see, or a rotated file gets. */
  async isGone(): Promise<boolean> {
    try {
      const [ours, named] = [await this.files.fstat(this.fd), await this.files.lstat(this.path)];
      return ours.ino !== named.ino || ours.dev !== named.dev;
    } catch {
      return true;
    }
  }

  /** Whether it has no name any more. Cheaper than isGone(): one look at what is open. */
  async isDeleted(): Promise<boolean> {
    try {
      return (await this.files.fstat(this.fd)).nlink === 0;
    } catch {
      return true;
    }
  }

  /** Some network file systems report failed writes only here. */
  async close(): Promise<void> {
    try {
      await this.files.close(this.fd);
    } catch (error) {
      this.ledger.failed(0, systemLogError(`cannot close ${this.path}`, error));
    }
  }

  /**
   * Truncated just before the write, the file begins with our lines, and the header would follow them: they are taken back.
   * @returns whether they were
   */
  private async takeBackHeadless(written: number): Promise<boolean> {
    if (this.header === undefined) return false;
    try {
      if (this.sizeBytes <= written || (await this.files.fstat(this.fd)).size !== written) return false;
      await this.files.ftruncate(this.fd, 0);
      this.sizeBytes = 0;
      return true;
    } catch {
      return false;
    }
  }

  /** Somebody may have truncated the file (logrotate's copytruncate): what we knew of its end holds no more. */
  private async look(): Promise<void> {
    try {
      const { size } = await this.files.fstat(this.fd);
      if (size < this.sizeBytes) this.tailWhole = this.headed = false;
      this.sizeBytes = size;
    } catch {
      // What cannot be looked at may still be written.
    }
  }

  /**
   * Sees to it that the next byte begins a line.
   * @returns what the system said when that could not be done
   */
  private async mendTail(): Promise<unknown> {
    if (this.tailWhole) return undefined;
    if (await endsInsideLine(this.files, this.fd, this.sizeBytes)) {
      const { error } = await writeWhole(this.files, this.fd, [Uint8Array.of(NEWLINE)], PATIENCE_MS);
      if (error !== undefined) return error;
      this.sizeBytes++;
      this.ledger.mended();
    }
    this.tailWhole = true;
    return undefined;
  }

  /**
   * Sees to it that the next line stands under the header.
   * @returns what the system said when that could not be done
   */
  private async putHeader(): Promise<unknown> {
    const { header, files, fd } = this;
    if (header === undefined || (await this.isHeaded(header))) return undefined;
    const lines = Buffer.from(header.begin(new Date()));
    const { written, error } = await writeWhole(files, fd, [lines], PATIENCE_MS);
    this.headed = error === undefined;
    this.sizeBytes += written;
    if (error === undefined) this.ledger.wrote(0, written);
    else if (written > 0) this.tailWhole = await this.takeBack(lines.subarray(0, written));
    return error;
  }

  /** A file that cannot be read gets its header once more. */
  private async isHeaded(header: FileHeader): Promise<boolean> {
    try {
      return this.sizeBytes > 0 && (this.headed || (this.headed = await endsUnder(header, this.files, this.fd, this.sizeBytes)));
    } catch {
      return this.headed;
    }
  }

  /**
   * Takes the beginning of a line back, when it still is the end of the file: logrotate may have truncated the file meanwhile
   * (copytruncate), somebody else may have appended to it.
   */
  private async takeBack(fragment: Uint8Array): Promise<boolean> {
    try {
      const { size } = await this.files.fstat(this.fd);
      const wholeBytes = size - fragment.length;
      if (wholeBytes < 0) return false;
      const found = new Uint8Array(fragment.length);
      if ((await this.files.read(this.fd, found, wholeBytes)) !== fragment.length) return false;
      if (!found.every((byte, at) => byte === fragment[at])) return false;
      await this.files.ftruncate(this.fd, wholeBytes);
      this.sizeBytes = wholeBytes;
      return true;
    } catch {
      return false;
    }
  }
}

function notRegular(path: string, cause: unknown): LogError {
  return new LogError(`cannot log to ${path}: it is not a regular file; move it away, or choose another directory with -d`, { cause });
}

/** Somebody may want us to write into a file of the system's, or into his own. */
function suspicious(path: string, why: string): LogError {
  return new LogError(`cannot log to ${path}: the file ${why}; move it away, or choose another directory with -d`);
}
