// Where lines end: daily files or standard output.

import type { LineRun } from './lines.js';
import type { WriteLedger } from './write_ledger.js';

/** The writer calls one method at a time and waits for it. None rejects for what the system says: that goes to the ledger. */
export interface LineSink {
  readonly ledger: WriteLedger;
  /** Writes the runs; those of one file in their order. The ledger has every line as written or lost when it resolves. */
  write(runs: readonly LineRun[]): Promise<void>;
  /** Closes what is open; the next lines open it anew (log rotation). */
  reopen(): Promise<void>;
  /** Housekeeping, about once a second. @param nowMs a monotonic clock */
  tend(nowMs: number): Promise<void>;
  close(): Promise<void>;
}
