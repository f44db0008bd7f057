// Making the log directory, and what has to hold before anything is written there.

import { accessSync, closeSync, constants, fchownSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refuseUnsafe, trustOfRoot } from './directory_guard.js';
import { LOCK_FILE } from './directory_lock.js';
import { LogError, errorCode, systemLogError } from './log_error.js';

const DIRECTORY_MODE = 0o750;

/** Whom directories are made for. */
export interface DirectoryOwner {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Makes the directory if it is missing, with those above it.
 * @param directory an absolute path
 * @param owner who is to have what is made; default: this process's user
 * @throws LogError when it cannot be made, is no directory, is not this process's to write, or is not safe for root to write to
 */
export async function makeLogDirectory(directory: string, owner?: DirectoryOwner): Promise<void> {
  const trust = trustOfRoot(owner);
  if (trust !== undefined) refuseUnsafe(directory, trust);
  try {
    await makePath(directory, trust === undefined ? undefined : owner);
    await access(`${directory}/.`, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw error instanceof LogError ? error : systemLogError(`cannot log to ${directory}`, error);
  }
  if (trust !== undefined) refuseUnsafe(directory, trust);
}

/** mkdir -p. Node's own `recursive` never ends where the kernel says ENOENT below an existing directory (/proc). */
async function makePath(directory: string, owner: DirectoryOwner | undefined, parentMade = false): Promise<void> {
  try {
    await mkdir(directory, DIRECTORY_MODE);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return;
    const parent = dirname(directory);
    if (code !== 'ENOENT' || parentMade || parent === directory) throw error;
    await makePath(parent, owner);
    await makePath(directory, owner, true);
    return;
  }
  if (owner !== undefined) giveAway(directory, owner);
}

/** Hands over what was made just now, unless it is something else by now. */
function giveAway(directory: string, { uid, gid }: DirectoryOwner): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    if (fstatSync(fd).uid !== process.geteuid?.()) throw new LogError(`cannot log to ${directory}: somebody replaced ${directory} while it was made`);
    fchownSync(fd, uid, gid);
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes sure, as the user who will write there, that the directory and the log files in it can be written: those that root made before
 * would only fail with the first record.
 * @throws LogError that says what to do
 */
export function refuseUnwritable(directory: string, user: string): void {
  const refuse = (what: string, error: unknown): never => {
    throw new LogError(`cannot log to ${directory} as user ${user}: ${what} (${errorCode(error)}); `
      + `give it to that user (chown -R ${user} ${directory}), or choose another directory with -d`, { cause: error });
  };
  try {
    accessSync(`${directory}/.`, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    refuse(canEnter(dirname(directory)) ? 'it is not that user\'s to write' : 'a directory above it is closed to that user', error);
  }
  for (const name of readdirSync(directory)) {
    if (name !== LOCK_FILE && (!name.startsWith('http-') || name.endsWith('.gz'))) continue;
    try {
      accessSync(join(directory, name), constants.R_OK | constants.W_OK);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') refuse(`${name} is not that user's to write`, error);
    }
  }
}

function canEnter(directory: string): boolean {
  try {
    accessSync(directory, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
