// What shows, without reading them, that descriptors of processes may have changed: how many there are. Linux tells since 6.2 with the size
// of /proc/PID/fd (proc(5)); before, it is 0.

import { statSync } from 'node:fs';
import type { ProcessTable } from './process_table.js';

/** How many descriptors a process has; 0: this kernel does not tell, -1: there is no such process. */
export function countDescriptors(pid: number): number {
  return statSync(`/proc/${pid}/fd`, { throwIfNoEntry: false })?.size ?? -1;
}

/**
 * @returns text that is another one when one of these processes is gone, another has its number, or one has more or fewer descriptors, or there
 *   are others of them; undefined: nothing shows that, of one at least
 */
export function descriptorSigns(pids: Iterable<number>, table: ProcessTable): string | undefined {
  let signs = '';
  for (const pid of pids) {
    const count = countDescriptors(pid);
    if (count === 0) return undefined;
    signs += `${pid} ${table.get(pid)?.startTicks ?? ''} ${count},`;
  }
  return signs;
}
