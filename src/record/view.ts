// One record on its way to a line: where its parts are. One object serves every record of a worker.

import type { Message } from '../http/message.js';
import type { Frame } from '../wire/frame.js';
import { NO_OWNER, type Owner } from './owner.js';
import type { Values } from './values.js';

export class RecordView {
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
  /** what `source` and `destination` point into */
  addressBytes: Uint8Array = new Uint8Array(0);
  /** offsets of the addresses, of `frame.addressLength` bytes */
  source = 0;
  destination = 0;
  /** a value was left out or replaced for privacy */
  redacted = false;
  /** the process at the local end of the connection, NO_OWNER without -proc */
  owner: Owner = NO_OWNER;
  /** one of VIA (owner.ts), 0 for none */
  ownerVia = 0;
  /** processes that hold the socket, 0 for none known */
  ownerShared = 0;

  /** @param values what the record takes from the message */
  constructor(readonly frame: Frame, readonly message: Message, readonly values: Values) {}

  /** Takes addresses and values of the message that was found in `bytes`. */
  take(bytes: Uint8Array, isRequest: boolean): void {
    const { frame } = this;
    this.isRequest = isRequest;
    this.addressBytes = bytes;
    this.source = frame.source;
    this.destination = frame.destination;
    this.redacted = false;
    this.values.take(bytes, this.message, isRequest);
  }

  /** Whether the record misses something that was in the message. */
  get truncated(): boolean {
    return this.message.truncated || this.frame.fragmented;
  }
}

/** What turns a record into a line of one format. */
export interface LineFormat {
  /**
   * Period of the record, which names its file: periods of that length since 1970-01-01 in the zone the format prints. To be called
   * before write() for each record.
   * @param lengthSeconds a divisor of the day
   */
  period(seconds: number, lengthSeconds: number): number;
  /** More than write() can need for this record, in bytes. */
  bound(record: RecordView): number;
  /**
   * Writes the line with its newline at `at`.
   * @returns the offset behind
   */
  write(out: Uint8Array, at: number, record: RecordView): number;
}
