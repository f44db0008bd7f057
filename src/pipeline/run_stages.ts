// The stages of a run, joined: started, listened to, ended in order, whatever breaks.

import { setTimeout as sleep } from 'node:timers/promises';
import type { CaptureMessage } from '../capture/messages.js';
import type { LogLevel, Settings } from '../config/settings.js';
import { exitAtOnce } from '../host/exit.js';
import type { LineSink } from '../log/line_sink.js';
import { LogWriter } from '../log/log_writer.js';
import { TimeMerge } from '../log/time_merge.js';
import { WriteLedger } from '../log/write_ledger.js';
import { COUNTER } from '../record/counters.js';
import { BatchRingOwner, STOP_REQUEST } from '../ring/batch_ring.js';
import { SourceBoard } from '../ring/source_board.js';
import type { Operations } from '../telemetry/operations.js';
import type { Engine } from './engine.js';
import { EXIT } from './exit_code.js';
import { Narrator } from './narration.js';
import { openOperations } from './operations.js';
import type { OwnerThread } from './owner_thread.js';
import { showProgress } from './progress.js';
import { flushMessages, isSaid, lastWords, say, sayError } from './say.js';
import { handleSignals } from './signals.js';
import { openSink } from './sink.js';
import type { SharedRun } from './tasks.js';
import { Totals } from './totals.js';
import { Watch } from './watch.js';

/** The longest a stop may take (SPEC section 5); what is not written by then is counted as lost. */
const STOP_MS = 10_000;
/** A capture thread that is told to leave is woken, or looks five times a second, and then settles its totals. */
const SETTLE_MS = 500;

export interface RunOptions {
  /** started under nohup: a terminal that hangs up does not end the run */
  readonly ignoreHangUp: boolean;
  /** at which level statistics every so many packets are said */
  readonly statisticsLevel: LogLevel;
}

/** What a run is made of. */
export interface RunParts {
  readonly settings: Settings;
  readonly options: RunOptions;
  readonly shared: SharedRun;
  readonly engine: Engine;
  /** who the run became, for the user; undefined: nobody else */
  readonly identity?: string | undefined;
  /** -proc: who finds processes */
  readonly owners?: OwnerThread | undefined;
  /** lines of several sources are put into order of time */
  readonly merging: boolean;
  /** -c counts every frame that passed the filter, else those on a service port */
  readonly countsAll: boolean;
}

/** The stages of a run, joined: from an engine to a sink. */
export class Run {
  private readonly live: boolean;
  private readonly ring: BatchRingOwner;
  private readonly totals: Totals;
  private readonly ledger: WriteLedger;
  private readonly narrator: Narrator;
  private failed = false;
  private misused = false;
  private outputClosed = false;
  private watch: Watch | undefined;
  private deadline: NodeJS.Timeout | undefined;
  private operations: Operations | undefined;
  /** frames counted towards -c */
  private counted = 0;

  constructor(private readonly parts: RunParts) {
    this.live = parts.settings.files.length === 0;
    this.ring = new BatchRingOwner(parts.shared.ring);
    this.totals = new Totals(new SourceBoard(parts.shared.board), parts.settings.interfaces.includes('any'), parts.owners?.numbers);
    this.narrator = new Narrator(parts.settings);
    this.ledger = new WriteLedger({
      onError: (error) => say(error.message, 'error'),
      onRecovery: () => say('records are written again'),
    });
  }

  async run(): Promise<number> {
    const { settings, options, identity } = this.parts;
    if (identity !== undefined) this.narrator.tell({ type: 'notice', text: identity });
    const writer = this.makeWriter(await openSink(settings, this.ledger, () => this.onOutputClosed()));
    if (this.live) this.operations = await this.openOperations(writer);
    const watch = this.watch = new Watch({
      totals: this.totals, writer, live: this.live, merging: this.parts.merging,
      every: isSaid(options.statisticsLevel) ? settings.logEvery : 0, everyLevel: options.statisticsLevel,
    });
    const removeSignals = handleSignals({
      stop: () => this.stop(writer, watch),
      reopen: () => this.reopen(writer),
      statistics: () => watch.report(),
    }, options.ignoreHangUp);
    const hideProgress = this.live ? undefined : showProgress(this.totals);
    const uncaught = uncaughtError();
    try {
      watch.start();
      await Promise.race([this.work(writer), writer.broken, uncaught.error]);
    } catch (error) {
      return await this.breakDown(error, writer, watch);
    } finally {
      clearTimeout(this.deadline);
      watch.stop();
      this.operations?.close();
      hideProgress?.();
      removeSignals();
      uncaught.forget();
    }
    this.narrator.end();
    flushMessages();
    // A reader that has seen enough of a replay (`| head`) wants no more words.
    if (this.live || !this.outputClosed) watch.report();
    return this.exitCode();
  }

  /**
   * Runs the engine to its end, and the writer behind it.
   * @throws what a thread broke down with
   */
  private async work(writer: LogWriter): Promise<void> {
    await this.parts.engine.run((message) => this.onMessage(message, writer), {
      deliver: (block) => writer.deliver(block),
      idle: () => writer.idle(),
    });
    await writer.close();
  }

  private async openOperations(writer: LogWriter): Promise<Operations | undefined> {
    const { totals, ring, ledger } = this;
    try {
      return await openOperations(this.parts, { totals, ring, ledger });
    } catch (error) {
      await writer.close(); // housekeeping is not to go on, and the directory is somebody else's to have
      throw error;
    }
  }

  private makeWriter(sink: LineSink): LogWriter {
    const { engine, merging } = this.parts;
    return new LogWriter({
      blocks: engine.blocks,
      sink,
      onBatch: (source, counters) => {
        this.totals.addBatch(source, counters);
        this.countUp(counters);
      },
      // Sources make themselves known by their first batch.
      ...(merging ? { merge: new TimeMerge({ sources: 0 }) } : {}),
    });
  }

  /** -c on replay: ends the run with the last frame wanted, for the next one of a pipe may be long in coming. */
  private countUp(counters: Float64Array): void {
    const { settings: { count }, countsAll } = this.parts;
    if (this.live || count < 0) return;
    const { FRAMES, FILTERED, BEHIND_LIMIT, PARSED } = COUNTER;
    this.counted += countsAll ? counters[FRAMES] - counters[FILTERED] - counters[BEHIND_LIMIT] : counters[PARSED];
    if (this.counted >= count) this.ring.requestStop(STOP_REQUEST.DRAIN);
  }

  private onMessage(message: CaptureMessage, writer: LogWriter): void {
    if (message.type === 'ready') this.operations?.ready();
    this.narrator.tell(message);
    if (message.type === 'opened') {
      this.totals.opened(message.row, message.name, this.live);
      // Before its first batch: lines of quick sources wait for those of slow ones from the start.
      writer.sourceOpened(message.row);
    } else if (message.type === 'closed') {
      this.totals.closed(message.row);
    } else if (message.type === 'failed') {
      this.failed = true;
      this.misused ||= message.usage === true;
    }
  }

  private onOutputClosed(): void {
    this.outputClosed = true;
    // What nobody reads is told once, at the end of a capture; to a replay it is no loss.
    this.watch?.stop();
    if (this.live) say('standard output was closed by its reader: the capture ends', 'warn');
    this.ring.requestStop(STOP_REQUEST.DRAIN);
  }

  private reopen(writer: LogWriter): void {
    const reopened = writer.reopen();
    void this.operations?.reloading(reopened);
  }

  /** A terminal that hangs up may say so twice, and SIGTERM may follow: the first one counts. */
  private stop(writer: LogWriter, watch: Watch): void {
    this.operations?.stopping();
    this.ring.requestStop(STOP_REQUEST.DRAIN);
    this.deadline ??= setTimeout(() => {
      say(`not everything could be written within ${STOP_MS / 1000} s of the stop: the rest is lost`, 'error');
      void this.abandon(writer, watch);
    }, STOP_MS);
  }

  /** Something broke: what the writer was given is written. Other threads may wait without end for the one that broke. */
  private async breakDown(error: unknown, writer: LogWriter, watch: Watch): Promise<never> {
    this.ring.requestStop(STOP_REQUEST.ABANDON);
    sayError(error);
    await Promise.all([Promise.race([writer.close().catch(() => undefined), sleep(STOP_MS)]), sleep(SETTLE_MS)]);
    return this.abandon(writer, watch);
  }

  /** Says what is known and leaves, whatever a thread is blocked in. */
  private async abandon(writer: LogWriter, watch: Watch): Promise<never> {
    this.ring.requestStop(STOP_REQUEST.ABANDON);
    writer.abandon();
    flushMessages();
    watch.report({ abandoned: true });
    await lastWords();
    return exitAtOnce(EXIT.FAILED);
  }

  private exitCode(): number {
    if (this.misused) return EXIT.USAGE;
    if (this.outputClosed) return this.live ? EXIT.FAILED : EXIT.OK;
    const lost = this.ledger.linesLost + this.totals.sum(COUNTER.LOST);
    return this.failed || lost > 0 || this.parts.owners?.hasFailed === true ? EXIT.FAILED : EXIT.OK;
  }
}

/** Fails with what nobody catches in this thread: a defect of ours, in a signal handler, say. Later ones are not told. */
function uncaughtError(): { readonly error: Promise<never>; readonly forget: () => void } {
  let forget = (): void => undefined;
  const error = new Promise<never>((_, reject) => {
    process.on('uncaughtException', reject);
    forget = () => void process.off('uncaughtException', reject);
  });
  return { error, forget };
}
