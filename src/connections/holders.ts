// Which processes hold a socket that listens: any of them may accept. A child holds what its parent holds, so whoever is forked by
// a holder counts as one until its descriptors say otherwise; one that has just ended still counts for a moment.

import type { ProcessTable } from '../host/process_table.js';
import { DescriptorReader, readHolders } from '../host/socket_holders.js';

/** Descriptors are passed over Unix sockets and closed without an event: what was read is believed for so long. */
const FRESH_MS = 5000;
/** A holder that ended may have accepted a connection that we only hear of now. */
const ENDED_MS = 500;
const MOST_SOCKETS = 16_384;

interface Holding {
  readonly inode: number;
  readonly readMs: number;
  /** by number: when it ended, by performance.now(); undefined: it lives */
  readonly pids: Map<number, number | undefined>;
  /** forked by a holder, and not looked at */
  readonly unsure: Set<number>;
}

export class Holders {
  private readonly reader = new DescriptorReader();
  private readonly holdings = new Map<number, Holding>();
  private readonly byPid = new Map<number, Set<Holding>>();
  /** the last look at every process */
  private snapshot: ReadonlyMap<number, number | number[]> = new Map();
  private snapshotMs = -Infinity;

  constructor(private readonly table: ProcessTable) {}

  /** Processes that hold one of the sockets, or did a moment ago. */
  of(inodes: readonly number[]): ReadonlySet<number> {
    const nowMs = performance.now();
    const found = new Set<number>();
    for (const inode of inodes) {
      const holding = this.holding(inode, nowMs);
      for (const pid of [...holding.unsure]) this.verify(holding, pid);
      for (const [pid, endedMs] of [...holding.pids]) {
        if (endedMs === undefined || nowMs - endedMs < ENDED_MS) found.add(pid);
        else this.drop(holding, pid);
      }
    }
    return found;
  }

  forked(pid: number, parent: number): void {
    for (const holding of this.byPid.get(parent) ?? []) {
      this.put(holding, pid);
      holding.unsure.add(pid);
    }
  }

  /** It has begun another program: what closes on exec is closed. */
  executed(pid: number): void {
    for (const holding of this.byPid.get(pid) ?? []) this.verify(holding, pid);
  }

  ended(pid: number): void {
    for (const holding of this.byPid.get(pid) ?? []) {
      holding.pids.set(pid, performance.now());
      holding.unsure.delete(pid);
    }
    this.byPid.delete(pid);
  }

  /** Everything that was read is old: a socket listens that did not. */
  expire(): void {
    this.snapshotMs = -Infinity;
  }

  private holding(inode: number, nowMs: number): Holding {
    const known = this.holdings.get(inode);
    if (known !== undefined && nowMs - known.readMs < FRESH_MS) return known;
    this.look(nowMs, FRESH_MS);
    const pids = new Map<number, number | undefined>();
    for (const pid of [this.snapshot.get(inode) ?? []].flat()) pids.set(pid, undefined);
    // Who ended since may still have accepted.
    for (const [pid, endedMs] of known?.pids ?? []) if (endedMs !== undefined && !pids.has(pid)) pids.set(pid, endedMs);
    if (known !== undefined) for (const pid of known.pids.keys()) this.byPid.get(pid)?.delete(known);
    const made: Holding = { inode, readMs: this.snapshotMs, pids, unsure: new Set() };
    if (this.holdings.size >= MOST_SOCKETS) this.forgetAll();
    this.holdings.set(inode, made);
    for (const [pid, endedMs] of pids) if (endedMs === undefined) this.put(made, pid);
    return made;
  }

  private look(nowMs: number, freshMs: number): void {
    if (nowMs - this.snapshotMs < freshMs) return;
    const pids = [...this.table].filter(({ isKernelThread }) => !isKernelThread).map(({ pid }) => pid).sort((a, b) => a - b);
    this.snapshot = readHolders(this.reader, pids).holders;
    this.snapshotMs = nowMs;
  }

  private put(holding: Holding, pid: number): void {
    holding.pids.set(pid, undefined);
    const holdings = this.byPid.get(pid);
    if (holdings === undefined) this.byPid.set(pid, new Set([holding]));
    else holdings.add(holding);
  }

  private drop(holding: Holding, pid: number): void {
    holding.pids.delete(pid);
    holding.unsure.delete(pid);
    const holdings = this.byPid.get(pid);
    holdings?.delete(holding);
    if (holdings?.size === 0) this.byPid.delete(pid);
  }

  private verify(holding: Holding, pid: number): void {
    if (this.holds(pid, holding.inode)) holding.unsure.delete(pid);
    else if (this.table.get(pid) !== undefined) this.drop(holding, pid);
  }

  private holds(pid: number, inode: number): boolean {
    let found = false;
    this.reader.sockets(pid, (held) => {
      found = held === inode;
      return !found;
    });
    return found;
  }

  private forgetAll(): void {
    this.holdings.clear();
    this.byPid.clear();
  }
}
