// Keeps an eye on a run: housekeeping of the writer, first loss, statistics on demand and every so many packets.

import type { LogLevel } from '../config/settings.js';
import type { LogWriter } from '../log/log_writer.js';
import { COUNTER } from '../record/counters.js';
import { SOURCE } from '../ring/source_board.js';
import { say } from './say.js';
import type { Totals } from './totals.js';

const LOOK_MS = 1000;
/** Lines that wait for a quiet source should not wait for us as well. */
const MERGING_LOOK_MS = 250;
const LOSS_REPORT_MS = 60_000;
const EVERY_REPORT_MS = 1_000;

export interface WatchOptions {
  readonly totals: Totals;
  readonly writer: LogWriter;
  /** live: lines that wait for a quiet source go out in time, and files long unused are closed */
  readonly live: boolean;
  /** lines of several sources are put into order of time */
  readonly merging: boolean;
  /** packets between statistics, 0 for none */
  readonly every: number;
  /** at which level those are said */
  readonly everyLevel: LogLevel;
}

export class Watch {
  private timer: NodeJS.Timeout | undefined;
  private lossReportedMs = -Infinity;
  private lossReported = 0;
  private everyReportedMs = -Infinity;
  private nextEvery: number;

  constructor(private readonly options: WatchOptions) {
    this.nextEvery = options.every;
  }

  start(): void {
    this.timer = setInterval(() => this.look(), this.options.merging ? MERGING_LOOK_MS : LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Says the totals. @param abandoned the run ends with frames still in the ring */
  report({ abandoned = false, level = 'info' }: { abandoned?: boolean; level?: LogLevel } = {}): void {
    const { totals, writer } = this.options;
    for (const line of totals.lines(writer.totals, abandoned)) say(line, level);
  }

  private look(): void {
    const { totals, writer, live } = this.options;
    if (live) {
      for (const row of totals.closedSources()) writer.sourceEnded(row);
      writer.tick();
    }
    this.lookForLoss(performance.now());
    this.lookForEvery(performance.now());
  }

  /** The first loss, and then at most once a minute while there is more. */
  private lookForLoss(nowMs: number): void {
    const { totals, writer } = this.options;
    const dropped = totals.boardSum(SOURCE.DROPPED);
    const withWorkers = totals.sum(COUNTER.LOST);
    const lost = dropped + withWorkers + writer.totals.linesLost;
    if (lost <= this.lossReported || nowMs - this.lossReportedMs < LOSS_REPORT_MS) return;
    this.lossReported = lost;
    this.lossReportedMs = nowMs;
    say(`lost since the start: ${dropped} frames dropped by the kernel, ${withWorkers} lost with a worker, ${writer.totals.linesLost} lines`, 'warn');
    this.report();
  }

  /** Every so many packets, but not more often than a reader can follow. */
  private lookForEvery(nowMs: number): void {
    const { every, totals } = this.options;
    if (every === 0 || nowMs - this.everyReportedMs < EVERY_REPORT_MS) return;
    const frames = totals.sum(COUNTER.FRAMES);
    if (frames < this.nextEvery) return;
    this.nextEvery = frames - (frames % every) + every;
    this.everyReportedMs = nowMs;
    this.report({ level: this.options.everyLevel });
  }
}
