// What the main thread wants of the thread that follows connections, and how it wakes it.

import { writeSync } from 'node:fs';
import { EFD_CLOEXEC_NONBLOCK, close, eventfd } from '../host/libc.js';
import { SHARED } from './tasks.js';

export class Asks {
  /** for the task */
  readonly shared = new SharedArrayBuffer(SHARED.WORDS * Int32Array.BYTES_PER_ELEMENT);
  /** for the task: readable when something was asked */
  readonly wakeFd = eventfd(0, EFD_CLOEXEC_NONBLOCK);
  private readonly words = new Int32Array(this.shared);

  /** @param what of ASKED */
  ask(what: number): void {
    Atomics.or(this.words, SHARED.ASKED, what);
    try {
      writeSync(this.wakeFd, new Uint8Array(new BigUint64Array([1n]).buffer));
    } catch {
      // the thread has ended
    }
  }

  /** So many bytes of lines that were handed over are no longer waiting. */
  settled(bytes: number): void {
    Atomics.sub(this.words, SHARED.BACKLOG, bytes);
  }

  close(): void {
    close(this.wakeFd);
  }
}
