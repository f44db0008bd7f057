// What tests of other users than root share: the program where everybody can read it, and who the threads of a process are.

import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readProc } from './proc.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Debian's user of nobody: uid 65534, group nogroup, 65534. */
export const NOBODY = 65534;

export interface ReadableProgram {
  /**
   * Put before `…/bin/httplog ARGUMENTS`: it then runs from a place that every user can read.
   * @param become what runs it there: `setpriv …`
   */
  prefix(become?: readonly string[]): string[];
  remove(): void;
}

/**
 * The checkout may lie in a home that is closed to others, so it is mounted elsewhere, for the one process.
 * @param mode of the directory above that place
 */
export function readableProgram(mode = 0o755): ReadableProgram {
  const parent = mkdtempSync(join(tmpdir(), 'httplog-program-'));
  const place = mkdtempSync(join(parent, 'at-'));
  chmodSync(place, 0o755);
  chmodSync(parent, mode);
  // $1 is the httplog of the checkout, in whose place the mounted one runs.
  const script = (become: readonly string[]): string =>
    `mount --bind '${ROOT}' '${place}' && shift && exec ${become.join(' ')} '${place}/bin/httplog' "$@"`;
  return {
    prefix: (become = []) => ['unshare', '--mount', 'sh', '-c', script(become), 'sh'],
    remove: () => rmSync(parent, { recursive: true }),
  };
}

/** setpriv's options for a process of nobody's that has these capabilities as systemd gives them, and can never get others. */
export function asNobodyWith(...capabilities: readonly string[]): string[] {
  const added = capabilities.map((name) => `+${name}`).join(',');
  return ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs',
    `--inh-caps=-all${added && `,${added}`}`, ...(added ? [`--ambient-caps=${added}`] : []), `--bounding-set=-all${added && `,${added}`}`];
}

/** Fields of /proc/PID/task/TID/status by name, of every thread, the main one first. */
export function threadsOf(pid: number): Record<string, string>[] {
  return readdirSync(`/proc/${pid}/task`).sort((a, b) => Number(a) - Number(b)).flatMap((thread) => {
    const status = readProc(`${pid}/task/${thread}/status`);
    if (status === undefined) return []; // it ended since it was listed
    return [Object.fromEntries(status.trim().split('\n').map((line) => line.split(/:\s*/, 2).map((part) => part.trim()))) as Record<string, string>];
  });
}
