// -u: the run becomes another user before it opens anything, so that nothing it writes is root's, and opening an interface for the first
// time takes just what opening it again will take (docs/decisions/privileges.md).

import { accessSync, constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../config/settings.js';
import { UsageError, shown } from '../config/usage_error.js';
import { CAPABILITY, OWNER_CAPABILITIES, capabilityNames, maskOf } from '../host/capabilities.js';
import { PrivilegeError, giveUpRoot } from '../host/privileges.js';
import { type User, findUser } from '../host/users.js';
import { makeLogDirectory, refuseUnwritable } from '../log/log_directory.js';

/** What the threads that start later load; looked up while it certainly can be read. */
const PROGRAM = ['../../workers/capture.js', '../../workers/live.js', '../../workers/parse.js', '../../workers/compress.js', '../../workers/owners.js'].map((path) => new URL(path, import.meta.url))
  .concat(['koffi', 'piscina'].map((name) => new URL(import.meta.resolve(name)))).map((url) => fileURLToPath(url));

/**
 * Gives up root, for good, and makes sure that the run can do its work as that user.
 * @returns a line for the user
 * @throws UsageError for a user there is not, or root; PrivilegeError, LogError when it cannot be
 */
export async function becomeUser(settings: Pick<Settings, 'user' | 'directory' | 'files' | 'proc'>): Promise<string> {
  const user = userToBecome(settings.user);
  const directory = settings.directory === '-' ? undefined : resolve(settings.directory);
  if (directory !== undefined) await makeLogDirectory(directory, user);
  const said = await keepOnly(user, settings.files.length > 0 ? 0n : maskOf(CAPABILITY.NET_RAW) | (settings.proc ? OWNER_CAPABILITIES : 0n), PROGRAM);
  if (directory !== undefined) refuseUnwritable(directory, user.name);
  return said;
}

/** The user that -u names. @throws UsageError for one there is not, or root */
export function userToBecome(text: string): User {
  const user = findUser(text);
  if (user === undefined) throw new UsageError(`option -u: there is no user ${shown(text)}; make one (useradd --system), or take nobody`);
  if (user.uid === 0) throw new UsageError(`option -u: user ${shown(text)} is root itself; name another one`);
  return user;
}

/**
 * Gives up root but for these capabilities, which threads started later have.
 * @param program files that those threads load
 * @returns a line for the user
 * @throws PrivilegeError when it cannot be
 */
export async function keepOnly(user: User, capabilities: bigint, program: readonly string[]): Promise<string> {
  return identityOf(user, await reduceTo(user, capabilities, program));
}

/** Who the run is now, for the user. @param capabilities a bit mask */
export function identityOf({ name, uid, gid }: User, capabilities: bigint): string {
  return `runs as user ${name} (uid ${uid}, gid ${gid}), capabilities: ${capabilityNames(capabilities)}`;
}

/**
 * As keepOnly().
 * @returns the capabilities kept: those of them that the process has
 */
export async function reduceTo(user: User, capabilities: bigint, program: readonly string[]): Promise<bigint> {
  // Node's pool of threads starts with its first work: if that is now, those threads keep no capability, which they never need.
  await access('/');
  const kept = giveUpRoot(user, capabilities);
  refuseUnreadableProgram(user.name, program);
  return kept;
}

/** Threads are started, and replaced, as the user. */
function refuseUnreadableProgram(user: string, program: readonly string[]): void {
  for (const path of program) {
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      throw new PrivilegeError(`user ${user} cannot read httplog's own ${path}: install httplog where every user can read it (npm install -g), or leave -u (HTTPLOG_U) out`, { cause: error });
    }
  }
}
