// The sockets of connections whose process is known, by slot of the connection table, and what a look at the descriptors of those
// processes sees of them. That is noted in columns: nothing is allocated for a socket, because all of them are looked at every second.

import { CONNECTION_SLOTS } from '../ring/connection_table.js';

/** The socket is not known by its inode yet: the next look at everything tells. */
export const NOT_READ = 0;

export interface KnownSocket {
  readonly inode: number;
  /** of its first packet */
  readonly sequence: number | undefined;
  /** this namespace does not have it any more */
  closed: boolean;
}

export class KnownSockets {
  /** how often one was added or left */
  changes = 0;
  private readonly sockets = new Map<number, KnownSocket>();
  /** the slot of each inode */
  private readonly slotOf = new Map<number, number>();
  /** the process that had the socket before the look */
  private readonly expected = new Int32Array(CONNECTION_SLOTS);
  private readonly kept = new Uint8Array(CONNECTION_SLOTS);
  /** how many processes hold it, and the last that was seen to */
  private readonly holders = new Uint16Array(CONNECTION_SLOTS);
  private readonly lastHolder = new Int32Array(CONNECTION_SLOTS);

  get size(): number {
    return this.sockets.size;
  }

  slots(): IterableIterator<number> {
    return this.sockets.keys();
  }

  get(slot: number): KnownSocket | undefined {
    return this.sockets.get(slot);
  }

  set(slot: number, inode: number, sequence: number | undefined): void {
    this.delete(slot);
    this.sockets.set(slot, { inode, sequence, closed: false });
    this.expect(slot, 0);
    if (inode !== NOT_READ) this.slotOf.set(inode, slot);
  }

  delete(slot: number): void {
    this.changes++;
    const inode = this.sockets.get(slot)?.inode ?? NOT_READ;
    if (this.slotOf.get(inode) === slot) this.slotOf.delete(inode);
    this.sockets.delete(slot);
  }

  /** Before a look: who should have the socket. */
  expect(slot: number, pid: number): void {
    this.expected[slot] = pid;
    this.kept[slot] = 0;
    this.holders[slot] = 0;
    this.lastHolder[slot] = 0;
  }

  /** Notes that a process holds a socket; one process after the other. @returns whether it is a known one */
  readonly see = (pid: number, inode: number): boolean => {
    const slot = this.slotOf.get(inode);
    if (slot === undefined) return false;
    if (this.lastHolder[slot] === pid) return true;
    this.lastHolder[slot] = pid;
    this.holders[slot]++;
    if (this.expected[slot] === pid) this.kept[slot] = 1;
    return true;
  };

  /** After a look: whether the process has the socket still. */
  isKept(slot: number): boolean {
    return this.kept[slot] === 1;
  }

  /** How many processes hold it. */
  shared(slot: number): number {
    return this.holders[slot];
  }
}
