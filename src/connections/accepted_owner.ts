// Who accepted a connection. The kernel establishes it in anybody's context, and it may wait long to be accepted. It is who holds
// the descriptor of the connection itself. Of a connection that was over before that could be read, it is who alone held what
// listens there, when all descriptors were read after it: a listener can be passed on without an event. Nothing else is believed.

import { DescriptorLook } from '../host/descriptor_look.js';
import type { Holders } from '../host/holders.js';
import { Listeners, type Listener } from '../host/listeners.js';
import type { Namespace } from '../host/network_namespaces.js';
import type { SockDiag } from '../host/sock_diag.js';
import type { Ends } from '../host/socket_ends.js';
import type { Book, Entry } from './book.js';
import type { Owner } from './connection.js';
import type { Processes } from './processes.js';

/** How long a connection that nobody has accepted is watched. */
const PATIENCE_MS = 500;
const AGAIN_MS = 4;
/** Listeners are read again for a connection that fits none, but not more often than this. */
const MISS_MS = 200;
const FRESH_MS = 5000;
const MOST_WAITING = 16_384;

interface Search {
  readonly entry: Entry;
  readonly beganMs: number;
  readonly endMs: number;
}

export class AcceptedOwners {
  /** when to look again, by performance.now(); undefined: nothing is looked for */
  dueMs: number | undefined;
  /** connections given up because too many were waiting */
  overflow = 0;
  private readonly listeners: Listeners;
  private searches: Search[] = [];
  private readMs = -Infinity;

  /**
   * @param breathe takes what the kernel has told meanwhile: called in the midst of looks that take milliseconds, because a program that
   *   begins and ends within one could not be read any more. It may call find().
   */
  constructor(
    private readonly book: Book, private readonly processes: Processes, private readonly holders: Holders, private readonly diag: SockDiag,
    private readonly breathe: () => void,
  ) {
    this.listeners = new Listeners(diag);
  }

  /** A new socket listens. */
  listens(): void {
    this.readMs = -Infinity;
    this.holders.expire();
  }

  /** Looks for who has accepted, again and again for a while. */
  find(entry: Entry): void {
    const nowMs = performance.now();
    if (this.matching(entry.ends, nowMs).size === 0) {
      this.settle(entry, undefined, 'listener', 0);
      return;
    }
    if (this.searches.length >= MOST_WAITING) {
      this.overflow++;
      this.settle(entry, undefined, 'scan', 0);
      return;
    }
    this.dueMs ??= nowMs + AGAIN_MS;
    this.searches.push({ entry, beganMs: nowMs, endMs: nowMs + PATIENCE_MS });
  }

  /** Goes on with those that wait, all of them with one look at sockets and descriptors. @param last settle them all */
  again(last = false): void {
    const beganMs = performance.now();
    if (this.dueMs === undefined || (!last && this.dueMs > beganMs)) return;
    const look = new DescriptorLook(this.diag, this.processes.table, last ? () => undefined : this.breathe);
    const searches = this.searches;
    this.searches = []; // those that come while others are looked for
    const open = searches.filter((search) => !this.tried(search, look, last || beganMs >= search.endMs));
    this.searches = [...open, ...this.searches];
    const endedMs = performance.now();
    // Looking takes a fifth of the time at most.
    this.dueMs = this.searches.length === 0 ? undefined : endedMs + Math.max(AGAIN_MS, 4 * (endedMs - beganMs));
  }

  /** @returns whether there is nothing more to find out */
  private tried({ entry, beganMs }: Search, look: DescriptorLook, isLast: boolean): boolean {
    const matching = this.matching(entry.ends, performance.now());
    const found = look.locate(entry.ends, [...matching.keys()]);
    const [alone] = matching.size === 1 ? matching.keys() : [];
    const namespace = found?.namespace ?? alone;
    const listeners = namespace === undefined ? undefined : matching.get(namespace);
    if (listeners === undefined) return isLast && this.settle(entry, undefined, 'scan', 0);
    const inodes = inodesOf(listeners);
    if (found !== undefined && found.inode > 0) return this.accepted(entry, found.inode, inodes, look, beganMs, isLast);
    // It may be accepted yet.
    if (found !== undefined && !found.isOver && !isLast) return false;
    return this.over(entry, inodes, beganMs, isLast);
  }

  /** Somebody has accepted it: who has its descriptor? */
  private accepted(entry: Entry, inode: number, listeners: readonly number[], look: DescriptorLook, beganMs: number, isLast: boolean): boolean {
    const candidates = this.holders.of(listeners);
    const holding = [...candidates.keys()].filter((pid) => look.holds(pid, inode));
    // One that was just forked may have it as a copy alone: whoever it has it from may have closed it by now.
    if (holding.some((pid) => look.mayHoldCopies(pid))) return isLast && this.settle(entry, undefined, 'scan', holding.length);
    if (holding.length === 1) return this.settle(entry, this.processes.confirmed(holding[0]), candidates.size === 1 ? 'listener' : 'scan', 1);
    // It was handed to somebody who does not listen himself.
    if (holding.length === 0 && this.holders.renew(beganMs, isLast)) {
      const others = this.holders.atLastLook(inode).filter((pid) => look.holds(pid, inode));
      if (others.length === 1 && !look.mayHoldCopies(others[0])) return this.settle(entry, this.processes.confirmed(others[0]), 'scan', 1);
    }
    return isLast && this.settle(entry, undefined, 'scan', holding.length);
  }

  /** Nobody has its descriptor: whoever alone could accept it did. */
  private over(entry: Entry, listeners: readonly number[], beganMs: number, isLast: boolean): boolean {
    const before = this.holders.of(listeners);
    if (before.size > 1) return this.settle(entry, undefined, 'scan', before.size);
    if (!this.holders.renew(beganMs, isLast)) return false;
    const candidates = this.holders.of(listeners);
    const [one] = candidates;
    if (candidates.size !== 1) return this.settle(entry, undefined, 'scan', candidates.size);
    const [pid, endedMs] = one;
    const owner = endedMs === undefined ? this.processes.confirmed(pid) : this.processes.ofPidAt(pid, BigInt(Math.round(entry.sinceNs ?? 0)));
    return this.settle(entry, owner, 'listener', 1);
  }

  private matching(ends: Ends, nowMs: number): ReadonlyMap<Namespace, readonly Listener[]> {
    if (nowMs - this.readMs > FRESH_MS) this.refresh(nowMs);
    const found = this.listeners.matching(ends);
    if (found.size > 0 || nowMs - this.readMs < MISS_MS) return found;
    this.refresh(nowMs);
    return this.listeners.matching(ends);
  }

  private refresh(nowMs: number): void {
    this.processes.rescan();
    this.listeners.refresh(this.processes.pids());
    this.readMs = Math.min(nowMs, performance.now());
  }

  private settle(entry: Entry, owner: Owner | undefined, via: 'listener' | 'scan', shared: number): true {
    this.book.settle(entry, owner, via, shared);
    return true;
  }
}

function inodesOf(listeners: readonly Listener[]): number[] {
  return listeners.map(({ inode }) => inode);
}
