// Whether a log directory of root's is safe: nobody but the trusted can make the path lead elsewhere, or plant links in it. For
// anybody but root this is not asked: what an ordinary user writes through a link, he may write.

import { readFileSync, readlinkSync, type Stats, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LogError, errorCode } from './log_error.js';

/** Who may own what leads to the log directory, and whose group may write to it. */
export interface Trust {
  readonly uids: ReadonlySet<number>;
  readonly gids: ReadonlySet<number>;
}

const ROOT = 0;
/** As whom a file shows whose owner is unknown in this user namespace: root outside of it, usually (fs.overflowuid). */
const OVERFLOW_ID = 65_534;
const EVERY_UID = /^\s*0\s+0\s+4294967295\s*$/;

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;
/** As many as the kernel follows (MAXSYMLINKS). */
const MOST_LINKS = 40;

/**
 * Root trusts itself, who called sudo, and the user it becomes.
 * @returns undefined when this process is not root
 */
export function trustOfRoot(user?: { readonly uid: number; readonly gid: number }): Trust | undefined {
  if (process.geteuid?.() !== ROOT) return undefined;
  const uids = new Set([ROOT]);
  const gids = new Set([ROOT]);
  const caller = process.env['SUDO_UID'] ?? '';
  if (/^\d+$/.test(caller)) uids.add(Number(caller));
  if (!EVERY_UID.test(readUidMap())) uids.add(OVERFLOW_ID);
  if (user !== undefined) {
    uids.add(user.uid);
    gids.add(user.gid);
  }
  return { uids, gids };
}

function readUidMap(): string {
  try {
    return readFileSync('/proc/self/uid_map', 'latin1');
  } catch {
    return ''; // a kernel without user namespaces, or no /proc
  }
}

/** What a directory is for, as an error says it, and the option that names another one. */
export interface Purpose {
  readonly verb: string;
  readonly option: string;
}

const LOGGING: Purpose = { verb: 'log to', option: '-d' };

/**
 * Follows the path as the kernel does, link by link. What is missing is for us to make, under what was found safe.
 * @param directory an absolute path
 * @throws LogError that names what is wrong and how to mend it
 */
export function refuseUnsafe(directory: string, trust: Trust, purpose = LOGGING): void {
  const refuse = (reason: string, remedy: string): never => {
    throw new LogError(`cannot ${purpose.verb} ${directory} as root: ${reason}, who could make root write elsewhere; ${remedy}, or choose another directory with ${purpose.option}`);
  };
  const rest = ['', ...directory.split('/').filter((name) => name !== '')];
  let path = '';
  for (let links = 0, name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '..') {
      path = dirname(path || '/');
      continue;
    }
    const next = name === '' ? '/' : join(path, name);
    const status = look(next);
    if (status === undefined) return;
    if (!trust.uids.has(status.uid)) refuse(`${next} belongs to user ${status.uid}`, `chown root ${next}`);
    if (status.isSymbolicLink() && ++links <= MOST_LINKS) {
      const names = readlinkSync(next).split('/');
      rest.unshift(...names.filter((part, at) => at === 0 || (part !== '' && part !== '.')));
      continue;
    }
    path = next;
    const writers = writersOf(status, rest.length > 0 ? undefined : trust);
    if (writers !== undefined) refuse(`${next} can be written by ${writers.who}`, `chmod ${writers.remedy} ${next}`);
  }
}

interface Writers {
  readonly who: string;
  readonly remedy: string;
}

/**
 * Who else may rename and remove what is not theirs: in a sticky directory nobody. A group is the administrator's choice above the log
 * directory (Ubuntu's /var/log has one), in it only a trusted one is.
 * @param trust undefined: the directory is above the log directory
 */
function writersOf({ mode, gid }: Stats, trust: Trust | undefined): Writers | undefined {
  if ((mode & STICKY) !== 0) return undefined;
  if ((mode & OTHERS_WRITE) !== 0) return { who: 'everybody', remedy: 'o-w' };
  return trust !== undefined && (mode & GROUP_WRITES) !== 0 && !trust.gids.has(gid) ? { who: `group ${gid}`, remedy: 'g-w' } : undefined;
}

/**
 * Whether somebody else may have put the file where we write: in a directory where everybody may make files, such as /tmp, it has to be
 * root's or our own.
 * @param owner of the file
 */
export function isPlanted(path: string, owner: number): boolean {
  if (owner === ROOT || owner === process.geteuid?.()) return false;
  const directory = look(dirname(path));
  return directory !== undefined && (directory.mode & OTHERS_WRITE) !== 0;
}

/** @returns undefined for what is not there, or cannot be looked at: opening it will say why */
function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errorCode(error) === '') throw error;
    return undefined;
  }
}
