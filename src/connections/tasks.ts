// What the thread that follows connections is started with, and what it says.

import type { ConnectionFormatName, ConnectionSelection, ConnectionSource } from '../config/connections_settings.js';
import type { ProcSocket } from '../host/proc_connector.js';

export interface ConnectionTask {
  readonly source: ConnectionSource | 'auto';
  readonly pollSeconds: number;
  readonly selection: ConnectionSelection;
  readonly format: ConnectionFormatName;
  /** undefined: process events cannot be had */
  readonly processes: ProcSocket | undefined;
  /** an eventfd: readable when the thread has to end, or is asked something (asked) */
  readonly wakeFd: number;
  /** two Int32: bytes of lines handed over and not yet taken; what is asked, ASKED bits */
  readonly shared: SharedArrayBuffer;
  /** with -u: what the thread keeps once everything is open, a bit mask of capabilities; undefined: it stays as it is */
  readonly capabilities: bigint | undefined;
  /** for ecs */
  readonly hostname: string;
}

/** Bits of what is asked of the thread. */
export const ASKED = { STOP: 1, TOTALS: 2, RESTART: 4 } as const;
/** Places in the shared memory. */
export const SHARED = { BACKLOG: 0, ASKED: 1, WORDS: 2 } as const;

/** What was counted so far. */
export interface ConnectionTotals {
  readonly events: number;
  /** with a process, and without */
  readonly known: number;
  readonly unknown: number;
  /** left out by the options */
  readonly omitted: number;
  /** followed now */
  readonly open: number;
  /** lost, by where */
  readonly lost: Readonly<Record<string, number>>;
}

export type ConnectionMessage =
  | { readonly type: 'ready'; readonly said: readonly string[]; readonly warnings: readonly string[] }
  | { readonly type: 'lines'; readonly lines: Uint8Array; readonly count: number; readonly processLines: Uint8Array }
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'totals'; readonly totals: ConnectionTotals; readonly isLast: boolean };
