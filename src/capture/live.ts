// The live loop: one thread waits for all interfaces and for news of links and addresses with one poll, fills slots of the
// batch ring and publishes them, until it is asked to stop.

import type { Network } from '../config/settings.js';
import type { BatchProducer } from '../ring/batch_producer.js';
import { STOP_REQUEST } from '../ring/batch_ring.js';
import type { LinkRegistry } from '../ring/link_table.js';
import type { LocalTableWriter } from '../ring/local_table.js';
import type { SourceBoard } from '../ring/source_board.js';
import { BatchPublisher } from './batch_publisher.js';
import type { BatchTaker } from './batch_taker.js';
import { ClosedRings } from './closed_rings.js';
import { HostNews } from './host_news.js';
import { libpcap } from './libpcap.js';
import { LivePoll } from './live_poll.js';
import type { LiveSource } from './live_source.js';
import { LiveSources } from './live_sources.js';
import { LocalWatch } from './local_watch.js';
import type { CaptureReport } from './messages.js';
import type { OpenOptions } from './open_interface.js';
import { SlotDump } from './slot_dump.js';
import { FILL, SourceError } from './source.js';

export interface LiveOptions extends OpenOptions {
  /** names, or `any` alone */
  readonly interfaces: readonly string[];
  /** frames to capture in all before stopping; -1 for no end */
  readonly count: number;
  /** in place of this host's addresses */
  readonly localGiven: readonly Network[] | undefined;
}

/** The longest wait: a stop request ends it, where the kernel gives us a descriptor for that. */
const WAIT_MS = 1000;
const WAIT_UNWOKEN_MS = 200;
/** While draining, while idle sources hold up others, and while a slot is taken by the workers. */
const SHORT_WAIT_MS = 20;
/** How often the board is brought up to date and what waits is tried again. */
const TICK_MS = 1000;
/** How often all sources are asked for frames, and an idle one's watermark may move. */
const SWEEP_MS = 100;
/** A lone source's frames are gathered this long before they are handed over: a batch costs the workers more than a frame. */
const GATHER_MS = 20;
/**
 * While frames lie in a kernel buffer that goes on filling: poll() would return at once. The default buffer of 8 MiB holds 10 to 20
 * ms of the fastest traffic seen in tests.
 */
const PACE_MS = 2;
/** Parsed together in this thread: their bytes fit the cache of a core. */
const PORTION_FRAMES = 256;
/** Before news, stop requests and other sources have their turn: a few milliseconds. */
const MOST_PORTIONS = 32;
/** So many frames in one wait make a source busy. */
const BUSY_FRAMES = 64;
/** The longest drain. */
const DRAIN_MS = 5000;

/**
 * Captures until the ring's stop request or the count; the caller then ends the ring. What fails is reported.
 * Blocks its thread.
 * @param taker parses each batch at once in this thread; undefined: workers take them
 * @throws what is a defect of ours; the totals are settled all the same
 */
export function runLiveCapture(
  options: LiveOptions,
  producer: BatchProducer,
  board: SourceBoard,
  links: LinkRegistry,
  local: LocalTableWriter,
  report: CaptureReport,
  taker?: BatchTaker,
): void {
  const dump = new SlotDump();
  const closedRings = new ClosedRings();
  let capture: LiveCapture | undefined;
  try {
    libpcap(); // a machine without it hears that first, and once
    const sources = new LiveSources(options.interfaces, options, board, links, { dump, closedRings }, report);
    capture = new LiveCapture(producer, sources, closedRings, new HostNews(new LocalWatch(options.localGiven, local, report), report), report, taker);
    capture.run(options.count);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    report({ type: 'failed', text: error.message });
  } finally {
    capture?.close();
    dump.close();
  }
}

class LiveCapture {
  private readonly publisher: BatchPublisher;
  private readonly poll: LivePoll;
  /** frames still wanted */
  private remaining = Infinity;
  private nextTickMs = 0;
  private nextSweepMs = 0;
  /** when the frames gathered in the open slot are due */
  private gatheredMs = 0;
  /** when the taker wants to hand on lines */
  private linesDueMs = Infinity;
  private drainEndsMs: number | undefined;

  constructor(
    private readonly producer: BatchProducer,
    private readonly sources: LiveSources,
    private readonly closedRings: ClosedRings,
    private readonly news: HostNews,
    private readonly report: CaptureReport,
    private readonly taker: BatchTaker | undefined,
  ) {
    this.publisher = new BatchPublisher(producer, taker);
    this.poll = new LivePoll(news.fd);
    if (this.poll.stopDescriptor >= 0) producer.wakeThrough(this.poll.stopDescriptor);
    if (taker === undefined) return;
    taker.whileWaiting = () => {
      producer.beat();
      this.refresh();
    };
  }

  run(count: number): void {
    this.news.look();
    if (!this.sources.start(this.news.links)) return;
    this.report({ type: 'ready' });
    this.poll.watch(this.sources.open);
    if (count >= 0) this.remaining = count;
    try {
      let more = false;
      while (!this.finished()) {
        this.producer.beat();
        this.wait(more);
        more = this.fillAll();
        this.linesDueMs = this.taker?.handOn(performance.now()) ?? Infinity;
        this.keepUp();
      }
    } finally {
      // After a defect too: what was listed is logged, and the totals are settled.
      this.publisher.publish();
      if (this.remaining === 0) for (const source of this.sources.open) source.endOfCount();
      for (const source of this.sources.open) this.detach(source);
    }
  }

  /** Looks whether to stop; the first request to drain starts the drain. */
  private finished(): boolean {
    const request = this.producer.stopRequest;
    if (this.remaining === 0 || request === STOP_REQUEST.ABANDON) return true;
    if (request !== STOP_REQUEST.DRAIN) return false;
    if (this.drainEndsMs === undefined) {
      this.drainEndsMs = performance.now() + DRAIN_MS;
      for (const source of this.sources.open) source.stopIntake();
    }
    return this.sources.open.length === 0 || performance.now() >= this.drainEndsMs;
  }

  private wait(more: boolean): void {
    const { sources } = this.poll;
    const draining = this.drainEndsMs !== undefined || sources.some((source) => source.draining);
    let timeoutMs = this.poll.stopDescriptor < 0 ? WAIT_UNWOKEN_MS : WAIT_MS;
    if (more) timeoutMs = 0;
    else if (sources.some((source) => source.isResting)) timeoutMs = PACE_MS;
    else if (draining) timeoutMs = SHORT_WAIT_MS;
    else if (sources.length > 1) timeoutMs = SWEEP_MS;
    const linesDueMs = this.publisher.pending > 0 ? this.gatheredMs : this.linesDueMs;
    const nextMs = Math.min(linesDueMs, this.news.dueMs);
    if (nextMs < Infinity) timeoutMs = Math.min(timeoutMs, Math.max(0, Math.ceil(nextMs - performance.now())));
    this.poll.wait(timeoutMs, this.drainEndsMs !== undefined);
  }

  /**
   * One fill for each source that may have frames; now and then for all, so that a lost wake-up costs little.
   * @returns whether one has more at once
   */
  private fillAll(): boolean {
    const now = performance.now();
    const sweep = now >= this.nextSweepMs;
    if (sweep) this.nextSweepMs = now + SWEEP_MS;
    let more = false;
    const drained: LiveSource[] = [];
    for (const [number, source] of this.poll.sources.entries()) {
      const due = sweep || source.draining || source.more || source.isResting || this.poll.hasEvents(number);
      if (!due) continue;
      source.reclaim(this.producer);
      if (!this.publisher.open(source, SHORT_WAIT_MS)) return true; // the workers have every slot
      source.more = (this.taker === undefined ? this.fillOne(source) : this.fillAndParse(source)) === FILL.MORE;
      if (source.more) more = true;
      else if (source.draining && source.drained()) drained.push(source);
      else if (sweep) this.advance(source);
      if (this.remaining === 0) return false;
    }
    for (const source of drained) this.retire(source);
    if (sweep) for (const source of this.sources.all) if (!source.open) this.advance(source);
    return more;
  }

  /** Fills the open slot from a source, and publishes it unless frames may still gather. */
  private fillOne(source: LiveSource): number {
    const before = this.publisher.pending;
    const result = this.list(source, this.remaining);
    const now = performance.now();
    if (before === 0) this.gatheredMs = now + GATHER_MS;
    const gathering = result === FILL.IDLE && this.poll.sources.length === 1 && !source.draining;
    if (!gathering || source.pressed || now >= this.gatheredMs) this.publisher.publish();
    return result;
  }

  /** Fills and parses a few frames at a time, which are then still in the cache, and gives the kernel its blocks back at once. */
  private fillAndParse(source: LiveSource): number {
    const before = source.nextFrame;
    let result: number = FILL.MORE;
    for (let portion = 0; portion < MOST_PORTIONS && result === FILL.MORE; portion++) {
      if (!this.publisher.open(source, 0)) break;
      result = this.list(source, Math.min(this.remaining, PORTION_FRAMES));
      this.publisher.publish();
      source.reclaim(this.producer);
    }
    source.busy = source.nextFrame - before >= BUSY_FRAMES;
    return result;
  }

  /** Lists frames of a source in the open slot, at most so many. @returns one of FILL; IDLE when its handle failed */
  private list(source: LiveSource, most: number): number {
    const before = source.nextFrame;
    source.allowance = most;
    try {
      return source.fill(this.producer);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.broke(source, error);
      return FILL.IDLE;
    } finally {
      this.remaining -= source.nextFrame - before;
    }
  }

  /** A handle failed. libpcap often hears of a vanished interface before the news are read: then that is what is told. */
  private broke(source: LiveSource, failure: SourceError): void {
    if (source.draining) return;
    this.news.lookAtLinks(performance.now());
    this.sources.follow(this.news.links, performance.now());
    this.nextTickMs = 0; // what follow() opened has yet to be waited for
    this.sources.broke(source, failure);
  }

  private advance(source: LiveSource): void {
    if (this.sources.all.length > 1) this.publisher.advance(source);
  }

  /** Closes a drained source. One of `any` has most likely gone for good; a named one is waited for. */
  private retire(source: LiveSource): void {
    if (this.sources.any && this.sources.all.length > 1 && !this.publisher.finish(source)) return;
    this.detach(source);
    // At the end of the run all are closed: that is not worth telling.
    if (this.drainEndsMs === undefined) this.report({ type: 'closed', row: source.row });
    this.poll.watch(this.sources.open);
  }

  /** Its lines go first: nobody waits for those of a source that is closed. */
  private detach(source: LiveSource): void {
    this.taker?.handOn(Infinity);
    this.sources.detach(source);
  }

  /** What is not about frames: the board, links, addresses. */
  private keepUp(): void {
    const now = performance.now();
    if (this.poll.hasNews) this.news.hear();
    const tick = now >= this.nextTickMs;
    if (tick) {
      this.nextTickMs = now + TICK_MS;
      this.refresh();
      this.closedRings.sweep(this.producer);
    }
    if (this.drainEndsMs !== undefined) return;
    const news = now >= this.news.dueMs;
    if (news) this.news.lookAgain(now);
    if (!news && !tick) return;
    this.sources.follow(this.news.links, now);
    this.poll.watch(this.sources.open);
  }

  private refresh(): void {
    for (const source of this.sources.open) source.refresh();
  }

  close(): void {
    for (const source of this.sources.all) source.close();
    this.closedRings.sweep(this.producer);
    this.news.close();
  }
}
