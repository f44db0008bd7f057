// Giving up root for good: user, groups and capabilities of every thread, and the ways back (docs/decisions/privileges.md).

import {
  CAPABILITY, boundCapabilities, capabilityNames, closeToPeers, gainNothing, holdCapabilities, keepCapabilities, maskOf, permittedCapabilities,
} from './capabilities.js';
import { errnoText } from './libc.js';
import { shareNoNewPrivileges } from './seccomp.js';
import { type ThreadStatus, readThreads } from './thread_status.js';
import { type User, groupsOf } from './users.js';

/** Root could not be given up. `message` is one line: what, why, what to do. */
export class PrivilegeError extends Error {
  override readonly name = 'PrivilegeError';
}

/** What every thread has to be afterwards. */
export interface Reduced {
  readonly uid: number;
  readonly gid: number;
  /** supplementary ones it may have */
  readonly groups: readonly number[];
  /** the capabilities a thread may have left */
  readonly capabilities: bigint;
}

/**
 * Makes the process the user's, for good: all threads, and with the user's own groups. This thread keeps of the capabilities
 * named those it has, and threads it starts from now on inherit that; those that run already keep none. To be called in the main
 * thread. What goes wrong leaves the process somewhere in between: it has to end.
 * @param capabilities a bit mask
 * @returns the capabilities kept
 * @throws PrivilegeError when it cannot be done, or when the kernel does not confirm it for every thread
 */
export function giveUpRoot(user: User, capabilities: bigint): bigint {
  const kept = permittedCapabilities() & capabilities;
  const already = isAlready(user);
  const groups = already ? (process.getgroups?.() ?? []) : changeIdentity(user, kept);
  // A service's sandbox may forbid what its manager has done before: confirm() will tell.
  const done = (holdCapabilities(kept) || already) && gainNothing() && closeToPeers();
  if (!done) throw new PrivilegeError(`cannot reduce the privileges of user ${user.name} to ${capabilityNames(kept)}: ${errnoText()}; ${ADVICE}`);
  shareNoNewPrivileges(); // as above
  confirm({ uid: user.uid, gid: user.gid, groups, capabilities: kept });
  return kept;
}

/**
 * After giveUpRoot(): what the run needs no more goes, too. This thread keeps nothing; others have to have done so themselves.
 * @param capabilities what any thread may still have, a bit mask
 * @throws PrivilegeError when it cannot be done, or when the kernel does not confirm it for every thread
 */
export function giveUpRest({ name, uid, gid }: User, capabilities: bigint): void {
  if (!holdCapabilities(0n)) throw new PrivilegeError(`cannot reduce the privileges of user ${name}: ${errnoText()}; ${ADVICE}`);
  confirm({ uid, gid, groups: process.getgroups?.() ?? [], capabilities });
}

const ADVICE = 'leave -u (HTTPLOG_U) out, or start httplog as that user with CAP_NET_RAW alone (the systemd unit does)';

function isAlready({ uid, gid }: User): boolean {
  return [process.getuid?.(), process.geteuid?.()].every((id) => id === uid) && [process.getgid?.(), process.getegid?.()].every((id) => id === gid);
}

/**
 * The C library carries each of the three calls to every thread; the kernel then takes all capabilities from those that keep none.
 * @returns the supplementary groups now
 */
function changeIdentity(user: User, kept: bigint): readonly number[] {
  const { name, uid, gid } = user;
  const missing = maskOf(CAPABILITY.SETUID, CAPABILITY.SETGID) & ~permittedCapabilities();
  if (missing !== 0n) {
    const self = process.geteuid?.() === 0 ? 'root here' : `user ${String(process.geteuid?.())}, and`;
    throw new PrivilegeError(`cannot become user ${name}: this process is ${self} without ${capabilityNames(missing)}; start it with sudo, or leave -u (HTTPLOG_U) out`);
  }
  const groups = groupsOf(user);
  keepCapabilities(true);
  boundCapabilities(kept);
  try {
    process.setgroups?.(groups);
    process.setgid?.(gid);
    process.setuid?.(uid);
  } catch (error) {
    throw new PrivilegeError(`cannot become user ${name}: ${error instanceof Error ? error.message : String(error)}; ${ADVICE}`, { cause: error });
  }
  keepCapabilities(false);
  return groups;
}

function confirm(wanted: Reduced): void {
  let threads: readonly ThreadStatus[];
  try {
    threads = readThreads();
  } catch (error) {
    throw new PrivilegeError(`cannot make sure that root was given up: ${error instanceof Error ? error.message : String(error)}; ${ADVICE}`, { cause: error });
  }
  for (const thread of threads) {
    const left = excess(thread, wanted);
    if (left !== undefined) throw new PrivilegeError(`cannot reduce the privileges of all threads: thread ${thread.thread} still has ${left}; ${ADVICE}`);
  }
}

/** What a thread has beyond what it may have, in words; undefined: nothing. */
export function excess(thread: ThreadStatus, wanted: Reduced): string | undefined {
  const { uids, gids, groups, inheritable, permitted, effective, ambient } = thread;
  const uid = uids.find((id) => id !== wanted.uid);
  if (uid !== undefined) return `user ${uid}`;
  const gid = gids.find((id) => id !== wanted.gid);
  if (gid !== undefined) return `group ${gid}`;
  const group = groups.find((id) => !wanted.groups.includes(id));
  if (group !== undefined) return `supplementary group ${group}`;
  const capabilities = (inheritable | permitted | effective | ambient) & ~wanted.capabilities;
  if (capabilities !== 0n) return capabilityNames(capabilities);
  return thread.noNewPrivileges ? undefined : 'ways to gain privileges (no_new_privs is not set)';
}
