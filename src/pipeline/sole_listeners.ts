// Of a connection that was over before anybody could see who has its descriptor: the process that accepted it, where only one can have.
// That is so when what listens there was the same before and after, when one process alone holds it by a look at all descriptors that
// began behind the connection's end, and when that process had no child meanwhile, to which it might have handed what it accepted. A process that is
// known to hand on what it accepts is never the answer.

import { networkInterfaces } from 'node:os';
import { Holders } from '../host/holders.js';
import { Listeners } from '../host/listeners.js';
import { PROC_EVENT, type ProcEvent } from '../host/proc_event.js';
import type { ProcessTable } from '../host/process_table.js';
import type { SockDiag } from '../host/sock_diag.js';
import { unmapped } from '../host/sock_state.js';
import { ADDRESS_BYTES } from '../host/socket_rows.js';
import { formatAddress } from '../config/network.js';
import type { ConnectionKey } from '../ring/connection_key.js';

/** Looks at all descriptors may take this share of the time; a record waits for them. */
const LIMITS = { share: 0.2, pauseMs: 4 };
const SLICE_MS = 1;
/** What listens is read again for a connection that fits nothing, but not more often than this, and after so long in any case. */
const MISS_MS = 20;
const FRESH_MS = 1000;

/** All of 127.0.0.0/8 is this host. */
const LOOPBACK = /^127\./;

/** Who accepted: the number of a process, 0: nothing can be said, several: any of them may have, not yet: not everything is read. */
export type SoleVerdict = number | 'several' | 'not yet';

export class SoleListeners {
  private readonly holders: Holders;
  private readonly before: Listeners;
  private readonly after: Listeners;
  private readonly bytes = new Uint8Array(2 * ADDRESS_BYTES);
  /** addresses of this network namespace, as text */
  private addresses: ReadonlySet<string> = new Set();
  private beforeMs = -Infinity;
  private afterMs = -Infinity;
  /** by port: processes that have, or had, connections accepted there */
  private readonly serving = new Map<number, Set<number>>();

  /** @param table kept true by process events, which heard() gets, too */
  constructor(diag: SockDiag, table: ProcessTable) {
    this.holders = new Holders(table, LIMITS);
    this.before = new Listeners(diag);
    this.after = new Listeners(diag);
  }

  /** Takes an event that the table has. */
  heard({ what, pid, otherTgid }: ProcEvent): void {
    if (what === PROC_EVENT.FORK) this.holders.forked(pid, otherTgid);
    else if (what === PROC_EVENT.EXEC) this.holders.executed(pid);
    else if (what === PROC_EVENT.EXIT) this.ended(pid);
  }

  private ended(pid: number): void {
    this.holders.ended(pid);
    for (const [port, pids] of this.serving) if (pids.delete(pid) && pids.size === 0) this.serving.delete(port);
  }

  /** A process was found to have a connection that was accepted on a port. */
  serves(port: number, pid: number): void {
    const known = this.serving.get(port);
    if (known === undefined) this.serving.set(port, new Set([pid]));
    else known.add(pid);
  }

  /**
   * What listens where a connection comes in.
   * @param isNew the connection has not been accepted yet: what listens now is what it came to
   * @returns inodes; none where that is not known
   */
  listening(key: ConnectionKey, isNew: boolean, nowMs: number): readonly number[] {
    const stale = nowMs - this.beforeMs;
    if (stale > FRESH_MS && isNew) this.refresh(nowMs);
    let inodes = this.inodes(this.before, key);
    if (inodes.length === 0 && isNew && stale > MISS_MS) {
      this.refresh(nowMs);
      inodes = this.inodes(this.before, key);
    }
    this.holders.expect(inodes);
    return inodes;
  }

  private refresh(nowMs: number): void {
    this.beforeMs = nowMs;
    this.before.refresh([]);
    this.addresses = new Set(Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address)));
  }

  private inodes(listeners: Listeners, key: ConnectionKey): readonly number[] {
    const { bytes } = this;
    key.writeAddresses(bytes, 0);
    const local = formatAddress(unmapped(bytes.subarray(0, ADDRESS_BYTES)));
    // A socket that listens on every address is found for those of other namespaces, too.
    if (!this.addresses.has(local) && !LOOPBACK.test(local)) return [];
    const [found] = listeners.matching({ local, localPort: key.localPort, remote: '', remotePort: 0 }).values();
    return found?.map(({ inode }) => inode) ?? [];
  }

  /**
   * Who accepted.
   * @param listening what listening() said when the connection began
   * @param beganMs when its first packet was seen, by performance.now()
   * @param overMs when it was seen to be over
   */
  verdict(key: ConnectionKey, listening: readonly number[], beganMs: number, overMs: number, nowMs: number): SoleVerdict {
    if (listening.length === 0) return 0;
    // Whoever knows already that there are several need not look at everything.
    if (this.isHandedOn(key.localPort)) return 'several';
    if (!this.holders.advance(overMs, SLICE_MS)) return 'not yet';
    if (this.afterMs < overMs) {
      this.afterMs = nowMs;
      this.after.refresh([]);
    }
    const now = this.inodes(this.after, key);
    if (now.length !== listening.length || !listening.every((inode) => now.includes(inode))) return 0;
    const holders = this.holders.of(listening);
    const [[pid, endedMs] = [0, undefined]] = holders;
    if (holders.size === 0) return 0;
    if (holders.size > 1 || endedMs !== undefined || this.holders.hasForkedSince([pid], beganMs)) return 'several';
    const serving = this.serving.get(key.localPort);
    return serving === undefined || (serving.size === 1 && serving.has(pid)) ? pid : 'several';
  }

  private isHandedOn(port: number): boolean {
    return (this.serving.get(port)?.size ?? 0) > 1;
  }

  /** When verdict() can tell more than "not yet", by performance.now(). */
  get dueMs(): number {
    return this.holders.dueMs;
  }
}
