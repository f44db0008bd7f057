// A connection as one of its ends sees it, in words that compare and hash fast: local address, remote address (IPv4 as
// ::ffff:a.b.c.d), ports.

import { be32 } from '../bytes/read.js';

export const KEY_WORDS = 9;
const REMOTE = 4;
const PORTS = 8;
const MAPPED = 0xffff;

export class ConnectionKey {
  readonly words = new Int32Array(KEY_WORDS);

  /** @param length of an address: 4 or 16 */
  set(bytes: Uint8Array, local: number, remote: number, length: number, localPort: number, remotePort: number): void {
    const { words } = this;
    if (length === 4) {
      words[0] = words[1] = words[REMOTE] = words[REMOTE + 1] = 0;
      words[2] = words[REMOTE + 2] = MAPPED;
      words[3] = be32(bytes, local);
      words[REMOTE + 3] = be32(bytes, remote);
    } else {
      for (let i = 0; i < 4; i++) {
        words[i] = be32(bytes, local + 4 * i);
        words[REMOTE + i] = be32(bytes, remote + 4 * i);
      }
    }
    words[PORTS] = (localPort << 16) | remotePort;
  }

  copy(words: Int32Array, at: number): void {
    for (let i = 0; i < KEY_WORDS; i++) this.words[i] = words[at + i];
  }

  /** Writes both addresses, 16 bytes each, the local one first. */
  writeAddresses(out: Uint8Array, at: number): void {
    for (let i = 0; i < 2 * REMOTE; i++) {
      const word = this.words[i];
      out[at + 4 * i] = word >>> 24;
      out[at + 4 * i + 1] = word >>> 16;
      out[at + 4 * i + 2] = word >>> 8;
      out[at + 4 * i + 3] = word;
    }
  }

  get localPort(): number {
    return this.words[PORTS] >>> 16;
  }

  get remotePort(): number {
    return this.words[PORTS] & 0xffff;
  }

  /**
   * 32 bits, signed, so that no number is allocated for it; well mixed (the finalizer of MurmurHash3). Written out, because it is
   * wanted for every message, and the code is cold each time.
   */
  get hash(): number {
    const { words } = this;
    let hash = mix(mix(words[PORTS], words[3]), words[REMOTE + 3]);
    // Not both of IPv4.
    if (words[2] !== MAPPED || words[REMOTE + 2] !== MAPPED) {
      hash = mix(mix(mix(hash, words[0]), words[1]), words[2]);
      hash = mix(mix(mix(hash, words[REMOTE]), words[REMOTE + 1]), words[REMOTE + 2]);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }

  /** The same for both ends of a connection; else as hash. */
  get pairHash(): number {
    const { words } = this;
    let local = words[PORTS] >>> 16;
    let remote = words[PORTS] & 0xffff;
    for (let i = 0; i < REMOTE; i++) {
      local = Math.imul(local ^ words[i], 0x9e3779b1) ^ (local >>> 15);
      remote = Math.imul(remote ^ words[REMOTE + i], 0x9e3779b1) ^ (remote >>> 15);
    }
    let hash = Math.imul(local, 0x85ebca6b) + Math.imul(remote, 0x85ebca6b) | 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }
}

function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15);
}

/** A key of its own; parameters as those of set(). */
export function keyOf(bytes: Uint8Array, local: number, remote: number, length: number, localPort: number, remotePort: number): ConnectionKey {
  const key = new ConnectionKey();
  key.set(bytes, local, remote, length, localPort, remotePort);
  return key;
}

/** The connection as its other end sees it. */
export function reverse(key: ConnectionKey, into: ConnectionKey): void {
  const bytes = new Uint8Array(32);
  key.writeAddresses(bytes, 0);
  into.set(bytes, 16, 0, 16, key.remotePort, key.localPort);
}
