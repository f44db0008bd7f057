// The totals of a run (SPEC section 5): what the capture thread knows (source board) and what the workers counted, by source,
// as equations that hold at any moment.

import { COUNTER, COUNTERS, SKIP_REASONS } from '../record/counters.js';
import { KIND_NAMES } from '../record/kinds.js';
import { SOURCE, type SourceBoard } from '../ring/source_board.js';
import type { WriteTotals } from '../log/write_ledger.js';

interface SourceTotals {
  readonly name: string;
  readonly live: boolean;
  /** interfaces that had the row before; their numbers are in the totals */
  readonly predecessors: number;
  /** closedSources() has named it since it was opened */
  endTold: boolean;
}

export class Totals {
  private readonly sources = new Map<number, SourceTotals>();
  /** by row; a batch may come before the word that its source is open: they come from different threads */
  private readonly counters = new Map<number, Float64Array>();

  constructor(private readonly board: SourceBoard) {}

  /** A source was opened; one that is opened again keeps its numbers, also when another interface took its row. */
  opened(row: number, name: string, live: boolean): void {
    const before = this.sources.get(row);
    const predecessors = before === undefined ? 0 : before.predecessors + (before.name === name ? 0 : 1);
    this.sources.set(row, { name, live, predecessors, endTold: false });
  }

  /** Rows of the sources that were closed since the last call. */
  closedSources(): number[] {
    const rows: number[] = [];
    for (const [row, source] of this.sources) {
      if (source.endTold || this.board.get(row, SOURCE.OPEN) === 1) continue;
      source.endTold = true;
      rows.push(row);
    }
    return rows;
  }

  /** A batch of the source was parsed and its lines dealt with. */
  addBatch(row: number, counters: Float64Array): void {
    const sums = this.countersOf(row);
    for (let i = 0; i < COUNTERS; i++) sums[i] += counters[i];
  }

  /** Sum of a counter over all sources. @param counter one of COUNTER */
  sum(counter: number): number {
    let sum = 0;
    for (const counters of this.counters.values()) sum += counters[counter];
    return sum;
  }

  /** Sum of a board number over all sources. @param number one of SOURCE */
  boardSum(number: number): number {
    let sum = 0;
    for (const row of this.sources.keys()) sum += this.board.get(row, number);
    return sum;
  }

  /**
   * The totals as lines for the user, without prefix.
   * @param abandoned whether the run ends before the ring is empty: what is in it is then lost
   */
  lines(written: WriteTotals, abandoned = false): string[] {
    if (this.sources.size === 0) return []; // nothing was opened: the errors have said it
    const lines: string[] = [];
    for (const [row, source] of this.sources) lines.push(...this.sourceLines(row, source, abandoned));
    lines.push(
      `${count(written.linesWritten, 'line')} and ${count(written.bytesWritten, 'byte')} written, `
      + `${count(written.linesLost, 'line')} lost, ${count(written.writeErrors, 'write error')}`
      + (written.linesMended > 0 ? `, ${count(written.linesMended, 'incomplete line')} closed` : ''),
    );
    return lines;
  }

  private countersOf(row: number): Float64Array {
    let counters = this.counters.get(row);
    if (counters === undefined) {
      counters = new Float64Array(COUNTERS);
      this.counters.set(row, counters);
    }
    return counters;
  }

  private sourceLines(row: number, source: SourceTotals, abandoned: boolean): string[] {
    const { live, predecessors } = source;
    const name = predecessors === 0 ? source.name : `${source.name} and ${predecessors} before it`;
    const { board } = this;
    const counters = this.countersOf(row);
    const parsed = counters[COUNTER.PARSED];
    const prefilter = board.get(row, SOURCE.PREFILTER);
    const skips = SKIP_REASONS.map(([counter, reason]): readonly [number, string] => [counters[counter], reason]);
    if (live) skips.push([prefilter, 'prefilter']);
    const skipped = skips.reduce((sum, [number]) => sum + number, 0);
    // The capture thread brings the board up to date now and then: the workers may be ahead of it.
    const inRing = Math.max(0, board.get(row, SOURCE.HANDED) - counters[COUNTER.FRAMES]);
    const lost = counters[COUNTER.LOST];
    const handed = parsed + skipped + lost + inRing;
    const dropped = board.get(row, SOURCE.DROPPED);
    // Frames that the kernel has counted and holds for us; on replay there is no such place.
    const waiting = live ? Math.max(0, board.get(row, SOURCE.RECEIVED) - handed - dropped) : 0;
    return [
      `${name}: ${handed + dropped + waiting} received = ${handed} handed over + ${dropped} dropped by the kernel`
      + (waiting > 0 ? ` + ${waiting} waiting in the kernel` : ''),
      `${name}: ${handed} handed over = ${parsed} parsed + ${skipped} skipped${listed(skips)}`
      + (lost > 0 ? ` + ${lost} lost with a worker` : '')
      + (inRing > 0 ? ` + ${inRing} ${abandoned ? 'lost at the end' : 'in the ring'}` : ''),
      `${name}: of the parsed ${counters[COUNTER.EMPTY]} without payload, ${counters[COUNTER.NO_MESSAGE]} begin no message`
      + listed([[counters[COUNTER.TLS], 'TLS hellos'], [counters[COUNTER.HTTP2], 'HTTP/2 prefaces']]),
      `${name}: records ${KIND_NAMES.map((kind, i) => `${counters[COUNTER.RECORDS + i]} ${kind}`).join(', ')}`
      + listed([[counters[COUNTER.TRUNCATED], 'truncated'], [counters[COUNTER.MALFORMED_MESSAGE], 'malformed']])
      + leftOut(counters[COUNTER.EXCLUDED], counters[COUNTER.SAMPLED_OUT])
      + (live ? `; ${board.get(row, SOURCE.INTERFACE_DROPPED)} dropped by the interface` : ''),
    ];
  }
}

/** ` (3 this, 4 that)` of what is not zero, or nothing. */
function listed(parts: readonly (readonly [number, string])[]): string {
  const shown = parts.filter(([number]) => number > 0).map(([number, name]) => `${number} ${name}`);
  return shown.length === 0 ? '' : ` (${shown.join(', ')})`;
}

/** Records that were not to be written, where there are any. */
function leftOut(excluded: number, sampledOut: number): string {
  return excluded + sampledOut === 0 ? '' : `; ${excluded} left out by -include/-exclude, ${sampledOut} by -sample`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
