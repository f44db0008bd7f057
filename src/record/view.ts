// One record on its way to a line: where its parts are. One object serves every record of a worker.

import type { Message } from '../http/message.js';
import type { Frame } from '../wire/frame.js';

export class RecordView {
  /** what `frame` and `message` point into */
  bytes: Uint8Array;
  /** one of KIND (kinds.ts) */
  kind = 0;
  isRequest = true;
  /** capture time: seconds since 1970 */
  seconds = 0;
  nanoseconds = 0;
  /** ordinal of the frame in its interface or file, from 1 */
  ordinal = 0;
  /** interface name, UTF-8; empty for none */
  interfaceName: Uint8Array = new Uint8Array(0);

  constructor(readonly frame: Frame, readonly message: Message, bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Whether the record misses something that was in the message. */
  get truncated(): boolean {
    return this.message.truncated || this.frame.fragmented;
  }
}

/** What turns a record into a line of one format. */
export interface LineFormat {
  /** Day of the record in the zone the format prints, days since 1970-01-01. To be called before write() for each record. */
  day(seconds: number): number;
  /** More than write() can need for this record, in bytes. */
  bound(record: RecordView): number;
  /**
   * Writes the line with its newline at `at`.
   * @returns the offset behind
   */
  write(out: Uint8Array, at: number, record: RecordView): number;
}
