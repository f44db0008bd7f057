// The connection table: whose a connection is, for the parsing workers. One thread finds out and writes; workers read, once a message.
//
//   words   | ANSWERS | EVICTED | … | slot 0 | slot 1 | … |        8 slots a set; a connection is in the set that its hash names
//   slot    | SEQUENCE | key, 9 words | STATE, VIA, SHARED | OWNER | EPOCH | SYN | SINCE, 2 words |
//   words   | notes of first packets (connection_notes.ts) | versions (recent_connections.ts) |
//
// Addresses and ports come again: of a connection whose first packet was seen, SYN is its sequence number and SINCE its time, in
// microseconds since 1970. What was captured before belongs to an earlier connection.
//
// SEQUENCE is odd while a slot is written. A reader that saw it odd or changed under its hands takes the slot for another's: it asks
// (owner_asks.ts), and is answered. ANSWERS counts what was written; who waits for an answer waits for it to change.

import { ConnectionKey, KEY_WORDS } from './connection_key.js';
import { ConnectionNotes, NOTES_WORDS } from './connection_notes.js';
import { allChanged, changed, RecentConnections, VERSION_WORDS } from './recent_connections.js';

/** What is known of a connection. */
export const OWNERSHIP = {
  /** the table does not have it */
  NONE: 0,
  /** its process */
  KNOWN: 1,
  /** that nobody can be told */
  UNKNOWN: 2,
} as const;

const ANSWERS = 0;
const EVICTED = 1;
const HEADER_WORDS = 16;
const SETS = 16384;
const SET_SLOTS = 8;
export const CONNECTION_SLOTS = SETS * SET_SLOTS;
const SLOT_WORDS = 16;
const NOTES = HEADER_WORDS + CONNECTION_SLOTS * SLOT_WORDS;
const VERSIONS = NOTES + NOTES_WORDS;
const KEY = 1;
const STATE = KEY + KEY_WORDS;
const OWNER = STATE + 1;
const EPOCH = STATE + 2;
const SYN = STATE + 3;
const SINCE = STATE + 4;
// STATE has VIA from bit 4 on and SHARED from bit 8 on
const STATE_MASK = 0xf;
const VIA_SHIFT = 4;
const SHARED_SHIFT = 8;
const MOST_SHARED = 0x7fffff;
const HIGH = 0x1_0000_0000;

/**
 * Whether the processor makes its loads visible in program order (x86 does, by Intel's manual, volume 3, 9.2.2): then the first look at a
 * sequence needs no Atomics.load(), which is a call of V8's, and dear where code is cold. The second, behind the values, is one always.
 */
const LOADS_IN_ORDER = process.arch === 'x64';

/** 9 MiB, of which only what is used takes memory. */
export function allocateConnectionTable(): SharedArrayBuffer {
  return new SharedArrayBuffer((VERSIONS + VERSION_WORDS) * Int32Array.BYTES_PER_ELEMENT);
}

function wordOf(slot: number): number {
  return HEADER_WORDS + slot * SLOT_WORDS;
}

function firstSlot(hash: number): number {
  return (hash & (SETS - 1)) * SET_SLOTS;
}

function timeAt(words: Int32Array, at: number): number {
  return words[at + SINCE] * HIGH + (words[at + SINCE + 1] >>> 0);
}

function setTime(words: Int32Array, at: number, us: number): void {
  words[at + SINCE] = Math.floor(us / HIGH);
  words[at + SINCE + 1] = us % HIGH;
}

function hasKey(words: Int32Array, at: number, key: Int32Array): boolean {
  const slot = at + KEY;
  // Ports first: they differ most. Without a loop: it is asked twice for every message.
  return words[slot + 8] === key[8] && words[slot + 7] === key[7] && words[slot + 3] === key[3]
    && words[slot] === key[0] && words[slot + 1] === key[1] && words[slot + 2] === key[2]
    && words[slot + 4] === key[4] && words[slot + 5] === key[5] && words[slot + 6] === key[6];
}

/** A worker's end. */
export class ConnectionReader {
  /** of the connection found last: row of the owner rows and their epoch, VIA, how many processes hold the socket */
  owner = 0;
  epoch = 0;
  via = 0;
  shared = 0;
  /** when what asks was captured, microseconds since 1970; a field: as an argument it would be allocated */
  nowUs = 0.5;
  readonly notes: ConnectionNotes;
  private readonly words: Int32Array;
  private readonly recent: RecentConnections;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.notes = new ConnectionNotes(this.words, NOTES, VERSIONS);
    this.recent = new RecentConnections(this.words, VERSIONS);
  }

  /**
   * @returns one of OWNERSHIP; UNKNOWN of what was captured (nowUs) before the connection that has these ends now, NONE where its first
   *   packet was noted and the table has the one before it
   */
  find(key: ConnectionKey): number {
    const { recent } = this;
    const tag = key.pairHash;
    if (this.nowUs >= recent.sinceUs && recent.find(key, tag)) {
      this.owner = recent.owner;
      this.epoch = recent.epoch;
      this.via = (recent.state >> VIA_SHIFT) & STATE_MASK;
      this.shared = recent.state >> SHARED_SHIFT;
      return OWNERSHIP.KNOWN;
    }
    const version = recent.version(tag);
    const state = this.look(key);
    if (state === OWNERSHIP.KNOWN && !this.notes.willBeNewer) this.keep(key, tag, version);
    return state;
  }

  private keep(key: ConnectionKey, tag: number, version: number): void {
    const { recent } = this;
    recent.owner = this.owner;
    recent.epoch = this.epoch;
    recent.state = OWNERSHIP.KNOWN | (this.via << VIA_SHIFT) | (this.shared << SHARED_SHIFT);
    if (this.notes.sinceUs > recent.sinceUs) recent.sinceUs = this.notes.sinceUs;
    recent.put(key, tag, version);
  }

  /** find(), in the table itself. */
  private look(key: ConnectionKey): number {
    const { words, notes } = this;
    let at = wordOf(firstSlot(key.hash));
    for (let i = 0; i < SET_SLOTS; i++, at += SLOT_WORDS) {
      if (words[at + STATE] === OWNERSHIP.NONE || !hasKey(words, at, key.words)) continue;
      const sequence = LOADS_IN_ORDER ? words[at] : Atomics.load(words, at);
      const state = words[at + STATE];
      this.owner = words[at + OWNER];
      this.epoch = words[at + EPOCH];
      this.via = (state >> VIA_SHIFT) & STATE_MASK;
      this.shared = state >> SHARED_SHIFT;
      const syn = words[at + SYN];
      notes.sinceUs = words[at + SINCE] * HIGH + (words[at + SINCE + 1] >>> 0);
      // The key once more: the slot may have become another's before its sequence was read.
      const isIt = hasKey(words, at, key.words);
      if ((sequence & 1) === 0 && isIt && Atomics.load(words, at) === sequence) {
        notes.nowUs = this.nowUs;
        if (notes.nowUs < notes.sinceUs) return this.before();
        return notes.hasNewer(key, syn) ? OWNERSHIP.NONE : state & STATE_MASK;
      }
    }
    return OWNERSHIP.NONE;
  }

  private before(): number {
    this.owner = this.epoch = this.via = this.shared = 0;
    return OWNERSHIP.UNKNOWN;
  }

  /** Answers so far, for waitForAnswer(). */
  get answers(): number {
    return Atomics.load(this.words, ANSWERS);
  }

  /** Blocks until there are others than `answers`, `timeoutMs` at most. */
  waitForAnswer(answers: number, timeoutMs: number): void {
    Atomics.wait(this.words, ANSWERS, answers, timeoutMs);
  }

  /** Connections that had to leave although they may go on, because too many others share their set. */
  get evicted(): number {
    return Atomics.load(this.words, EVICTED);
  }
}

/** The one thread that writes. */
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
