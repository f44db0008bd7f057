// The numbers of one source, or of several that are gone, taken at one moment, so that the equations of SPEC section 5 hold in them.

import { COUNTER, COUNTERS, SKIP_REASONS } from '../record/counters.js';
import { SOURCE, SOURCE_NUMBERS, type SourceBoard } from './source_board.js';

/** Row of the source board and counter vector of a source, copied or summed up. */
export class SourceSums {
  readonly board = new Float64Array(SOURCE_NUMBERS);
  readonly counters = new Float64Array(COUNTERS);

  /** Adds a source as it stands now. @param counters of its batches; undefined: there was none yet */
  add(board: SourceBoard, row: number, counters: Float64Array | undefined): void {
    for (let number = 0; number < SOURCE_NUMBERS; number++) this.board[number] += board.get(row, number);
    if (counters !== undefined) for (let counter = 0; counter < COUNTERS; counter++) this.counters[counter] += counters[counter];
  }

  /**
   * Leaves what has been parsed, and what the kernel dropped: frames on their way count for what comes after. Without it a part taken at
   * one moment and the rest would both be off by them for ever.
   */
  onlyParsed(): this {
    const more = this.counters[COUNTER.FRAMES] - this.board[SOURCE.HANDED];
    this.board[SOURCE.HANDED] += more;
    this.board[SOURCE.RECEIVED] += more;
    return this;
  }

  /** Adds (or with -1 takes away) other sums. */
  addSums(other: SourceSums, times = 1): void {
    for (let number = 0; number < SOURCE_NUMBERS; number++) this.board[number] += times * other.board[number];
    for (let counter = 0; counter < COUNTERS; counter++) this.counters[counter] += times * other.counters[counter];
  }
}

/**
 * received = handed + dropped + waiting
 * handed = parsed + the sum of skipped + lost + inRing
 */
export interface SourceNumbers {
  readonly received: number;
  readonly handed: number;
  readonly dropped: number;
  /** frames that the kernel has counted and holds for us; on replay there is no such place */
  readonly waiting: number;
  readonly parsed: number;
  readonly skipped: readonly (readonly [frames: number, reason: string])[];
  /** of a batch whose worker broke before it had parsed them */
  readonly lost: number;
  readonly inRing: number;
  /** live: times that the kernel's buffer was full; what was dropped then is in `dropped` */
  readonly bufferFull: number;
  /** live: dropped by the interface itself, which no sum holds */
  readonly interfaceDropped: number;
  /** by COUNTER */
  readonly counters: Float64Array;
}

/** A source of a run as it stands, or all the interfaces that are gone. */
export interface SourceReport extends SourceNumbers {
  /** interface or file; undefined: the interfaces that are gone */
  readonly name: string | undefined;
  readonly live: boolean;
  readonly open: boolean;
  /** grows when its numbers begin anew */
  readonly opening: number;
}

/** What the sums say, in the terms of the totals. */
export function sourceNumbers({ board, counters }: SourceSums, live: boolean): SourceNumbers {
  const parsed = counters[COUNTER.PARSED];
  const skipped = SKIP_REASONS.map(([counter, reason]): readonly [number, string] => [counters[counter], reason]);
  if (live) skipped.push([board[SOURCE.PREFILTER], 'prefilter']);
  // The capture thread brings the board up to date now and then: the workers may be ahead of it.
  const inRing = Math.max(0, board[SOURCE.HANDED] - counters[COUNTER.FRAMES]);
  const lost = counters[COUNTER.LOST];
  const handed = parsed + skipped.reduce((sum, [frames]) => sum + frames, 0) + lost + inRing;
  const dropped = board[SOURCE.DROPPED];
  const waiting = live ? Math.max(0, board[SOURCE.RECEIVED] - handed - dropped) : 0;
  return {
    received: handed + dropped + waiting, handed, dropped, waiting, parsed, skipped, lost, inRing, counters,
    bufferFull: board[SOURCE.BUFFER_FULL],
    interfaceDropped: board[SOURCE.INTERFACE_DROPPED],
  };
}
