// What a parsing worker found in the connection table lately, close together: the table is so large that a look into it is a miss of all
// caches and of the address translation, some 300 ns, and most messages are of connections that had some before.
//
//   tags     | 4 of set 0 | 4 of set 1 | …        pairHash of the connection (connection_key.ts); both its ends are in one set
//   entries  | key, 9 words | VERSION | OWNER | EPOCH | STATE | … |        one for each tag
//
// Whoever changes what the table or the notes say of a connection counts that in the versions, which all share, *behind* the change
// (changed()); a worker reads the version *before* it looks. An entry whose version is not that of its connection any more is none:
//
//   versions | count of the connections whose tag ends so | … |

import { KEY_WORDS, type ConnectionKey } from './connection_key.js';

const VERSIONS = 1024;
/** of what changed() counts in */
export const VERSION_WORDS = VERSIONS;
const SETS = 1024;
const WAYS = 4;
const ENTRY_WORDS = 16;
const VERSION = KEY_WORDS;
const OWNER = VERSION + 1;
const EPOCH = VERSION + 2;
const STATE = VERSION + 3;

/**
 * Counts that something else is known of a connection.
 * @param versions words of which those behind `first` are the versions
 * @param tag pairHash of its key
 */
export function changed(versions: Int32Array, first: number, tag: number): void {
  Atomics.add(versions, first + (tag & (VERSIONS - 1)), 1);
}

/** Counts that something else is known of all. */
export function allChanged(versions: Int32Array, first: number): void {
  for (let version = 0; version < VERSIONS; version++) Atomics.add(versions, first + version, 1);
}

export class RecentConnections {
  /** of what was found or is put: row and epoch of the owner rows, the table's word of state */
  owner = 0;
  epoch = 0;
  state = 0;
  /**
   * Nothing here is of a connection that began later, in microseconds since 1970: what was captured before has to ask the table. A field, as nowUs
   * of ConnectionReader is.
   */
  sinceUs = 0.5;
  private readonly tags = new Int32Array(SETS * WAYS);
  /** what is free has a key that has not its tag, 0 */
  private readonly entries = new Int32Array(SETS * WAYS * ENTRY_WORDS).fill(-1);
  /** the way that the next connection without room takes */
  private nextWay = 0;

  /** @param first word of the versions */
  constructor(private readonly versions: Int32Array, private readonly first: number) {}

  /** How often something else was known: to be asked before the table is, for put(). */
  version(tag: number): number {
    return Atomics.load(this.versions, this.first + (tag & (VERSIONS - 1)));
  }

  /** @returns whether the connection is here, as it is known now */
  find(key: ConnectionKey, tag: number): boolean {
    const { tags, entries } = this;
    const { words } = key;
    const set = (tag & (SETS - 1)) * WAYS;
    for (let place = set; place < set + WAYS; place++) {
      if (tags[place] !== tag) continue;
      const at = place * ENTRY_WORDS;
      // Not atomic: a change that shows a moment later is as good, and what this worker counted itself it sees.
      if (entries[at + VERSION] !== this.versions[this.first + (tag & (VERSIONS - 1))]) continue;
      if (entries[at + 8] !== words[8] || entries[at + 7] !== words[7] || entries[at + 3] !== words[3]
        || entries[at] !== words[0] || entries[at + 1] !== words[1] || entries[at + 2] !== words[2]
        || entries[at + 4] !== words[4] || entries[at + 5] !== words[5] || entries[at + 6] !== words[6]) continue;
      this.owner = entries[at + OWNER];
      this.epoch = entries[at + EPOCH];
      this.state = entries[at + STATE];
      return true;
    }
    return false;
  }

  /**
   * Keeps what the table told: owner, epoch and state.
   * @param version of before the table was asked
   */
  put(key: ConnectionKey, tag: number, version: number): void {
    const { tags, entries } = this;
    const place = this.room(tag);
    const at = place * ENTRY_WORDS;
    tags[place] = tag;
    for (let i = 0; i < KEY_WORDS; i++) entries[at + i] = key.words[i];
    entries[at + VERSION] = version;
    entries[at + OWNER] = this.owner;
    entries[at + EPOCH] = this.epoch;
    entries[at + STATE] = this.state;
  }

  /** The place of the connection if it has one, else a free one, else another's. */
  private room(tag: number): number {
    const { tags } = this;
    const set = (tag & (SETS - 1)) * WAYS;
    for (let place = set; place < set + WAYS; place++) if (tags[place] === tag) return place;
    for (let place = set; place < set + WAYS; place++) if (tags[place] === 0) return place;
    this.nextWay = (this.nextWay + 1) % WAYS;
    return set + this.nextWay;
  }
}
