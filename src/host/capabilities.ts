// Capabilities of the calling thread (capabilities(7)): the kernel keeps them by thread, a new thread inherits those of the one
// that starts it. Sets are bit masks, bit N for capability number N.

import { bind } from './libc.js';

/** By number, linux/capability.h; those that httplog speaks of. */
export const CAPABILITY = {
  DAC_OVERRIDE: 1, DAC_READ_SEARCH: 2, SETGID: 6, SETUID: 7, NET_ADMIN: 12, NET_RAW: 13, SYS_PTRACE: 19, SYS_NICE: 23,
} as const;

/** Their names by number. */
const NAMES = [
  'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID',
  'CAP_SETPCAP', 'CAP_LINUX_IMMUTABLE', 'CAP_NET_BIND_SERVICE', 'CAP_NET_BROADCAST', 'CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_IPC_LOCK',
  'CAP_IPC_OWNER', 'CAP_SYS_MODULE', 'CAP_SYS_RAWIO', 'CAP_SYS_CHROOT', 'CAP_SYS_PTRACE', 'CAP_SYS_PACCT', 'CAP_SYS_ADMIN', 'CAP_SYS_BOOT',
  'CAP_SYS_NICE', 'CAP_SYS_RESOURCE', 'CAP_SYS_TIME', 'CAP_SYS_TTY_CONFIG', 'CAP_MKNOD', 'CAP_LEASE', 'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL', 'CAP_SETFCAP', 'CAP_MAC_OVERRIDE', 'CAP_MAC_ADMIN', 'CAP_SYSLOG', 'CAP_WAKE_ALARM', 'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ', 'CAP_PERFMON', 'CAP_BPF', 'CAP_CHECKPOINT_RESTORE',
];

export function maskOf(...capabilities: readonly number[]): bigint {
  return capabilities.reduce((mask, capability) => mask | (1n << BigInt(capability)), 0n);
}

/**
 * What it takes to tell whose a connection is: to list the descriptors of other users' processes, to read where they lead and what the
 * process runs (ptrace(2)), to hear of new processes.
 */
export const OWNER_CAPABILITIES = maskOf(CAPABILITY.DAC_READ_SEARCH, CAPABILITY.SYS_PTRACE, CAPABILITY.NET_ADMIN);

/** `CAP_NET_RAW, CAP_SETUID`; `none` */
export function capabilityNames(mask: bigint): string {
  const names: string[] = [];
  for (let number = 0; mask >> BigInt(number) > 0n; number++) {
    if (((mask >> BigInt(number)) & 1n) !== 0n) names.push(NAMES[number] ?? `capability ${number}`);
  }
  return names.length === 0 ? 'none' : names.join(', ');
}

// linux/capability.h: a header of version and thread (0: the calling one), then effective, permitted, inheritable for the capabilities
// 0 to 31, and again for 32 to 63.
const VERSION_3 = 0x20080522;
const WORDS = 6;
const EFFECTIVE = 0;
const PERMITTED = 1;
const capget = bind<(header: Uint32Array, data: Uint32Array) => number>('int capget(void*, void*)');
const capset = bind<(header: Uint32Array, data: Uint32Array) => number>('int capset(void*, void*)');
const prctl = bind<(option: number, a: number, b: number, c: number, d: number) => number>(
  'int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)',
);
/** linux/prctl.h */
const PR = { SET_DUMPABLE: 4, SET_KEEPCAPS: 8, CAPBSET_READ: 23, CAPBSET_DROP: 24, SET_NO_NEW_PRIVS: 38, CAP_AMBIENT: 47 } as const;
const CAP_AMBIENT_CLEAR_ALL = 4;

/** What this thread may make effective. */
export function permittedCapabilities(): bigint {
  return capabilitySet(PERMITTED);
}

/** What this thread may do. */
export function effectiveCapabilities(): bigint {
  return capabilitySet(EFFECTIVE);
}

function capabilitySet(set: number): bigint {
  const data = new Uint32Array(WORDS);
  if (capget(new Uint32Array([VERSION_3, 0]), data) < 0) return 0n;
  return (BigInt(data[set + WORDS / 2]) << 32n) | BigInt(data[set]);
}

/**
 * Has this thread hold these capabilities, permitted and effective, and pass none on through execve.
 * @returns false when the kernel refuses: errnoText()
 */
export function holdCapabilities(mask: bigint): boolean {
  const [low, high] = [Number(mask & 0xffffffffn), Number(mask >> 32n)];
  const set = capset(new Uint32Array([VERSION_3, 0]), new Uint32Array([low, low, 0, high, high, 0])) === 0;
  prctl(PR.CAP_AMBIENT, CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); // unknown before Linux 4.3, where there are none
  return set;
}

/**
 * Has this thread use these of the capabilities it holds; it keeps the others for later, and so do threads it starts.
 * @returns false when the kernel refuses: errnoText()
 */
export function useCapabilities(mask: bigint): boolean {
  const permitted = permittedCapabilities();
  const words = (bits: bigint): [number, number] => [Number(bits & 0xffffffffn), Number(bits >> 32n)];
  const [[used, usedHigh], [held, heldHigh]] = [words(permitted & mask), words(permitted)];
  return capset(new Uint32Array([VERSION_3, 0]), new Uint32Array([used, held, 0, usedHigh, heldHigh, 0])) === 0;
}

/** Whether this thread's permitted capabilities outlive its change from root to another user. */
export function keepCapabilities(keep: boolean): boolean {
  return prctl(PR.SET_KEEPCAPS, keep ? 1 : 0, 0, 0, 0) === 0;
}

/** Takes all others out of this thread's bounding set: no program it starts can get them. Needs CAP_SETPCAP; without, nothing happens. */
export function boundCapabilities(mask: bigint): void {
  for (let capability = 0; prctl(PR.CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
    if ((mask & maskOf(capability)) === 0n) prctl(PR.CAPBSET_DROP, capability, 0, 0, 0);
  }
}

/** This thread and those it starts gain nothing any more by starting a program that is set-user-ID or has capabilities. */
export function gainNothing(): boolean {
  return prctl(PR.SET_NO_NEW_PRIVS, 1, 0, 0, 0) === 0;
}

/**
 * No other process of the same user may look into this one or change it (ptrace(2)): threads without capabilities would be a way to
 * those that have some. There are no core dumps either.
 */
export function closeToPeers(): boolean {
  return prctl(PR.SET_DUMPABLE, 0, 0, 0, 0) === 0;
}
