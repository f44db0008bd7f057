// The end of the connection table that one thread writes.

import { ConnectionKey, KEY_WORDS } from './connection_key.js';
import {
  ANSWERS, CONNECTION_SLOTS, EPOCH, EVICTED, HIGH, KEY, OWNER, OWNERSHIP, SET_SLOTS, SHARED_SHIFT, SINCE, STATE,
  STATE_MASK, SYN, VERSIONS, VIA_SHIFT, firstSlot, hasKey, wordOf,
} from './connection_table.js';
import { allChanged, changed } from './recent_connections.js';

const MOST_SHARED = 0x7fffff;

export class ConnectionWriter {
  private readonly words: Int32Array;
  /** when each slot was written last: the oldest makes room */
  private readonly writtenMs = new Float64Array(CONNECTION_SLOTS);
  private readonly key = new ConnectionKey();

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
  }

  /** @returns the slot of a connection, -1 when the table does not have it */
  find(key: ConnectionKey): number {
    const first = firstSlot(key.hash);
    for (let slot = first; slot < first + SET_SLOTS; slot++) {
      const at = wordOf(slot);
      if (this.words[at + STATE] !== OWNERSHIP.NONE && hasKey(this.words, at, key.words)) return slot;
    }
    return -1;
  }

  state(slot: number): number {
    return this.words[wordOf(slot) + STATE] & STATE_MASK;
  }

  via(slot: number): number {
    return (this.words[wordOf(slot) + STATE] >> VIA_SHIFT) & STATE_MASK;
  }

  owner(slot: number): number {
    return this.words[wordOf(slot) + OWNER];
  }

  shared(slot: number): number {
    return this.words[wordOf(slot) + STATE] >> SHARED_SHIFT;
  }

  /** Sequence number of the connection's first packet; 0: it was not seen. */
  syn(slot: number): number {
    return this.words[wordOf(slot) + SYN] >>> 0;
  }

  /** Time of its first packet, microseconds since 1970; 0: it was not seen. */
  sinceUs(slot: number): number {
    return timeAt(this.words, wordOf(slot));
  }

  /** The clock was set back: times of first packets say nothing any more. */
  forgetTimes(): void {
    for (let slot = 0; slot < CONNECTION_SLOTS; slot++) {
      const at = wordOf(slot);
      if (this.words[at + STATE] === OWNERSHIP.NONE) continue;
      Atomics.add(this.words, at, 1);
      setTime(this.words, at, 0);
      Atomics.add(this.words, at, 1);
    }
    allChanged(this.words, VERSIONS);
  }

  written(slot: number): number {
    return this.writtenMs[slot];
  }

  /** Reads the key of a slot that is in use. */
  takeKey(slot: number, key: ConnectionKey): void {
    key.copy(this.words, wordOf(slot) + KEY);
  }

  /**
   * Says whose a connection is. Several answers become visible at once, with announce() behind the last.
   * @param state KNOWN, or UNKNOWN: the rest then counts nothing
   * @param nowMs performance.now()
   * @param syn sequence number of its first packet, and
   * @param sinceUs when that was, microseconds since 1970; 0: not known
   * @returns its slot
   */
  put(key: ConnectionKey, state: number, owner: number, epoch: number, via: number, shared: number, nowMs: number, syn = 0, sinceUs = 0): number {
    const { words } = this;
    const known = this.find(key);
    const slot = known >= 0 ? known : this.makeRoom(key);
    const at = wordOf(slot);
    Atomics.add(words, at, 1);
    for (let i = 0; i < KEY_WORDS; i++) words[at + KEY + i] = key.words[i];
    words[at + STATE] = state | (via << VIA_SHIFT) | (Math.min(shared, MOST_SHARED) << SHARED_SHIFT);
    words[at + OWNER] = owner;
    words[at + EPOCH] = epoch;
    words[at + SYN] = syn;
    setTime(words, at, sinceUs);
    Atomics.add(words, at, 1);
    changed(words, VERSIONS, key.pairHash);
    this.writtenMs[slot] = nowMs;
    return slot;
  }

  /** A free slot of the key's set; else of those that nobody is known of, or of all, the one that was written first. */
  private makeRoom(key: ConnectionKey): number {
    const first = firstSlot(key.hash);
    let oldest = first;
    let oldestRank = Infinity;
    for (let slot = first; slot < first + SET_SLOTS; slot++) {
      const state = this.state(slot);
      if (state === OWNERSHIP.NONE) return slot;
      const rank = this.writtenMs[slot] - (state === OWNERSHIP.UNKNOWN ? Number.MAX_SAFE_INTEGER : 0);
      if (rank < oldestRank) [oldest, oldestRank] = [slot, rank];
    }
    if (this.state(oldest) === OWNERSHIP.KNOWN) Atomics.add(this.words, EVICTED, 1);
    this.remove(oldest);
    return oldest;
  }

  remove(slot: number): void {
    const at = wordOf(slot);
    Atomics.add(this.words, at, 1);
    this.words[at + STATE] = OWNERSHIP.NONE;
    Atomics.add(this.words, at, 1);
    this.takeKey(slot, this.key);
    changed(this.words, VERSIONS, this.key.pairHash);
  }

  /** Forgets everything; what another writer left half written, too. */
  clear(): void {
    const { words } = this;
    for (let slot = 0; slot < CONNECTION_SLOTS; slot++) {
      const at = wordOf(slot);
      if (words[at + STATE] !== OWNERSHIP.NONE) words[at + STATE] = OWNERSHIP.NONE;
      if ((Atomics.load(words, at) & 1) === 1) Atomics.add(words, at, 1);
    }
    allChanged(words, VERSIONS);
  }

  /** Wakes those who wait for answers. */
  announce(): void {
    Atomics.add(this.words, ANSWERS, 1);
    Atomics.notify(this.words, ANSWERS);
  }
}

function timeAt(words: Int32Array, at: number): number {
  return words[at + SINCE] * HIGH + (words[at + SINCE + 1] >>> 0);
}

function setTime(words: Int32Array, at: number, us: number): void {
  words[at + SINCE] = Math.floor(us / HIGH);
  words[at + SINCE + 1] = us % HIGH;
}
