// The configuration file on disk: which one counts, and whether it can be trusted.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { resolve } from 'node:path';
import type { Surroundings } from './surroundings.js';
import { escapeUnprintable, UsageError } from './usage_error.js';

const MOST_BYTES = 1 << 20;
const WRITABLE_BY_OTHERS = 0o022;

export interface ConfFile {
  /** how messages name it */
  readonly path: string;
  readonly text: string;
}

/** The file the user named with -conf. @throws UsageError when it cannot be read */
export function readNamedConfFile(path: string, surroundings: Surroundings): ConfFile {
  if (path === '') throw new UsageError("option -conf: cannot use ''; wanted the name of a file");
  const file = readConfFile(path, surroundings, false);
  if (file === undefined) throw new UsageError(`option -conf: there is no file ${escapeUnprintable(path)}`);
  return file;
}

/**
 * The file that counts without being named: /etc/sysconfig/httplog if present, else ./httplog.conf, else none.
 * @throws UsageError when it cannot be read, or when somebody else than root and the effective user could have written it
 */
export function readImplicitConfFile(surroundings: Surroundings): ConfFile | undefined {
  return readConfFile(surroundings.sysconfigPath, surroundings, true) ?? readConfFile('./httplog.conf', surroundings, true);
}

/** @returns undefined when there is no such file */
function readConfFile(path: string, surroundings: Surroundings, implicit: boolean): ConfFile | undefined {
  const shownPath = escapeUnprintable(path);
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: a FIFO must not keep us waiting for a writer. Everything is then asked of the descriptor, so that the file
    // that was judged is the file that is read.
    descriptor = openSync(resolve(surroundings.cwd, path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const status = fstatSync(descriptor);
    const refusal = refusalOf(status, implicit ? surroundings.effectiveUid : undefined);
    if (refusal !== undefined) throw new UsageError(`${shownPath}: ${refusal}`);
    return { path: shownPath, text: readText(descriptor, shownPath) };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UsageError(`${shownPath}: the configuration file cannot be read (${code ?? escapeUnprintable(message)})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Why the file is not used. @param effectiveUid of whom, beside root, it must be; undefined: anybody's */
function refusalOf(status: Stats, effectiveUid: number | undefined): string | undefined {
  if (!status.isFile()) return 'the configuration file is not a regular file';
  if (effectiveUid === undefined) return undefined;
  const remedy = 'name it with -conf to use it all the same';
  if (status.uid !== 0 && status.uid !== effectiveUid) {
    return `the configuration file belongs to user ${status.uid}, not to root or user ${effectiveUid}; ${remedy}`;
  }
  if ((status.mode & WRITABLE_BY_OTHERS) !== 0) {
    return `the configuration file is writable by others than its owner; chmod go-w it, or ${remedy}`;
  }
  return undefined;
}

function readText(descriptor: number, shownPath: string): string {
  const bytes = new Uint8Array(MOST_BYTES + 1); // the size in the inode is a promise that /proc and growing files break
  let length = 0;
  for (;;) {
    const got = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (got === 0) break;
    length += got;
    if (length > MOST_BYTES) throw new UsageError(`${shownPath}: the configuration file is larger than 1 MiB`);
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, length));
}
