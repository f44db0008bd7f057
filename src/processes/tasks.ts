// What the thread that hears process events is started with, and what it says.

import type { ProcessEventName, ProcessFormat } from '../config/processes_settings.js';
import type { ProcSocket } from '../host/proc_connector.js';

export interface EventTask {
  readonly socket: ProcSocket;
  /** an eventfd: readable when the thread has to end */
  readonly stopFd: number;
  readonly events: readonly ProcessEventName[];
  readonly threads: boolean;
  readonly format: ProcessFormat;
  /** for ecs */
  readonly hostname: string;
  /** one Int32: bytes of lines handed over and not yet taken */
  readonly backlog: SharedArrayBuffer;
}

/** What was counted until the end. */
export interface EventTotals {
  /** events that were wanted, by name */
  readonly events: Readonly<Partial<Record<ProcessEventName, number>>>;
  /** events of threads that were left out */
  readonly threads: number;
  /** what the kernel had no room for */
  readonly lost: number;
  /** what the main thread did not take in time */
  readonly dropped: number;
  /** datagrams that were no events */
  readonly strange: number;
  /** processes beyond the room of the table */
  readonly overflow: number;
}

export type EventMessage =
  | { readonly type: 'ready'; readonly processes: number }
  | { readonly type: 'batch'; readonly lines: Uint8Array; readonly events: number }
  | { readonly type: 'lost'; readonly count: number }
  | { readonly type: 'ended'; readonly totals: EventTotals };
