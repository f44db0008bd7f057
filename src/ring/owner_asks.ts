// What a parsing worker asks the thread that finds out whose connections are: a ring of keys, one worker writes, that thread reads.
//
//   words   | PUT | TAKEN | REFUSED | … | ask 0 | ask 1 | … |        ask: the key, whether neither end is this host's, SYN, SINCE
// SYN and SINCE, 2 words, are those of the connection's first packet as the worker noted it (connection_notes.ts); 0: it did not.
// PUT and TAKEN count modulo 2^32. A full ring refuses, and counts: the connection is asked for again with its next message.

import { KEY_WORDS, type ConnectionKey } from './connection_key.js';

const PUT = 0;
const TAKEN = 1;
const REFUSED = 2;
const HEADER_WORDS = 16;
const FOREIGN = KEY_WORDS;
const SYN = FOREIGN + 1;
const SINCE = FOREIGN + 2;
const HIGH = 0x1_0000_0000;
const ASK_WORDS = 16;
/** a power of two */
const ASKS = 1024;

export function allocateOwnerAsks(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEADER_WORDS + ASKS * ASK_WORDS) * Int32Array.BYTES_PER_ELEMENT);
}

export class OwnerAsks {
  /** first packet of the connection that was taken last: its sequence number and time in microseconds since 1970; 0: not noted */
  syn = 0;
  sinceUs = 0;
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
  }

  /**
   * The worker: asks.
   * @param foreign neither end is an address of this host
   * @param syn sequence number of the connection's first packet, and
   * @param sinceUs when that was, microseconds since 1970; 0: not noted
   * @returns false when the ring is full
   */
  put(key: ConnectionKey, foreign: boolean, syn = 0, sinceUs = 0): boolean {
    const { words } = this;
    const put = words[PUT];
    if (((put - Atomics.load(words, TAKEN)) | 0) >= ASKS) {
      words[REFUSED]++;
      return false;
    }
    const at = HEADER_WORDS + (put & (ASKS - 1)) * ASK_WORDS;
    for (let i = 0; i < KEY_WORDS; i++) words[at + i] = key.words[i];
    words[at + FOREIGN] = foreign ? 1 : 0;
    words[at + SYN] = syn;
    words[at + SINCE] = Math.floor(sinceUs / HIGH);
    words[at + SINCE + 1] = sinceUs % HIGH;
    Atomics.store(words, PUT, (put + 1) | 0);
    return true;
  }

  /** The other end: takes what was asked into `key`. @returns undefined when there is nothing, else whether neither end is this host's */
  take(key: ConnectionKey): boolean | undefined {
    const { words } = this;
    const taken = words[TAKEN];
    if (Atomics.load(words, PUT) === taken) return undefined;
    const at = HEADER_WORDS + (taken & (ASKS - 1)) * ASK_WORDS;
    key.copy(words, at);
    const foreign = words[at + FOREIGN] === 1;
    this.syn = words[at + SYN] >>> 0;
    this.sinceUs = words[at + SINCE] * HIGH + (words[at + SINCE + 1] >>> 0);
    Atomics.store(words, TAKEN, (taken + 1) | 0);
    return foreign;
  }

  /** Asks that were put so far, modulo 2^32. */
  get asked(): number {
    return Atomics.load(this.words, PUT) >>> 0;
  }

  /** Asks that were put and not taken yet. */
  get waiting(): number {
    return (Atomics.load(this.words, PUT) - Atomics.load(this.words, TAKEN)) >>> 0;
  }

  /** Asks for which there was no room. */
  get refused(): number {
    return this.words[REFUSED] >>> 0;
  }
}
