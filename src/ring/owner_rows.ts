// The owner rows: the processes that have connections, for the parsing workers. One thread writes, as with the connection table.
//
//   row   | SEQUENCE | EPOCH | PID | PPID | lengths of exe, user, container, guid | the four, one behind the other |
//
// SEQUENCE is odd while a row is written, and moves whenever a process runs another program. EPOCH moves when the row is given to
// another process: a connection names row and epoch, so that it is never shown with a process that came later.

import { Owner } from '../record/owner.js';

const SEQUENCE = 0;
const EPOCH = 1;
const PID = 2;
const PPID = 3;
const LENGTHS = 4;
const TEXTS = 4;
const HEADER_BYTES = 64;
/** Of the texts: PATH_MAX of linux/limits.h for the program, and what names take. */
export const OWNER_TEXT_BYTES = [4096, 256, 256, 64] as const;
const ROW_BYTES = HEADER_BYTES + OWNER_TEXT_BYTES.reduce((sum, bytes) => sum + bytes, 0);
const ROW_WORDS = ROW_BYTES / 4;
export const OWNER_ROWS = 4096;

/** 19 MiB, of which only what is used takes memory. */
export function allocateOwnerRows(): SharedArrayBuffer {
  return new SharedArrayBuffer(OWNER_ROWS * ROW_BYTES);
}

interface Copy {
  readonly sequence: number;
  readonly epoch: number;
  readonly owner: Owner;
}

/** A worker's end: keeps its own copies, made when a process is met first and when it runs another program. */
export class OwnerReader {
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly copies: (Copy | undefined)[] = new Array<Copy | undefined>(OWNER_ROWS).fill(undefined);

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.bytes = new Uint8Array(memory);
  }

  /** @returns undefined when the row has become another process's, or is being written */
  get(row: number, epoch: number): Owner | undefined {
    const copy = this.copies[row];
    // Not atomic: nothing else is read of the row when the copy is right, and a change that shows a moment later is as good.
    if (copy !== undefined && copy.sequence === this.words[row * ROW_WORDS + SEQUENCE]) return copy.epoch === epoch ? copy.owner : undefined;
    return this.take(row, epoch);
  }

  private take(row: number, epoch: number): Owner | undefined {
    const { words, bytes } = this;
    const at = row * ROW_WORDS;
    const sequence = Atomics.load(words, at + SEQUENCE);
    if ((sequence & 1) === 1) return undefined;
    const texts: Uint8Array[] = [];
    let from = row * ROW_BYTES + HEADER_BYTES;
    for (let i = 0; i < TEXTS; i++) {
      const length = Math.min(Math.max(0, words[at + LENGTHS + i]), OWNER_TEXT_BYTES[i]);
      texts.push(new Uint8Array(bytes.subarray(from, from + length)));
      from += length;
    }
    const [exe, user, container, guid] = texts;
    const copy: Copy = { sequence, epoch: words[at + EPOCH], owner: new Owner(words[at + PID], words[at + PPID], exe, user, container, guid) };
    if (Atomics.load(words, at + SEQUENCE) !== sequence) return undefined;
    this.copies[row] = copy;
    return copy.epoch === epoch ? copy.owner : undefined;
  }
}

/** The one thread that writes. */
export class OwnerWriter {
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.bytes = new Uint8Array(memory);
  }

  /** Makes rows that another writer left half written readable again: whoever names them names another epoch. */
  mend(): void {
    const { words } = this;
    for (let row = 0; row < OWNER_ROWS; row++) {
      const at = row * ROW_WORDS;
      if ((Atomics.load(words, at + SEQUENCE) & 1) === 0) continue;
      words[at + EPOCH]++;
      Atomics.add(words, at + SEQUENCE, 1);
    }
  }

  /**
   * @param isOther the row is given to another process
   * @returns the row's epoch
   */
  write(row: number, owner: Owner, isOther: boolean): number {
    const { words, bytes } = this;
    const at = row * ROW_WORDS;
    Atomics.add(words, at + SEQUENCE, 1);
    if (isOther) words[at + EPOCH]++;
    words[at + PID] = owner.pid;
    words[at + PPID] = owner.ppid;
    let to = row * ROW_BYTES + HEADER_BYTES;
    for (const [i, text] of [owner.exe, owner.user, owner.container, owner.guid].entries()) {
      const length = Math.min(text.length, OWNER_TEXT_BYTES[i]);
      words[at + LENGTHS + i] = length;
      bytes.set(text.subarray(0, length), to);
      to += length;
    }
    Atomics.add(words, at + SEQUENCE, 1);
    return words[at + EPOCH];
  }
}
