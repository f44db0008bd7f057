// Of the processes that hold a socket, the one that is told.

import type { HeldSockets } from '../host/held_sockets.js';
import type { Process } from '../host/process_table.js';
import { VIA } from '../record/owner.js';

export interface OwnerChoice {
  /** undefined: nobody is told */
  readonly process: Process | undefined;
  /** those that hold it for good */
  readonly holders: readonly Process[];
  /** one that has it may have a copy alone, between fork and exec: what it becomes is to be looked at */
  readonly isDoubtful: boolean;
}

/**
 * Chooses: where it was accepted, one without the listening socket, for it was made to serve; else the one that began first, from which the
 * others have it.
 * @param pids of processes that were seen to hold it
 * @param via of VIA
 * @param madeNs the socket did not exist before, CLOCK_MONOTONIC; -Infinity: it is not known
 * @param holdsListener whether one of them holds what listens at its port
 */
export function chooseOwner(pids: readonly number[], inode: number, via: number, madeNs: number, held: HeldSockets, holdsListener: (pid: number) => boolean): OwnerChoice {
  const all = pids.map((pid) => held.confirm(pid, inode)).filter((process) => process !== undefined);
  const holders = all.filter(({ pid }) => !held.mayBeCopy(pid, madeNs));
  const isDoubtful = holders.length < all.length;
  const isConnect = via === VIA.CONNECT;
  // Who opened it began before those that may have copies. Who accepted it may have forked one of them to serve it, which none does that
  // still has all that it was forked with.
  const isOpen = holders.length > 0 && (!isDoubtful || isConnect || all.every(({ pid }) => holdsListener(pid)));
  if (!isOpen) return { process: undefined, holders, isDoubtful };
  holders.sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
  const serving = isConnect || holders.length === 1 ? undefined : holders.find(({ pid }) => !holdsListener(pid));
  return { process: serving ?? holders[0], holders, isDoubtful };
}
