// Who may put a socket at a path: the one who has the lock of PATH.lock, from before he looks at what is there until after he has removed it.
// The kernel releases the lock with the process, however it dies.

import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { errno, errnoText, lockFile } from '../host/libc.js';
import { errorCode, systemReason } from '../log/log_error.js';
import { EndpointError } from './endpoint_error.js';

const LOCK_SUFFIX = '.lock';
const LONGEST_PID = 16;
/** Who removes the file while we wait for its lock makes us begin again. */
const MOST_TRIES = 10;

export class SocketLock {
  private constructor(private readonly path: string, private readonly fd: number) {}

  /**
   * @param socketPath where the socket is to be
   * @throws EndpointError when another process has it, or when it cannot be locked
   */
  static acquire(socketPath: string): SocketLock {
    const path = `${socketPath}${LOCK_SUFFIX}`;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const fd = openLock(path);
      if (lockFile(fd) !== 0) {
        const error = errno() === osConstants.errno.EWOULDBLOCK ? taken(socketPath, fd) : new EndpointError(`cannot lock ${path}: ${errnoText()}`);
        closeSync(fd);
        throw error;
      }
      const named = lstatSync(path, { throwIfNoEntry: false });
      const ours = fstatSync(fd);
      if (named?.ino === ours.ino && named.dev === ours.dev) {
        ftruncateSync(fd, 0);
        writeSync(fd, `${process.pid}\n`, 0);
        return new SocketLock(path, fd);
      }
      closeSync(fd); // its owner removed it just now, and somebody may have made another one
    }
    throw new EndpointError(`cannot lock ${path}: it is removed again and again`);
  }

  /** Removes the file, then lets go of it: whoever waits for it finds that it is gone, and makes another one. */
  release(): void {
    try {
      unlinkSync(this.path);
    } catch {
      // as another user (-u) we may not: an unlocked file does no harm
    }
    closeSync(this.fd);
  }
}

function openLock(path: string): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    const why = errorCode(error) === 'ELOOP' ? 'it is a symbolic link; remove it' : `${systemReason(error)}; choose another socket with -s`;
    throw new EndpointError(`cannot lock ${path}: ${why}`, { cause: error });
  }
  const status = fstatSync(fd);
  if (status.isFile() && status.nlink <= 1) return fd;
  closeSync(fd);
  throw new EndpointError(`cannot lock ${path}: it ${status.isFile() ? 'has other names (hard links)' : 'is not a regular file'}; remove it`);
}

function taken(socketPath: string, fd: number): EndpointError {
  const bytes = Buffer.alloc(LONGEST_PID);
  const pid = /^\d+/.exec(bytes.toString('latin1', 0, readSync(fd, bytes, 0, LONGEST_PID, 0)));
  const who = pid === null ? 'another httplog' : `httplog with PID ${pid[0]}`;
  return new EndpointError(`cannot listen on ${socketPath}: ${who} does already; stop it, or choose another socket with -s`);
}
