// Who each thread of this process is: /proc/self/task/TID/status (proc(5)). The kernel keeps users, groups and capabilities by thread.

import { readFileSync, readdirSync } from 'node:fs';

export interface ThreadStatus {
  readonly thread: number;
  /** real, effective, saved, file system */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** supplementary */
  readonly groups: readonly number[];
  readonly inheritable: bigint;
  readonly permitted: bigint;
  readonly effective: bigint;
  readonly ambient: bigint;
  readonly noNewPrivileges: boolean;
}

const TASKS = '/proc/self/task';

/**
 * Every thread there is, the main one first.
 * @throws Error when /proc does not tell
 */
export function readThreads(): ThreadStatus[] {
  return readdirSync(TASKS).map(Number).sort((a, b) => a - b).flatMap((thread) => {
    const text = readStatus(thread);
    return text === undefined ? [] : [parseThreadStatus(thread, text)];
  });
}

/** @returns undefined when the thread has ended meanwhile */
function readStatus(thread: number): string | undefined {
  try {
    return readFileSync(`${TASKS}/${thread}/status`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** @throws Error when a line is missing: what is not known is not taken for good */
export function parseThreadStatus(thread: number, text: string): ThreadStatus {
  const field = (name: string): string => {
    const value = new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`${TASKS}/${thread}/status has no ${name}`);
    return value.trim();
  };
  const numbers = (name: string): number[] => field(name).split(/\s+/).filter((word) => word !== '').map(Number);
  const mask = (name: string): bigint => BigInt(`0x${field(name)}`);
  return {
    thread,
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    groups: numbers('Groups'),
    inheritable: mask('CapInh'),
    permitted: mask('CapPrm'),
    effective: mask('CapEff'),
    ambient: mask('CapAmb'),
    noNewPrivileges: field('NoNewPrivs') === '1',
  };
}
