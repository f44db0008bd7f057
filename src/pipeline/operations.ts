// Opens what watches a live capture from outside, when somebody asks for it: without -metrics and a service manager nothing is loaded.

import type { WriteLedger } from '../log/write_ledger.js';
import type { BatchRingOwner } from '../ring/batch_ring.js';
import { WorkerBoard } from '../ring/worker_board.js';
import type { Operations } from '../telemetry/operations.js';
import type { RunParts } from './run_stages.js';
import { messagesSaid, say, sayLimited } from './say.js';
import type { Totals } from './totals.js';

/** What a run counts. */
export interface RunNumbers {
  readonly totals: Totals;
  readonly ring: BatchRingOwner;
  readonly ledger: WriteLedger;
}

/** @throws EndpointError when metrics cannot be served where they are asked for */
export async function openOperations({ settings, shared, engine, owners }: RunParts, { totals, ring, ledger }: RunNumbers): Promise<Operations | undefined> {
  if (settings.metrics.address === '' && (process.env['NOTIFY_SOCKET'] ?? '') === '') return undefined;
  const telemetry = await import('../telemetry/operations.js');
  const view = {
    ring, ledger,
    workers: new WorkerBoard(shared.workers),
    blocks: engine.blocks,
    messages: messagesSaid,
    owners: owners?.numbers,
    sources: () => totals.reports(),
  };
  return telemetry.Operations.open(view, settings.metrics, { info: say, warn: (text) => sayLimited(text, 'warn') });
}
