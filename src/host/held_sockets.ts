// The sockets of processes as they are at one moment, for all that are to be told of them then: each process's descriptors are read
// once, however many of its connections begin together. Thousands of a server would be a read of thousands of descriptors each.

import type { Process } from './process_table.js';
import type { SocketOwners, WantedSockets } from './socket_owners.js';

/** What a process was seen to hold, and that it was there. */
export interface Holder {
  readonly process: Process;
  readonly inodes: ReadonlySet<number>;
  /** those that were made before this moment, CLOCK_MONOTONIC, may be copies of its parent's (fork_copies.ts); -Infinity: none */
  readonly copiesUntilNs: number;
}

export class HeldSockets {
  /** by number of the process: the sockets that it was found to hold before */
  private readonly expected = new Map<number, Set<number>>();
  private readonly seen = new Map<number, Holder | undefined>();
  private readonly serving = new Map<number, boolean>();

  /** @param wanted what SocketOwners.look() has just found */
  constructor(private readonly owners: SocketOwners, wanted: WantedSockets) {
    for (const [inode, pids] of wanted) {
      for (const pid of pids) {
        const inodes = this.expected.get(pid);
        if (inodes === undefined) this.expected.set(pid, new Set([inode]));
        else inodes.add(inode);
      }
    }
  }

  /** The process behind a number, and that it holds the socket; undefined when it is gone, or does not hold it any more. */
  confirm(pid: number, inode: number): Process | undefined {
    if (!this.seen.has(pid)) this.seen.set(pid, this.owners.confirm(pid, this.expected.get(pid) ?? new Set([inode])));
    const holder = this.seen.get(pid);
    return holder?.inodes.has(inode) === true ? holder.process : undefined;
  }

  /**
   * Whether a process that was confirmed may have a socket only because it was just forked.
   * @param madeNs the socket did not exist before, CLOCK_MONOTONIC; -Infinity: it is not known
   */
  mayBeCopy(pid: number, madeNs: number): boolean {
    return madeNs < (this.seen.get(pid)?.copiesUntilNs ?? -Infinity);
  }

  /** Whether a process holds what listens on a port. @param listeners asked for when that is not known yet */
  holdsListener(pid: number, port: number, listeners: () => ReadonlySet<number>): boolean {
    // A process's number has 22 bits at most (PID_MAX_LIMIT of linux/threads.h), a port 16.
    const name = pid * 0x10000 + port;
    let holds = this.serving.get(name);
    if (holds === undefined) this.serving.set(name, holds = this.owners.holdsOneOf(pid, listeners()));
    return holds;
  }
}
