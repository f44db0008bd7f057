// The totals as httplog prints them, read back: what a person adds up, added up.

import assert from 'node:assert/strict';

/** One source's lines of a report. */
export interface PrintedTotals {
  readonly name: string;
  readonly received: number;
  readonly handed: number;
  readonly dropped: number;
  /** counted by the kernel and not handed over yet */
  readonly waiting: number;
  readonly parsed: number;
  readonly skipped: number;
  /** handed over and lost with a worker that broke */
  readonly lost: number;
  /** handed over and not parsed yet: `in the ring`, `lost at the end` */
  readonly pending: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly empty: number;
  readonly noMessage: number;
  readonly records: Readonly<Record<string, number>>;
}

export interface PrintedReport {
  readonly sources: readonly PrintedTotals[];
  readonly linesWritten: number;
  readonly bytesWritten: number;
  readonly linesLost: number;
  /** of those, for want of room */
  readonly linesHeldBack: number;
  readonly writeErrors: number;
  /** lines that a killed predecessor had left incomplete */
  readonly linesMended: number;
}

const RECEIVED = /^httplog: (.+): (\d+) received = (\d+) handed over \+ (\d+) dropped by the kernel(?: \(buffer full \d+ times?\))?(?: \+ (\d+) waiting in the kernel)?$/;
const HANDED = /^httplog: (.+): (\d+) handed over = (\d+) parsed \+ (\d+) skipped(?: \(([^)]*)\))?(?: \+ (\d+) lost with a worker)?(?: \+ (\d+) (?:in the ring|lost at the end))?$/;
const PARSED = /^httplog: .+: of the parsed (\d+) without payload, (\d+) begin no message/;
const RECORDS = /^httplog: .+: records ([^(;]*)/;
const WRITTEN = /^httplog: (\d+) lines? and (\d+) bytes? written, (\d+) lines? lost(?: \((\d+) for want of room\))?, (\d+) write errors?(?:, (\d+) incomplete lines? closed)?$/;

/** Every report in what httplog wrote to standard error, oldest first. Each equation is checked. */
export function readReports(stderr: string): PrintedReport[] {
  const reports: PrintedReport[] = [];
  // The last one may still be on its way. Lines of a file begin with their time.
  const lines = stderr.split('\n').slice(0, -1).map((line) => line.replace(/^\S+Z httplog\[\d+\] info: /, 'httplog: '));
  let begin = 0;
  lines.forEach((line, at) => {
    const written = WRITTEN.exec(line);
    if (written === null) return;
    const [linesWritten, bytesWritten, linesLost, linesHeldBack, writeErrors, linesMended] = written.slice(1).map((text) => Number(text ?? 0));
    reports.push({ sources: readSources(lines.slice(begin, at)), linesWritten, bytesWritten, linesLost, linesHeldBack, writeErrors, linesMended });
    begin = at + 1;
  });
  return reports;
}

function readSources(lines: readonly string[]): PrintedTotals[] {
  return lines.flatMap((line, at) => {
    const received = RECEIVED.exec(line);
    return received === null ? [] : [readSource(received, lines.slice(at, at + 4))];
  });
}

/** The last report. @throws AssertionError when there is none */
export function lastReport(stderr: string): PrintedReport {
  const report = readReports(stderr).at(-1);
  assert.ok(report !== undefined, `no totals in: ${stderr}`);
  return report;
}

function readSource(received: RegExpExecArray, lines: readonly string[]): PrintedTotals {
  const name = received[1];
  const [all, handedOver, dropped, waiting] = received.slice(2).map((text) => Number(text ?? 0));
  const handed = HANDED.exec(lines[1]);
  assert.ok(handed !== null && handed[1] === name, lines[1]);
  const [handedAgain, parsed, skipped] = handed.slice(2, 5).map(Number);
  const reasons = listed(handed[5] ?? '', ', ');
  const [lost, pending] = handed.slice(6).map((text) => Number(text ?? 0));
  const [empty, noMessage] = (PARSED.exec(lines[2]) ?? assert.fail(lines[2])).slice(1).map(Number);
  const records = listed((RECORDS.exec(lines[3]) ?? assert.fail(lines[3]))[1], ', ');
  assert.equal(all, handedOver + dropped + waiting, lines[0]);
  assert.equal(handedAgain, handedOver, lines[1]);
  assert.equal(handedOver, parsed + skipped + lost + pending, lines[1]);
  assert.equal(skipped, Object.values(reasons).reduce((sum, number) => sum + number, 0), lines[1]);
  return { name, received: all, handed: handedOver, dropped, waiting, parsed, skipped, lost, pending, reasons, empty, noMessage, records };
}

/** `3 this, 4 that` by name. */
function listed(text: string, separator: string): Record<string, number> {
  const parts = text.trim().split(separator).filter((part) => part !== '');
  return Object.fromEntries(parts.map((part) => {
    const [, number, name] = /^(\d+) (.+)$/.exec(part.trim()) ?? assert.fail(part);
    return [name, Number(number)];
  }));
}

/**
 * The last report of a run that has ended, with everything in it that can be added up added up: frames by what became of them,
 * payloads, records and lines.
 * @param messagesAFrame records a frame with a message makes; any: a frame may hold several
 */
export function finalReport(stderr: string, messagesAFrame: number | 'any' = 1): PrintedReport {
  const report = lastReport(stderr);
  let records = 0;
  for (const { name, received, dropped, parsed, skipped, lost, pending, waiting, empty, noMessage, records: kinds } of report.sources) {
    assert.equal(received, parsed + skipped + lost + pending + dropped + waiting, name);
    const recordsHere = Object.values(kinds).reduce((sum, number) => sum + number, 0);
    if (messagesAFrame !== 'any') assert.equal(parsed - empty - noMessage, recordsHere / messagesAFrame, name);
    records += recordsHere;
  }
  assert.equal(report.linesWritten + report.linesLost, records, 'a line a record');
  return report;
}
