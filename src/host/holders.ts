// Which processes hold a socket that listens: any of them may accept. A child holds what its parent holds, so whoever is forked by
// a holder counts as one until its descriptors say otherwise; one that has just ended still counts for a moment.

import type { ProcessTable } from './process_table.js';
import { addHolders, DescriptorReader } from './socket_holders.js';

/** Descriptors are passed over Unix sockets and closed without an event: what was read is believed for so long. */
const FRESH_MS = 5000;
/** A holder that ended may have accepted a connection that we only hear of now. */
const ENDED_MS = 500;
const MOST_SOCKETS = 16_384;

/** What looking at every process may take. */
export interface LookLimits {
  /** of the time */
  readonly share: number;
  /** between two looks, at least */
  readonly pauseMs: number;
}

const DEFAULT_LIMITS: LookLimits = { share: 0.05, pauseMs: 50 };

/** A look at every process that goes on. */
interface Look {
  readonly beganMs: number;
  readonly pids: readonly number[];
  next: number;
  spentMs: number;
  readonly found: Map<number, number | number[]>;
  /** what happened since: what was read before does not have it */
  readonly forked: (readonly [pid: number, parent: number])[];
  readonly executed: Set<number>;
  readonly ended: Map<number, number>;
}

interface Holding {
  readonly inode: number;
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
  private nextLookMs = -Infinity;
  /** somebody was forked since: of a socket that nobody asked for yet the snapshot does not know all holders */
  private hasForked = false;

  /** by number of a holder: when it forked last, by performance.now() */
  private readonly forkedMs = new Map<number, number>();
  private looking: Look | undefined;

  constructor(private readonly table: ProcessTable, private readonly limits = DEFAULT_LIMITS) {}

  /** Processes that hold one of the sockets, or did a moment ago: then with the moment they ended, by performance.now(). */
  of(inodes: readonly number[]): ReadonlyMap<number, number | undefined> {
    const nowMs = performance.now();
    const found = new Map<number, number | undefined>();
    for (const inode of inodes) {
      const holding = this.holding(inode, nowMs);
      for (const pid of [...holding.unsure]) this.verify(holding, pid);
      for (const [pid, endedMs] of [...holding.pids]) {
        if (endedMs === undefined || nowMs - endedMs < ENDED_MS) found.set(pid, endedMs);
        else this.drop(holding, pid);
      }
    }
    return found;
  }

  /**
   * Looks at every process again, when that is due.
   * @param sinceMs by performance.now()
   * @param isUrgent it is due now
   * @returns whether what is known was read after that moment
   */
  renew(sinceMs: number, isUrgent: boolean): boolean {
    if (this.snapshotMs >= sinceMs) return true;
    if (!isUrgent && performance.now() < this.nextLookMs) return false;
    this.look();
    return true;
  }

  /**
   * The same, a slice at a time: a look is begun when that is due, and goes on with each call.
   * @param sliceMs how long this call may take
   * @returns whether what is known was read after that moment
   */
  advance(sinceMs: number, sliceMs: number): boolean {
    if (this.snapshotMs >= sinceMs) return true;
    if (this.looking === undefined) {
      if (performance.now() < this.nextLookMs) return false;
      this.looking = this.begin();
    }
    this.goOn(this.looking, sliceMs);
    return this.snapshotMs >= sinceMs;
  }

  /** These sockets will be asked for: the next look has them. */
  expect(inodes: readonly number[]): void {
    for (const inode of inodes) if (!this.holdings.has(inode)) this.make(inode);
  }

  /** When advance() may begin the next look, by performance.now(). */
  get dueMs(): number {
    return this.looking === undefined ? this.nextLookMs : 0;
  }

  /** Whether one of these processes has had a child since a moment, by performance.now(). */
  hasForkedSince(pids: Iterable<number>, ms: number): boolean {
    for (const pid of pids) if ((this.forkedMs.get(pid) ?? -Infinity) >= ms) return true;
    return false;
  }

  /** Who held a socket of any kind at the last look. */
  atLastLook(inode: number): readonly number[] {
    return [this.snapshot.get(inode) ?? []].flat();
  }

  forked(pid: number, parent: number): void {
    this.hasForked = true;
    this.looking?.forked.push([pid, parent]);
    const holdings = this.byPid.get(parent);
    if (holdings === undefined) return;
    this.forkedMs.set(parent, performance.now());
    for (const holding of holdings) this.addUnsure(holding, pid);
  }

  /** It has begun another program: what closes on exec is closed. */
  executed(pid: number): void {
    this.looking?.executed.add(pid);
    for (const holding of this.byPid.get(pid) ?? []) this.verify(holding, pid);
  }

  ended(pid: number): void {
    this.looking?.ended.set(pid, performance.now());
    this.forkedMs.delete(pid);
    this.markEnded(pid, performance.now());
  }

  private markEnded(pid: number, ms: number): void {
    for (const holding of this.byPid.get(pid) ?? []) {
      holding.pids.set(pid, ms);
      holding.unsure.delete(pid);
    }
    this.byPid.delete(pid);
  }

  private addUnsure(holding: Holding, pid: number): void {
    this.put(holding, pid);
    holding.unsure.add(pid);
  }

  /** Everything that was read is old: a socket listens that did not. */
  expire(): void {
    this.snapshotMs = -Infinity;
  }

  private holding(inode: number, nowMs: number): Holding {
    const known = this.holdings.get(inode);
    if (known !== undefined && nowMs - this.snapshotMs < FRESH_MS) return known;
    if (known !== undefined || this.hasForked || nowMs - this.snapshotMs >= FRESH_MS) this.look();
    return this.holdings.get(inode) ?? this.make(inode);
  }

  /** Every socket that was asked for is told anew, before the events that come after this look. */
  private look(): void {
    this.goOn(this.begin(), Infinity);
  }

  private begin(): Look {
    const pids = [...this.table].filter(({ isKernelThread }) => !isKernelThread).map(({ pid }) => pid).sort((a, b) => a - b);
    this.hasForked = false;
    return { beganMs: performance.now(), pids, next: 0, spentMs: 0, found: new Map(), forked: [], executed: new Set(), ended: new Map() };
  }

  private goOn(look: Look, sliceMs: number): void {
    const beganMs = performance.now();
    let nowMs = beganMs;
    while (look.next < look.pids.length && nowMs - beganMs < sliceMs) {
      addHolders(this.reader, look.pids[look.next++], look.found);
      nowMs = performance.now();
    }
    look.spentMs += nowMs - beganMs;
    if (look.next < look.pids.length) return;
    this.looking = undefined;
    this.nextLookMs = nowMs + Math.max(this.limits.pauseMs, look.spentMs * (1 / this.limits.share - 1));
    this.take(look, nowMs);
  }

  /** Everything is as the look has it, and as it has changed since. */
  private take(look: Look, endedMs: number): void {
    this.snapshot = look.found;
    this.snapshotMs = look.beganMs;
    const inodes = [...this.holdings.keys()];
    const before = new Map(this.holdings);
    this.forgetAll();
    for (const inode of inodes) {
      const made = this.make(inode);
      // Who ended since may still have accepted.
      for (const [pid, ended] of before.get(inode)?.pids ?? []) {
        if (ended !== undefined && endedMs - ended < ENDED_MS && !made.pids.has(pid)) made.pids.set(pid, ended);
      }
      // A socket that nobody holds is no more, or is one that we may not see.
      if (made.pids.size === 0) this.holdings.delete(inode);
    }
    for (const [pid, parent] of look.forked) for (const holding of this.byPid.get(parent) ?? []) this.addUnsure(holding, pid);
    for (const pid of look.executed) for (const holding of this.byPid.get(pid) ?? []) this.verify(holding, pid);
    for (const [pid, ms] of look.ended) this.markEnded(pid, ms);
  }

  private make(inode: number): Holding {
    const made: Holding = { inode, pids: new Map(), unsure: new Set() };
    if (this.holdings.size >= MOST_SOCKETS) this.forgetAll();
    this.holdings.set(inode, made);
    for (const pid of this.atLastLook(inode)) this.put(made, pid);
    return made;
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
    if (this.reader.holds(pid, holding.inode)) holding.unsure.delete(pid);
    else if (this.table.get(pid) !== undefined) this.drop(holding, pid);
  }

  private forgetAll(): void {
    this.holdings.clear();
    this.byPid.clear();
  }
}
