// One interface as a source of frames. It outlives its handle: when the interface vanishes, the handle is drained and
// closed, and a new one may take its place; row, ordinals and totals go on.

import type { LinkRegistry } from '../ring/link_table.js';
import type { BatchProducer } from '../ring/batch_producer.js';
import type { SourceBoard } from '../ring/source_board.js';
import { LiveTotals } from './live_totals.js';
import { BLOCK_TIMEOUT_MS, type FrameSink, type LiveHandle } from './live_handle.js';
import { FILL, type FrameSource } from './source.js';

/** A kernel block that is not full comes at most two time-outs late; one more for a busy machine. */
const QUIET_MS = 3 * BLOCK_TIMEOUT_MS;
/** A frame that was past the filter when the intake stopped is counted long before this. */
const SETTLE_MS = 20;

export class LiveSource implements FrameSource, FrameSink {
  nextFrame = 1;
  newestSeconds = 0;
  newestNanoseconds = 0;
  /** the interface's index, while open */
  link = 0;
  /** frames it may still hand over (-c); the loop keeps it */
  allowance = Infinity;
  /** frames come so fast that to wait for each block would cost more than to look again soon; the loop keeps it */
  busy = false;
  /** its last fill left frames; the loop keeps it */
  more = false;
  private handle: LiveHandle | undefined;
  private linkRow = 0;
  private slot: BatchProducer | undefined;
  private intakeStoppedMs: number | undefined;
  private lastFrameMs = 0;
  /** when it was closed last, performance.now() */
  closedMs = 0;
  private readonly totals: LiveTotals;

  constructor(
    readonly row: number,
    public name: string,
    private readonly links: LinkRegistry,
    board: SourceBoard,
  ) {
    this.totals = new LiveTotals(board, row);
  }

  /**
   * Takes a handle whose filter is set.
   * @param link the interface's index
   * @param kernelFilters as LiveTotals.begin() takes it
   */
  attach(handle: LiveHandle, link: number, kernelFilters: boolean): void {
    this.handle = handle;
    this.link = link;
    this.linkRow = this.links.row(handle.linkType, this.name);
    this.intakeStoppedMs = undefined;
    this.totals.begin(handle, kernelFilters);
  }

  /** Another interface takes its row, and counts on in its totals; to be called while it is closed. */
  rename(name: string): void {
    this.name = name;
    this.nextFrame = 1;
  }

  /** For poll(); -1 while there is no handle. */
  get fd(): number {
    return this.handle?.fd ?? -1;
  }

  /** It has a handle: frames may come. */
  get open(): boolean {
    return this.handle !== undefined;
  }

  /** As LiveHandle.holding. */
  get holding(): boolean {
    return this.handle?.holding === true;
  }

  /** Frames are there, or come so fast, that poll() would return at once: it is looked at now and then. */
  get isResting(): boolean {
    return this.holding || this.busy;
  }

  /** As LiveHandle.pressed. */
  get pressed(): boolean {
    return this.handle?.pressed === true;
  }

  /** Its intake is stopped; what the kernel holds is being drained. */
  get draining(): boolean {
    return this.intakeStoppedMs !== undefined;
  }

  fill(slot: BatchProducer): number {
    const { handle } = this;
    if (handle === undefined || this.allowance === 0) return FILL.END;
    this.slot = slot;
    const before = slot.frames;
    try {
      return handle.fill(slot, this.allowance, this);
    } finally {
      this.took(slot.frames - before);
    }
  }

  private took(frames: number): void {
    if (frames === 0) return;
    this.nextFrame += frames;
    this.allowance -= frames;
    this.totals.hand(frames);
    this.lastFrameMs = performance.now();
  }

  /** The handle's: lists one frame. */
  frame(offset: number, length: number, wireLength: number, seconds: number, nanoseconds: number, tag: number): void {
    if (seconds > this.newestSeconds || (seconds === this.newestSeconds && nanoseconds > this.newestNanoseconds)) {
      this.newestSeconds = seconds;
      this.newestNanoseconds = nanoseconds;
    }
    this.slot?.add(offset, length, wireLength, seconds, nanoseconds, this.linkRow);
    this.slot?.tag(tag);
  }

  /** Gives the kernel back what the workers have released. */
  reclaim(producer: BatchProducer): void {
    this.handle?.reclaim(producer);
  }

  /** Brings the board up to date. */
  refresh(): void {
    if (this.handle !== undefined) this.totals.refresh(this.handle);
  }

  /** No new frame comes in after this; fill() goes on to hand over what the kernel holds, until drained(). */
  stopIntake(): void {
    if (this.handle === undefined || this.draining) return;
    this.handle.stopIntake();
    this.intakeStoppedMs = performance.now();
    this.lastFrameMs = this.intakeStoppedMs;
  }

  /** Whether the kernel's buffer is empty; to be asked after stopIntake() and a fill() that ended FILL.IDLE. */
  drained(): boolean {
    if (this.handle === undefined || this.intakeStoppedMs === undefined) return true;
    const now = performance.now();
    if (now - this.lastFrameMs >= QUIET_MS) return true;
    if (now - this.intakeStoppedMs < SETTLE_MS) return false;
    this.totals.refresh(this.handle);
    return this.totals.complete;
  }

  /** -c is reached: what the kernel counted beyond the frames handed over is no loss. */
  endOfCount(): void {
    this.totals.unbound();
  }

  /**
   * Settles the totals and closes the handle.
   * @returns frames lost in the kernel's buffer: none after drained()
   */
  detach(): number {
    const { handle } = this;
    if (handle === undefined) return 0;
    const lost = this.totals.settle(handle);
    this.close();
    return lost;
  }

  close(): void {
    if (this.handle !== undefined) this.closedMs = performance.now();
    this.handle?.close();
    this.handle = undefined;
    this.intakeStoppedMs = undefined;
  }
}
