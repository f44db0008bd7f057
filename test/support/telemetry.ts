// A run to look at that the test moves by hand.

import { WriteLedger } from '../../src/log/write_ledger.js';
import type { TelemetryView } from '../../src/telemetry/view.js';
import type { OwnerReporter } from '../../src/ring/owner_report.js';
import { SourceBoard, SOURCE, allocateSourceBoard } from '../../src/ring/source_board.js';
import { WorkerBoard, allocateWorkerBoard } from '../../src/ring/worker_board.js';
import { Totals } from '../../src/pipeline/totals.js';

export class FakeRun {
  readonly ring = { beats: 0, released: 0, slots: 8, slotsInUse: 0 };
  readonly workers = new WorkerBoard(allocateWorkerBoard(2));
  readonly board = new SourceBoard(allocateSourceBoard());
  readonly messages = { error: 0, warn: 0, info: 0, debug: 0, suppressed: 0 };
  readonly blocks = [{ isFree: true }, { isFree: false }];
  readonly totals: Totals;
  /** of the ledger */
  nowMs = 0;
  /** -proc */
  owners: OwnerReporter | undefined;
  readonly ledger = new WriteLedger({ onError: () => undefined, onRecovery: () => undefined }, () => this.nowMs);

  constructor(folding = false) {
    this.totals = new Totals(this.board, folding);
  }

  open(row: number, name: string): void {
    this.totals.opened(row, name, true);
    this.board.set(row, SOURCE.OPEN, 1);
  }

  get view(): TelemetryView {
    const { ring, workers, blocks, ledger, messages, totals } = this;
    return { ring, workers, blocks, ledger, messages, owners: this.owners, sources: () => totals.reports() };
  }
}

/** Samples of a scrape in Prometheus's text format, by `name{labels}` as they are written. */
export function readSamples(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([a-z_]\w*(?:\{.*\})?) (\S+)$/i.exec(line) ?? [];
    if (key !== undefined && value !== undefined) samples.set(key, Number(value));
  }
  return samples;
}
