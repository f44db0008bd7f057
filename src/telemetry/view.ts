// What is looked at from outside while a capture runs: numbers that are kept anyway. Nothing here is on the way of a frame.

import type { LogLevel } from '../config/settings.js';
import type { WriteLedger } from '../log/write_ledger.js';
import type { BatchRingOwner } from '../ring/batch_ring.js';
import type { LineBlock } from '../ring/line_blocks.js';
import type { OwnerReporter } from '../ring/owner_report.js';
import type { SourceReport } from '../ring/source_numbers.js';
import type { WorkerBoard } from '../ring/worker_board.js';

export interface TelemetryView {
  readonly ring: Pick<BatchRingOwner, 'beats' | 'released' | 'slots' | 'slotsInUse'>;
  readonly workers: Pick<WorkerBoard, 'workers' | 'get'>;
  readonly blocks: readonly Pick<LineBlock, 'isFree'>[];
  readonly ledger: WriteLedger;
  /** -proc: undefined without */
  readonly owners: Pick<OwnerReporter, 'report'> | undefined;
  /** messages said, by level, and kept back */
  readonly messages: Readonly<Record<LogLevel | 'suppressed', number>>;
  /** every interface, and those that are gone as one */
  sources(): readonly SourceReport[];
}
