// Users of this host, asked of the C library, so that those of LDAP, sssd and systemd count too.

import koffi from 'koffi';
import { type Pointer, bind } from './libc.js';

export interface User {
  readonly name: string;
  readonly uid: number;
  /** the primary group */
  readonly gid: number;
}

// The beginning of struct passwd (pwd.h): glibc and musl agree on it.
koffi.struct('passwd', { pw_name: 'const char*', pw_passwd: 'const char*', pw_uid: 'uint32_t', pw_gid: 'uint32_t' });
const getpwnam = bind<(name: string) => Pointer>('void* getpwnam(const char*)');
const getpwuid = bind<(uid: number) => Pointer>('void* getpwuid(uint32_t)');
const MOST_UID = 2 ** 32 - 2;

/** @param text a name, or the number of a user who has one; undefined when there is none */
export function findUser(text: string): User | undefined {
  const entry = getpwnam(text) ?? (/^\d+$/.test(text) && Number(text) <= MOST_UID ? getpwuid(Number(text)) : null);
  if (entry === null) return undefined;
  const { pw_name: name, pw_uid: uid, pw_gid: gid } = koffi.decode(entry, 'passwd') as { pw_name: string; pw_uid: number; pw_gid: number };
  return { name, uid, gid };
}

const getgrouplist = bind<(name: string, gid: number, groups: Uint32Array, count: Int32Array) => number>(
  'int getgrouplist(const char*, uint32_t, void*, void*)',
);
const FIRST_GROUPS = 64;
/** NGROUPS_MAX of linux/limits.h */
const MOST_GROUPS = 65_536;

/** The groups a login gives the user, the primary one among them. */
export function groupsOf({ name, gid }: User): number[] {
  for (let room = FIRST_GROUPS; ; room = MOST_GROUPS) {
    const groups = new Uint32Array(room);
    const count = Int32Array.of(room);
    if (getgrouplist(name, gid, groups, count) >= 0 || room === MOST_GROUPS) return [...groups.subarray(0, Math.min(room, count[0]))];
  }
}

// The beginning of struct group (grp.h).
koffi.struct('group', { gr_name: 'const char*', gr_passwd: 'const char*', gr_gid: 'uint32_t' });
const getgrnam = bind<(name: string) => Pointer>('void* getgrnam(const char*)');

/** @param text a name, or any number @returns its number; undefined when there is no such group */
export function findGroup(text: string): number | undefined {
  const entry = getgrnam(text);
  if (entry !== null) return (koffi.decode(entry, 'group') as { gr_gid: number }).gr_gid;
  return /^\d+$/.test(text) && Number(text) <= MOST_UID ? Number(text) : undefined;
}
