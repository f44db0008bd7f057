// The local table: the addresses that count as this host's, for the workers. The capture thread replaces the whole list when
// the kernel reports a change; workers look at the version once a batch and copy the list when it moved.
//
//   words   | VERSION | COUNT | row 0 | row 1 | ... |     row: prefix length, address length, 16 bytes of address
//
// VERSION is odd while the list is being replaced. A reader that saw it odd or changed under its hands keeps its old list
// and looks again at the next batch (a sequence lock without waiting).

import type { Network } from '../config/settings.js';

/** Most addresses kept; a host with more loses the last ones, and says so. */
export const MAX_LOCAL_NETWORKS = 8192;
const VERSION = 0;
const COUNT = 1;
const HEADER_BYTES = 16;
const ROW_BYTES = 18;

export function allocateLocalTable(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + MAX_LOCAL_NETWORKS * ROW_BYTES + 16);
}

/** The one thread that replaces the list. */
export class LocalTableWriter {
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, 4);
    this.bytes = new Uint8Array(memory);
  }

  /** @returns how many of the networks did not fit */
  replace(networks: readonly Network[]): number {
    const { words, bytes } = this;
    const count = Math.min(networks.length, MAX_LOCAL_NETWORKS);
    Atomics.add(words, VERSION, 1);
    for (let row = 0; row < count; row++) {
      const at = HEADER_BYTES + row * ROW_BYTES;
      bytes[at] = networks[row].prefix;
      bytes[at + 1] = networks[row].bytes.length;
      bytes.set(networks[row].bytes, at + 2);
    }
    Atomics.store(words, COUNT, count);
    Atomics.add(words, VERSION, 1);
    return networks.length - count;
  }
}

/** A worker's end. */
export class LocalTableReader {
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private seen = 0;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, 4);
    this.bytes = new Uint8Array(memory);
  }

  /** The list if it changed since the last call (an empty one at the start is no change), else undefined. */
  changed(): Network[] | undefined {
    const version = Atomics.load(this.words, VERSION);
    if (version === this.seen || (version & 1) === 1) return undefined;
    const networks: Network[] = [];
    const count = Atomics.load(this.words, COUNT);
    for (let row = 0; row < count; row++) {
      const at = HEADER_BYTES + row * ROW_BYTES;
      const length = this.bytes[at + 1];
      networks.push({ prefix: this.bytes[at], bytes: this.bytes.slice(at + 2, at + 2 + length) });
    }
    if (Atomics.load(this.words, VERSION) !== version) return undefined;
    this.seen = version;
    return networks;
  }
}
