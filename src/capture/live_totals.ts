// The totals of a live source on the source board: the kernel's 32-bit counters made long, summed over the handles the source
// has had (an interface may vanish and come back), so that
//
//   received = dropped + handed + prefilter + what still waits in the kernel's buffer
//
// holds whenever the row is written, with nothing waiting once a handle is settled.

import { SOURCE, type SourceBoard } from '../ring/source_board.js';
import type { LiveHandle } from './live_handle.js';

// of LiveHandle.readStatistics()
const RECEIVED = 0;
const DROPPED = 1;
const INTERFACE_DROPPED = 2;
const BUFFER_FULL = 3;
const STATISTICS = 4;

/** What is needed of a handle. */
export type CountingHandle = Pick<LiveHandle, 'readStatistics'>;

export class LiveTotals {
  private received = 0;
  private dropped = 0;
  private handed = 0;
  private prefilter = 0;
  private interfaceDropped = 0;
  private bufferFull = 0;
  /** frames of the current handle that may have come before its filter */
  private prefilterBound = 0;
  /** prefilter of the handles before */
  private settledPrefilter = 0;
  private readonly statistics = new Uint32Array(STATISTICS);
  private readonly before = new Uint32Array(STATISTICS);

  constructor(
    private readonly board: SourceBoard,
    private readonly row: number,
  ) {}

  /**
   * A new handle begins, its filter just set.
   * @param kernelFilters false: the kernel counts all frames, those which libpcap turns away show as prefilter
   */
  begin(handle: CountingHandle, kernelFilters: boolean): void {
    this.before.fill(0);
    this.statistics.fill(0); // not every handle writes all
    this.prefilterBound = 0;
    const received = this.received;
    this.refresh(handle);
    this.prefilterBound = kernelFilters ? this.received - received : Infinity;
    this.board.set(this.row, SOURCE.OPEN, 1);
  }

  /** Frames were handed to the ring. */
  hand(frames: number): void {
    this.handed += frames;
  }

  /** From now on every frame not handed over counts as prefilter: -c was reached. */
  unbound(): void {
    this.prefilterBound = Infinity;
  }

  /**
   * Reads the kernel's counters and writes the row.
   * @returns frames that still wait in the kernel's buffer
   */
  refresh(handle: CountingHandle): number {
    if (handle.readStatistics(this.statistics)) {
      this.received += this.growth(RECEIVED);
      this.dropped += this.growth(DROPPED);
      this.interfaceDropped += this.growth(INTERFACE_DROPPED);
      this.bufferFull += this.growth(BUFFER_FULL);
    }
    const unaccounted = this.received - this.dropped - this.handed - this.settledPrefilter;
    const prefilter = Math.max(0, Math.min(unaccounted, this.prefilterBound));
    this.prefilter = this.settledPrefilter + prefilter;
    this.write();
    return unaccounted - prefilter;
  }

  private growth(counter: number): number {
    const growth = (this.statistics[counter] - this.before[counter]) >>> 0;
    this.before[counter] = this.statistics[counter];
    return growth;
  }

  /**
   * The handle is about to be closed: a last look at its counters.
   * @returns frames that were left in the kernel's buffer; they count as dropped
   */
  settle(handle: CountingHandle): number {
    const lost = Math.max(0, this.refresh(handle));
    this.dropped += lost;
    this.settledPrefilter = this.prefilter;
    this.write();
    this.board.set(this.row, SOURCE.OPEN, 0);
    return lost;
  }

  /** Whether every frame the kernel counted is dropped or handed over, so that none can wait nor have come before the filter. */
  get complete(): boolean {
    return this.received - this.dropped - this.handed === this.settledPrefilter;
  }

  private write(): void {
    const { board, row } = this;
    board.set(row, SOURCE.RECEIVED, this.received);
    board.set(row, SOURCE.DROPPED, this.dropped);
    board.set(row, SOURCE.HANDED, this.handed);
    board.set(row, SOURCE.PREFILTER, this.prefilter);
    board.set(row, SOURCE.INTERFACE_DROPPED, this.interfaceDropped);
    board.set(row, SOURCE.BUFFER_FULL, this.bufferFull);
  }
}
