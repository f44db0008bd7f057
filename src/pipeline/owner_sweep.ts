// Everything known is looked at again once a second: sockets are closed, handed on, shared; processes run other programs. A connection that
// nothing happened to costs its descriptor, and no more: nothing is allocated for it, and processes are looked at once each. Where no
// connection came or went and all processes have as many descriptors as before, those are read now and then only.

import { HeldSockets } from '../host/held_sockets.js';
import type { SocketOwners, WantedSockets } from '../host/socket_owners.js';
import { ConnectionKey } from '../ring/connection_key.js';
import type { ConnectionWriter } from '../ring/connection_writer.js';
import { type KnownSocket, type KnownSockets, NOT_READ } from './known_sockets.js';
import type { OwnerRegistry } from './owner_registry.js';

/** A closed connection stays for its last packets. */
export const CLOSED_MS = 5000;

/** While nothing shows that anything has changed, reading descriptors may take this share of the time. */
const QUIET_SHARE = 0.001;

/** What a sweep has others do. */
export interface SweepActions {
  /** hears of the first packets that are waiting; what they are the first of is forgotten as it was known */
  hear(): void;
  /** @returns the socket that has these ends now; 0: no process has it, -1: there is none */
  inodeOf(key: ConnectionKey): number;
  /** finds again whose a connection is: one of `pids`, which hold it (`held` confirms that), or anybody where nobody is known to */
  again(slot: number, key: ConnectionKey, inode: number, sequence: number | undefined, pids: readonly number[], held: HeldSockets): void;
  forget(slot: number): void;
}

export class OwnerSweep {
  private readonly key = new ConnectionKey();
  /** of the last walk: the rows of all that is known, and who was seen to hold something of it */
  private rows: ReadonlySet<number> = new Set();
  private holders: ReadonlySet<number> = new Set();
  /** the processes whose signs these are */
  private watched: ReadonlySet<number> = new Set();
  /** as of before it; undefined: they do not tell whether another one would find the same */
  private signs: string | undefined;
  private changes = -1;
  /** when the next is due although nothing has changed */
  private dueMs = 0;

  constructor(
    private readonly connections: ConnectionWriter,
    private readonly registry: OwnerRegistry,
    private readonly owners: SocketOwners,
    private readonly sockets: KnownSockets,
    private readonly actions: SweepActions,
  ) {}

  sweep(nowMs: number): void {
    const { connections, sockets } = this;
    if (sockets.size === 0 || (nowMs < this.dueMs && this.isQuiet())) return;
    this.readInodes();
    const rows = new Set<number>();
    for (const slot of sockets.slots()) {
      const row = connections.owner(slot);
      rows.add(row);
      sockets.expect(slot, this.pidOf(row));
    }
    const pids = new Set([...rows].map((row) => this.pidOf(row)).filter((pid) => pid !== 0));
    const changes = sockets.changes;
    this.walk(pids);
    const going = this.refreshed(rows);
    this.actions.hear();
    const doubtful: number[] = [];
    for (const slot of sockets.slots()) {
      const isSame = sockets.isKept(slot) && sockets.shared(slot) === connections.shared(slot) && going.has(connections.owner(slot));
      if (!isSame) doubtful.push(slot);
    }
    this.reconsider(doubtful, pids, nowMs);
    // What is closed leaves later, what is doubtful may be so still.
    if (doubtful.length > 0) this.signs = undefined;
    [this.rows, this.changes] = [rows, changes];
  }

  /** Whether a walk would find what the last one did. Brings rows up to date. */
  private isQuiet(): boolean {
    if (this.signs === undefined || this.changes !== this.sockets.changes) return false;
    return this.refreshed(this.rows).size === this.rows.size && this.owners.signs(this.watched) === this.signs;
  }

  private walk(pids: ReadonlySet<number>): void {
    const { owners, sockets } = this;
    const beganMs = performance.now();
    // Before: what changes meanwhile shall show.
    this.watched = new Set([...pids, ...this.holders]);
    const signs = owners.signs(this.watched);
    this.holders = owners.walk(pids, sockets.see);
    this.signs = [...this.holders].every((pid) => this.watched.has(pid)) ? signs : undefined;
    const endMs = performance.now();
    this.dueMs = endMs + (endMs - beganMs) / QUIET_SHARE;
  }

  /** @returns 0: of none */
  private pidOf(row: number): number {
    return this.registry.processOf(row)?.pid ?? 0;
  }

  /** Of connections that the trace told. */
  private readInodes(): void {
    const { sockets, connections, key, actions } = this;
    const found: { readonly slot: number; readonly known: KnownSocket; readonly inode: number }[] = [];
    for (const slot of sockets.slots()) {
      const known = sockets.get(slot);
      if (known === undefined || known.inode !== NOT_READ || known.closed) continue;
      connections.takeKey(slot, key);
      found.push({ slot, known, inode: actions.inodeOf(key) });
    }
    // Before any is believed: it may be another connection's with the same ends.
    if (found.length > 0) actions.hear();
    for (const { slot, known, inode } of found) {
      if (sockets.get(slot) !== known) continue;
      if (inode > 0) sockets.set(slot, inode, known.sequence);
      else known.closed = true;
    }
  }

  /** Brings rows up to date. @returns those whose process goes on */
  private refreshed(rows: Iterable<number>): ReadonlySet<number> {
    const going = new Set<number>();
    for (const row of rows) {
      const before = this.registry.processOf(row);
      const process = before && this.owners.current(before.pid, before.startTicks);
      if (process === undefined) continue;
      this.registry.rowOf(process);
      going.add(row);
    }
    return going;
  }

  /** Connections that are closed, handed on, or shared with others than before. */
  private reconsider(slots: readonly number[], likely: Iterable<number>, nowMs: number): void {
    const { sockets, actions } = this;
    const wanted: WantedSockets = new Map();
    const open = slots.filter((slot) => {
      const known = sockets.get(slot);
      if (known === undefined) return false;
      const closed = this.isClosed(slot, known);
      if (closed) this.expire(slot, nowMs);
      else wanted.set(known.inode, []);
      return !closed;
    });
    if (open.length === 0) return;
    this.owners.look(wanted, likely, false);
    actions.hear();
    const held = new HeldSockets(this.owners, wanted);
    for (const slot of open) {
      const known = sockets.get(slot);
      if (known === undefined) continue;
      const key = new ConnectionKey();
      this.connections.takeKey(slot, key);
      actions.again(slot, key, known.inode, known.sequence, wanted.get(known.inode) ?? [], held);
    }
  }

  /** Asks once: a connection that is closed does not come back, another one begins with a first packet. */
  private isClosed(slot: number, known: KnownSocket): boolean {
    if (!known.closed) {
      this.connections.takeKey(slot, this.key);
      known.closed = this.actions.inodeOf(this.key) !== known.inode;
    }
    return known.closed;
  }

  /** One of another network namespace, which is never found here, stays while its process has it. */
  private expire(slot: number, nowMs: number): void {
    if (nowMs - this.connections.written(slot) >= CLOSED_MS && !this.sockets.isKept(slot)) this.actions.forget(slot);
  }
}
