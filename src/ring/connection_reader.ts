// A worker's end of the connection table.

import type { ConnectionKey } from './connection_key.js';
import { ConnectionNotes } from './connection_notes.js';
import {
  ANSWERS, EPOCH, EVICTED, HIGH, NOTES, OWNER, OWNERSHIP, SET_SLOTS, SHARED_SHIFT, SINCE, SLOT_WORDS, STATE, STATE_MASK,
  SYN, VERSIONS, VIA_SHIFT, firstSlot, hasKey, wordOf,
} from './connection_table.js';
import { RecentConnections } from './recent_connections.js';

/**
 * Whether the processor makes its loads visible in program order (x86 does, by Intel's manual, volume 3, 9.2.2): then the first look at a
 * sequence needs no Atomics.load(), which is a call of V8's, and dear where code is cold. The second, behind the values, is one always.
 */
const LOADS_IN_ORDER = process.arch === 'x64';

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
