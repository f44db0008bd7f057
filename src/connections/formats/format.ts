// What a format makes of events.

import type { ConnectionEvent } from '../connection.js';

/** Lines by the file they go to. */
export interface FormattedEvent {
  /** a whole line with its LF; '' for an event that the format has no line for */
  readonly line: string;
  /** for the list of processes, before the line that names the process; '' for none */
  readonly processLine: string;
}

export interface ConnectionFormat {
  format(event: ConnectionEvent): FormattedEvent;
  /** Its files begin anew, or lines of it were lost: what was said once has to be said again. */
  restart?(): void;
}

/** What stands at the top of a new file. @param nowNs CLOCK_REALTIME */
export type FileTop = (nowNs: bigint) => string;
