// Connections that workers were told nobody has: looked at again once a second for a while, for somebody may accept one late.

import { VIA } from '../record/owner.js';
import { ConnectionKey } from '../ring/connection_key.js';
import { OWNERSHIP } from '../ring/connection_table.js';
import type { ConnectionWriter } from '../ring/connection_writer.js';
import { ATTEMPTS_MS, type LookUps } from './look_ups.js';
import { CLOSED_MS } from './owner_sweep.js';

export class UnknownConnections {
  /** slots of the connection table, and when that was told, performance.now() */
  private readonly told = new Map<number, number>();

  /**
   * @param inodeOf the socket that has these ends; 0 or less: there is none that a process has
   * @param hear hears of the first packets that are waiting: what they are the first of is forgotten as it was known
   */
  constructor(
    private readonly connections: ConnectionWriter,
    private readonly lookUps: LookUps,
    private readonly inodeOf: (key: ConnectionKey) => number,
    private readonly hear: () => void,
  ) {}

  /** A worker was told so. */
  add(slot: number, nowMs: number): void {
    this.told.set(slot, nowMs);
  }

  /** Has those looked up that a process has by now; forgets those of long ago. */
  review(nowMs: number): void {
    const found: ConnectionKey[] = [];
    for (const slot of this.told.keys()) {
      if (this.connections.state(slot) !== OWNERSHIP.UNKNOWN) continue;
      const key = new ConnectionKey();
      this.connections.takeKey(slot, key);
      if (this.inodeOf(key) > 0) found.push(key);
    }
    // Before any is believed: it may be another connection's with the same ends.
    if (found.length > 0) this.hear();
    for (const key of found) this.lookUp(key, nowMs);
    for (const [slot, toldMs] of this.told) {
      const isUnknown = this.connections.state(slot) === OWNERSHIP.UNKNOWN;
      // Those of elsewhere are looked up when a record asks again.
      if (isUnknown && nowMs - toldMs < CLOSED_MS) continue;
      this.told.delete(slot);
      if (isUnknown) this.connections.remove(slot);
    }
  }

  /** Once more, the last attempt. */
  private lookUp(key: ConnectionKey, nowMs: number): void {
    const slot = this.connections.find(key);
    if (slot < 0 || this.connections.state(slot) !== OWNERSHIP.UNKNOWN) return;
    const sinceUs = this.connections.sinceUs(slot);
    this.lookUps.add({ key, via: VIA.SCAN, sequence: sinceUs === 0 ? undefined : this.connections.syn(slot), sinceUs, asked: true, foreign: false }, nowMs);
    const pending = this.lookUps.get(key);
    if (pending !== undefined) pending.attempt = Math.max(pending.attempt, ATTEMPTS_MS.length - 1);
  }
}
