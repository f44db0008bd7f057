// One httplog a directory: an flock(2) on DIR/.httplog.lock, which holds the owner's PID for whoever is refused. The kernel
// releases the lock with the process, however it dies; the file stays, because removing it would race with the next owner.

import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readSync, writeSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { dirname, join } from 'node:path';
import { LogError, errorCode, systemLogError } from './log_error.js';

export const LOCK_FILE = '.httplog.lock';

// <sys/file.h>
const LOCK_EX = 2;
const LOCK_NB = 4;
const LONGEST_PID = 16;

export class DirectoryLock {
  private renewing: Promise<void> | undefined;

  private constructor(private readonly path: string, private fd: number) {}

  /**
   * @param directory an existing directory
   * @throws LogError when another process has it (with that one's PID), or when it cannot be locked
   */
  static async acquire(directory: string): Promise<DirectoryLock> {
    const path = join(directory, LOCK_FILE);
    const fd = openLockFile(path);
    try {
      // Loaded only here: it costs tens of milliseconds at start, and writing to standard output needs no lock.
      const { default: koffi } = await import('koffi');
      const flock = koffi.load(null).func('int flock(int fd, int operation)') as (fd: number, operation: number) => number;
      if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
        const errno = koffi.errno();
        if (errno === osConstants.errno.EWOULDBLOCK) throw refused(directory, fd);
        throw Object.assign(new Error('flock'), { errno: -errno });
      }
      ftruncateSync(fd, 0);
      writeSync(fd, `${String(process.pid)}\n`, 0);
    } catch (error) {
      closeSync(fd);
      throw error instanceof LogError ? error : systemLogError(`cannot lock ${path}`, error);
    }
    return new DirectoryLock(path, fd);
  }

  /**
   * Locks the directory that has the name now: when it was made again, or another one was mounted there, the lock went with the old one.
   * @throws LogError as acquire() does
   */
  async renew(): Promise<void> {
    // Four files of one directory find out at once; a second lock of our own would be refused.
    this.renewing ??= this.replace().finally(() => (this.renewing = undefined));
    return this.renewing;
  }

  private async replace(): Promise<void> {
    if (this.isInPlace()) return;
    const { fd } = await DirectoryLock.acquire(dirname(this.path));
    this.release();
    this.fd = fd;
  }

  private isInPlace(): boolean {
    try {
      const named = lstatSync(this.path);
      const ours = fstatSync(this.fd);
      return named.ino === ours.ino && named.dev === ours.dev;
    } catch {
      return false; // acquire() finds the words
    }
  }

  /** Lets another process have the directory. Safe to call twice. */
  release(): void {
    if (this.fd < 0) return;
    closeSync(this.fd);
    this.fd = -1;
  }
}

function openLockFile(path: string): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o640);
  } catch (error) {
    if (errorCode(error) === 'ELOOP') throw new LogError(`cannot lock ${path}: it is a symbolic link; remove it`, { cause: error });
    throw systemLogError(`cannot lock ${path}`, error);
  }
  const status = fstatSync(fd);
  if (status.isFile() && status.nlink <= 1) return fd;
  closeSync(fd);
  throw new LogError(`cannot lock ${path}: it ${status.isFile() ? 'has other names (hard links)' : 'is not a regular file'}; remove it`);
}

function refused(directory: string, fd: number): LogError {
  const bytes = Buffer.alloc(LONGEST_PID);
  const pid = /^\d+/.exec(bytes.toString('latin1', 0, readSync(fd, bytes, 0, LONGEST_PID, 0)));
  const who = pid === null ? 'another httplog' : `httplog with PID ${pid[0]}`;
  return new LogError(`cannot log to ${directory}: ${who} already does; stop it, or choose another directory with -d`);
}
