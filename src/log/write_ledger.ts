// The books of the log: every line delivered is written or lost, or still on its way. Also decides when trouble is worth a
// message: at once, then at most once a minute, and once when it is over.

import { LatencyHistogram } from './latency_histogram.js';
import { LogError } from './log_error.js';

const REPORT_EVERY_MS = 60_000;
/** Writing counts as recovered when this long nothing failed: one file of several may fail between good writes. */
const RECOVERED_AFTER_MS = 1_000;

const NO_ROOM = new LogError('lines are held back for want of room (-min_free, -max_disk)');

/** linesDelivered = linesWritten + linesLost + the lines still on their way. */
export interface WriteTotals {
  /** lines of the blocks delivered to the writer */
  readonly linesDelivered: number;
  /** lines whole in their file or output, and their bytes */
  readonly linesWritten: number;
  readonly bytesWritten: number;
  readonly linesLost: number;
  /** of those, lines that were not written because there was too little room (-min_free, -max_disk) */
  readonly linesHeldBack: number;
  /** operations on files that failed */
  readonly writeErrors: number;
  /** incomplete last lines that were closed with a newline */
  readonly linesMended: number;
}

export interface WriteReports {
  /** Lines are being lost; at most once a minute. */
  onError(error: LogError): void;
  /** Lines are being written again, after onError. */
  onRecovery(): void;
}

export class WriteLedger implements WriteTotals {
  linesDelivered = 0;
  linesWritten = 0;
  bytesWritten = 0;
  linesLost = 0;
  linesHeldBack = 0;
  writeErrors = 0;
  linesMended = 0;
  /** how long the writes took that the log writer asked for */
  readonly latency = new LatencyHistogram();
  private lastError: LogError | undefined;
  private wroteMs = -Infinity;
  private reportedMs = -Infinity;
  private failedMs = -Infinity;
  private troubled = false;

  /** @param now a monotonic clock, milliseconds */
  constructor(private readonly reports: WriteReports, private readonly now: () => number = () => performance.now()) {}

  delivered(lines: number): void {
    this.linesDelivered += lines;
  }

  wrote(lines: number, bytes: number): void {
    this.linesWritten += lines;
    this.bytesWritten += bytes;
    if (lines > 0) this.wroteMs = this.now();
    if (!this.troubled || lines === 0 || this.now() - this.failedMs < RECOVERED_AFTER_MS) return;
    this.troubled = false;
    this.reports.onRecovery();
  }

  /** A file operation failed. @param lines lost with it, 0 or more */
  failed(lines: number, error: LogError): void {
    this.linesLost += lines;
    this.writeErrors++;
    this.failedMs = this.now();
    this.lastError = error;
    if (this.failedMs - this.reportedMs < REPORT_EVERY_MS) return;
    this.reportedMs = this.failedMs;
    this.troubled = true;
    this.reports.onError(error);
  }

  /** What keeps lines from being written: the last error, until a write went well and nothing failed for a second. */
  get trouble(): LogError | undefined {
    const over = this.wroteMs > this.failedMs && this.now() - this.failedMs >= RECOVERED_AFTER_MS;
    return over ? undefined : this.lastError;
  }

  /** Lines nobody takes any more (closed output, closed writer): lost, without a message of their own. */
  discarded(lines: number): void {
    this.linesLost += lines;
  }

  /** Lines that are not written because there is too little room: lost; housekeeping says so. */
  heldBack(lines: number): void {
    this.linesLost += lines;
    this.linesHeldBack += lines;
    this.failedMs = this.now();
    this.lastError = NO_ROOM;
  }

  mended(): void {
    this.linesMended++;
  }
}
