// The totals of a run (SPEC section 5): what the capture thread knows (source board) and what the workers counted, by source,
// as equations that hold at any moment.

import { COUNTER, COUNTERS } from '../record/counters.js';
import { KIND_NAMES } from '../record/kinds.js';
import { UNOWNED_NAMES, VIA_NAMES } from '../record/owner.js';
import type { OwnerReport, OwnerReporter } from '../ring/owner_report.js';
import { SOURCE, type SourceBoard } from '../ring/source_board.js';
import type { WriteTotals } from '../log/write_ledger.js';
import { type SourceReport, sourceNumbers, SourceSums } from '../ring/source_numbers.js';

interface SourceTotals {
  readonly name: string;
  readonly live: boolean;
  /** its numbers from before it was opened last, which count among those of the closed interfaces */
  readonly before: SourceSums | undefined;
  /** how many times it has begun anew */
  readonly opening: number;
  /** it went away while the capture runs */
  readonly gone: boolean;
  /** closedSources() has named it since it was opened */
  readonly endTold: boolean;
}

export class Totals {
  private readonly sources = new Map<number, SourceTotals>();
  /** by row; a batch may come before the word that its source is open: they come from different threads */
  private readonly counters = new Map<number, Float64Array>();
  /** how many times one went away for good */
  private closings = 0;

  /**
   * @param folding interfaces that are gone share one set of numbers (`-i any`: a host may see thousands come and go); one that is opened
   *   again then begins anew. Else each keeps its own.
   * @param owners undefined: records do not tell processes
   */
  constructor(private readonly board: SourceBoard, private readonly folding = false, private readonly owners?: OwnerReporter) {}

  /** A source was opened, for the first time or again; a row may have been another interface's. */
  opened(row: number, name: string, live: boolean): void {
    const known = this.sources.get(row);
    const afresh = known !== undefined && (this.folding || known.name !== name);
    if (afresh && !known.gone) this.closings++;
    const before = afresh ? this.sumsOf(row).onlyParsed() : known?.before;
    this.sources.set(row, { name, live, before, opening: (known?.opening ?? 0) + (afresh ? 1 : 0), gone: false, endTold: false });
  }

  /** An interface went away or down while the capture runs. */
  closed(row: number): void {
    const source = this.sources.get(row);
    if (!this.folding || source === undefined || source.gone) return;
    this.closings++;
    this.sources.set(row, { ...source, gone: true });
  }

  /** Rows of the sources that were closed since the last call. */
  closedSources(): number[] {
    const rows: number[] = [];
    for (const [row, source] of this.sources) {
      if (source.endTold || this.board.get(row, SOURCE.OPEN) === 1) continue;
      this.sources.set(row, { ...source, endTold: true });
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

  /** Every source that is not gone, in the order in which they were opened first, then those that are gone as one, if any. */
  reports(): SourceReport[] {
    const reports: SourceReport[] = [];
    const gone = new SourceSums();
    for (const [row, source] of this.sources) {
      const sums = this.sumsOf(row);
      if (source.gone) {
        gone.addSums(sums);
        continue;
      }
      if (source.before !== undefined) {
        gone.addSums(source.before);
        sums.addSums(source.before, -1);
      }
      const { name, live, opening } = source;
      const open = this.board.get(row, SOURCE.OPEN) === 1;
      reports.push({ name, live, open, opening, ...sourceNumbers(sums, live) });
    }
    if (this.closings > 0) reports.push({ name: undefined, live: true, open: false, opening: 0, ...sourceNumbers(gone, true) });
    return reports;
  }

  /**
   * The totals as lines for the user, without prefix.
   * @param abandoned whether the run ends before the ring is empty: what is in it is then lost
   */
  lines(written: WriteTotals, abandoned = false): string[] {
    if (this.sources.size === 0) return []; // nothing was opened: the errors have said it
    const lines = this.reports().flatMap((report) => {
      const name = report.name ?? count(this.closings, 'closed interface');
      return [...sourceLines(report, name, abandoned), ...(this.owners === undefined ? [] : [ownerLine(report, name)])];
    });
    if (this.owners !== undefined) lines.push(...ownerLines(this.owners.report()));
    lines.push(
      `${count(written.linesWritten, 'line')} and ${count(written.bytesWritten, 'byte')} written, `
      + `${count(written.linesLost, 'line')} lost${listed([[written.linesHeldBack, 'for want of room']])}, `
      + count(written.writeErrors, 'write error')
      + (written.linesMended > 0 ? `, ${count(written.linesMended, 'incomplete line')} closed` : ''),
    );
    return lines;
  }

  private sumsOf(row: number): SourceSums {
    const sums = new SourceSums();
    sums.add(this.board, row, this.counters.get(row));
    return sums;
  }

  private countersOf(row: number): Float64Array {
    let counters = this.counters.get(row);
    if (counters === undefined) {
      counters = new Float64Array(COUNTERS);
      this.counters.set(row, counters);
    }
    return counters;
  }
}

/** Four lines: where its frames went, why some were skipped, what the parsed ones were, which records they gave. */
function sourceLines(report: SourceReport, name: string, abandoned: boolean): string[] {
  const { received, handed, dropped, waiting, parsed, skipped, lost, inRing, counters } = report;
  const skippedInAll = skipped.reduce((sum, [frames]) => sum + frames, 0);
  return [
    `${name}: ${received} received = ${handed} handed over + ${dropped} dropped by the kernel`
    + (report.bufferFull > 0 ? ` (buffer full ${count(report.bufferFull, 'time')})` : '')
    + (waiting > 0 ? ` + ${waiting} waiting in the kernel` : ''),
    `${name}: ${handed} handed over = ${parsed} parsed + ${skippedInAll} skipped${listed(skipped)}`
    + (lost > 0 ? ` + ${lost} lost with a worker` : '')
    + (inRing > 0 ? ` + ${inRing} ${abandoned ? 'lost at the end' : 'in the ring'}` : ''),
    `${name}: of the parsed ${counters[COUNTER.EMPTY]} without payload, ${counters[COUNTER.NO_MESSAGE]} begin no message`
    + listed([[counters[COUNTER.TLS], 'TLS hellos'], [counters[COUNTER.HTTP2], 'HTTP/2 prefaces']]),
    `${name}: records ${KIND_NAMES.map((kind, i) => `${counters[COUNTER.RECORDS + i]} ${kind}`).join(', ')}`
    + listed([[counters[COUNTER.TRUNCATED], 'truncated'], [counters[COUNTER.MALFORMED_MESSAGE], 'malformed']])
    + leftOut(counters[COUNTER.EXCLUDED], counters[COUNTER.SAMPLED_OUT])
    + (report.live ? `; ${report.interfaceDropped} dropped by the interface` : ''),
  ];
}

/** How many of its records have a process, and why others have none. */
function ownerLine({ counters }: SourceReport, name: string): string {
  const found = VIA_NAMES.slice(1).map((via, i): readonly [number, string] => [counters[COUNTER.OWNED + i], via]);
  const missing = UNOWNED_NAMES.map((reason, i): readonly [number, string] => [counters[COUNTER.UNOWNED + i], reason]);
  return `${name}: of the records ${sumOf(found)} with a process${listed(found)} + ${sumOf(missing)} without${listed(missing)}`;
}

/** What the thread that finds processes has done. */
function ownerLines(report: OwnerReport): string[] {
  const { asked, taken, waiting, refused, begun, found, elsewhere, unknown, noRoom, again, underWay, traced, soleListener, evicted, lost } = report;
  return [
    `processes: ${begun} look-ups = ${found.map(([via, number]) => `${number} ${via}`).join(' + ')} + ${elsewhere} not of this host + ${unknown} unknown`
    + ` + ${noRoom} without room + ${again} begun again + ${underWay} under way${listed([[traced, 'told by the trace'], [soleListener, 'by a sole listener']])}`,
    `processes: ${asked} asked = ${taken} taken + ${waiting} waiting + ${refused} refused; ${evicted} evicted; lost by the kernel `
    + `${lost.traceRecords} trace records, ${lost.processEvents} process events, ${lost.firstPackets} first packets; `
    + `${count(report.restarts, 'thread')} replaced${report.isRunning ? '' : ', none answers'}`,
  ];
}

function sumOf(parts: readonly (readonly [number, string])[]): number {
  return parts.reduce((sum, [number]) => sum + number, 0);
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
