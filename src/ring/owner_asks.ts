// What a parsing worker asks the thread that finds out whose connections are: a ring of keys, one worker writes, that thread reads.
//
//   words   | PUT | TAKEN | REFUSED | … | ask 0 | ask 1 | … |        ask: the key, and whether neither end is this host's
//
// PUT and TAKEN count modulo 2^32. A full ring refuses, and counts: the connection is asked for again with its next message.

import { KEY_WORDS, type ConnectionKey } from './connection_key.js';

const PUT = 0;
const TAKEN = 1;
const REFUSED = 2;
const HEADER_WORDS = 16;
const FOREIGN = KEY_WORDS;
const ASK_WORDS = 16;
/** a power of two */
const ASKS = 1024;

export function allocateOwnerAsks(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEADER_WORDS + ASKS * ASK_WORDS) * Int32Array.BYTES_PER_ELEMENT);
}

export class OwnerAsks {
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
  }

  /**
   * The worker: asks.
   * @param foreign neither end is an address of this host
   * @returns false when the ring is full
   */
  put(key: ConnectionKey, foreign: boolean): boolean {
    const { words } = this;
    const put = words[PUT];
    if (((put - Atomics.load(words, TAKEN)) | 0) >= ASKS) {
      words[REFUSED]++;
      return false;
    }
    const at = HEADER_WORDS + (put & (ASKS - 1)) * ASK_WORDS;
    for (let i = 0; i < KEY_WORDS; i++) words[at + i] = key.words[i];
    words[at + FOREIGN] = foreign ? 1 : 0;
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
    Atomics.store(words, TAKEN, (taken + 1) | 0);
    return foreign;
  }

  get refused(): number {
    return this.words[REFUSED];
  }
}
