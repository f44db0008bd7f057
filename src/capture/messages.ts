// What the capture thread tells main: everything rare. Frames go through the ring, numbers through the source board.

import type { CaptureWay } from './live_handle.js';

/** A source is open: what SPEC section 5 says at start. */
export interface OpenedMessage {
  readonly type: 'opened';
  /** row of the source board; rows are given out from 0 in order */
  readonly row: number;
  /** interface or file name */
  readonly name: string;
  /** LINKTYPE_ number; of a file with several, the first */
  readonly linkType: number;
  /** how its frames come, live only */
  readonly way?: CaptureWay;
  /** kernel buffer granted in bytes, live only */
  readonly bufferBytes?: number;
  /** BPF expression in force, live only */
  readonly filter?: string;
  /** `ns` or `us`, live only */
  readonly timestampPrecision?: string;
}

/** An interface went away or down while the capture runs; `opened` follows should it come back. Live only. */
export interface ClosedMessage {
  readonly type: 'closed';
  /** row of the source board */
  readonly row: number;
}

/** How things go, nothing to worry about. One line. */
export interface NoticeMessage {
  readonly type: 'notice';
  readonly text: string;
}

/** Something the user should know; the run goes on. One line. */
export interface WarningMessage {
  readonly type: 'warning';
  readonly text: string;
}

/** A source could not be opened or broke off; the others go on, the exit code will be 1. One line: what, where, what to do. */
export interface FailedMessage {
  readonly type: 'failed';
  readonly text: string;
  /** what was asked for cannot be (a BPF expression with a mistake): the exit code will be 2 */
  readonly usage?: true;
}

/** The addresses that count as local, live only: at start and whenever they change. Canonical text, networks with /prefix. */
export interface LocalMessage {
  readonly type: 'local';
  readonly addresses: readonly string[];
}

/** Every source is open (or failed): traffic from now on is seen. Live only. */
export interface ReadyMessage {
  readonly type: 'ready';
}

export type CaptureMessage = OpenedMessage | ClosedMessage | NoticeMessage | WarningMessage | FailedMessage | LocalMessage | ReadyMessage;
export type CaptureReport = (message: CaptureMessage) => void;
