// First packets of connections as the parsing workers meet them: what has the ends of a connection that is known, and began later, is
// another connection. The thread that finds owners hears of it by itself, but it may be late.
//
//   note   | TAG | SYN | SINCE, 2 words |        the note of a connection is at the place that its tag names; the last one stays
//
// Several workers write, and nothing keeps one from reading what another has half written: then the number does not fit, and the record
// that asked is nobody's, or waits for an answer.

import type { ConnectionKey } from './connection_key.js';
import { changed } from './recent_connections.js';

const NOTES = 65_536;
const NOTE_WORDS = 4;
export const NOTES_WORDS = NOTES * NOTE_WORDS;
const SYN = 1;
const SINCE = 2;
const HIGH = 0x1_0000_0000;

export class ConnectionNotes {
  /** of what is asked, microseconds since 1970: when the connection that is known began, and now (no arguments: those would be allocated) */
  sinceUs = 0.5;
  nowUs = 0.5;
  /** hasNewer() found one that began after nowUs: it will be the newer one later */
  willBeNewer = false;

  /**
   * @param first word
   * @param versions first word of what counts changes (recent_connections.ts)
   */
  constructor(private readonly words: Int32Array, private readonly first: number, private readonly versions: number) {}

  /**
   * A connection begins.
   * @param key either end's
   * @param syn sequence number of the first packet
   * @param us when it was captured, microseconds since 1970
   */
  begin(key: ConnectionKey, syn: number, us: number): void {
    const { words } = this;
    const tag = key.pairHash;
    const at = this.place(tag);
    // It was sent again, or is seen on another interface: the first time is the one.
    if (words[at] === tag && words[at + SYN] === (syn | 0)) return;
    words[at] = tag;
    words[at + SYN] = syn;
    words[at + SINCE] = Math.floor(us / HIGH);
    words[at + SINCE + 1] = us % HIGH;
    changed(words, this.versions, tag);
  }

  /** Whether a connection of these ends began after sinceUs and not after nowUs, with another first packet than `syn`. */
  hasNewer(key: ConnectionKey, syn: number): boolean {
    const { words, sinceUs, nowUs } = this;
    const tag = key.pairHash;
    const at = this.place(tag);
    this.willBeNewer = false;
    if (words[at] !== tag || words[at + SYN] === syn) return false;
    const us = words[at + SINCE] * HIGH + (words[at + SINCE + 1] >>> 0);
    if (us <= sinceUs) return false;
    this.willBeNewer = us > nowUs;
    return us <= nowUs;
  }

  /** Sequence number, as 32 bits with a sign, of the last first packet that was noted; 0: none. */
  synOf(key: ConnectionKey): number {
    const tag = key.pairHash;
    const at = this.place(tag);
    return this.words[at] === tag ? this.words[at + SYN] : 0;
  }

  /** When that was, microseconds since 1970; 0: none. */
  sinceUsOf(key: ConnectionKey): number {
    const { words } = this;
    const tag = key.pairHash;
    const at = this.place(tag);
    return words[at] === tag ? words[at + SINCE] * HIGH + (words[at + SINCE + 1] >>> 0) : 0;
  }

  private place(tag: number): number {
    return this.first + (tag & (NOTES - 1)) * NOTE_WORDS;
  }
}
