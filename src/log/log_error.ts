// Errors of the log, in the one line a user can act on: what could not be done, where, why, what to do.

import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** Something about the log files could not be done. `message` is one line: what, where, what to do. */
export class LogError extends Error {
  override readonly name: string = 'LogError';
}

/** Whoever read the records from standard output is gone. */
export class ClosedOutputError extends LogError {
  override readonly name = 'ClosedOutputError';
}

/** Errors libuv has no words for, or the wrong ones. */
const MEANINGS: Readonly<Record<string, string>> = {
  EDQUOT: 'disk quota exceeded',
  ENOLCK: 'no locks available',
  ENOTSUP: 'operation not supported',
};

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'make room: records are lost until there is some',
  EDQUOT: 'raise the quota or make room: records are lost until there is some',
  EFBIG: 'raise the limit of file sizes (ulimit -f), or have smaller files with -rotate SIZE',
  EROFS: 'mount the file system writable or choose another directory with -d',
  EIO: 'check the disk (dmesg) or choose another directory with -d',
  EACCES: 'check owner and mode, or choose another directory with -d',
  EPERM: 'check owner, mode and attributes (lsattr), or choose another directory with -d',
  ENOTDIR: 'choose another one with -d',
  ENOENT: 'choose a directory that can be made with -d',
  ENAMETOOLONG: 'choose another directory with -d',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'raise the limit of open files (sysctl fs.file-max)',
  ENOTSUP: 'the file system has no locks: choose a directory on another one with -d',
  ENOLCK: 'the file system has no locks: choose a directory on another one with -d',
};

/** The system's name of an error, such as `ENOSPC`; '' where it has none. From Node's `code`, else its negative `errno`. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string' && error.code.startsWith('E')) return error.code;
  const errno = 'errno' in error && typeof error.errno === 'number' ? -error.errno : 0;
  return Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? '';
}

/**
 * @param what what could not be done, and where: `cannot write /log/httplog/http-20190901.log`
 * @param error what the system said
 */
export function systemLogError(what: string, error: unknown): LogError {
  const why = systemReason(error);
  const advice = ADVICE[errorCode(error)];
  return new LogError(advice === undefined ? `${what}: ${why}` : `${what}: ${why}; ${advice}`, { cause: error });
}

/** What the system said, in words: `no space left on device (ENOSPC)`; its own message where there are none. */
export function systemReason(error: unknown): string {
  const code = errorCode(error);
  const meaning = MEANINGS[code] ?? wordsOf(code);
  return meaning === undefined ? (error instanceof Error ? error.message : String(error)) : `${meaning} (${code})`;
}

function wordsOf(code: string): string | undefined {
  for (const [name, words] of getSystemErrorMap().values()) if (name === code) return words;
  return undefined;
}
