// Runs of whole lines on their way into a sink, and what of them got there.

/** Whole lines for one file, each ending in a newline. */
export interface LineRun {
  /** 0, or with -log_split the record kind (record/kinds.ts) */
  readonly region: number;
  /** of their file: periods of its length since 1970-01-01, days without -rotate */
  readonly period: number;
  /** valid until the write that got it resolves */
  readonly bytes: Uint8Array;
  readonly lines: number;
}

export const NEWLINE = 0x0a;

/** Lines wholly inside the first bytes of something, and the bytes they take. */
export interface WholeLines {
  readonly lines: number;
  readonly bytes: number;
}

/** @returns what the first `limit` bytes of `parts`, taken as one text, hold of whole lines */
export function wholeLines(parts: readonly Uint8Array[], limit: number): WholeLines {
  let lines = 0;
  let bytes = 0;
  let start = 0;
  for (const part of parts) {
    const end = Math.min(part.length, limit - start);
    for (let at = part.indexOf(NEWLINE); at >= 0 && at < end; at = part.indexOf(NEWLINE, at + 1)) {
      lines++;
      bytes = start + at + 1;
    }
    start += part.length;
    if (start >= limit) break;
  }
  return { lines, bytes };
}

/** @returns a copy of the bytes from `from` (inclusive) to `to` (exclusive) of `parts`, taken as one text */
export function copyRange(parts: readonly Uint8Array[], from: number, to: number): Uint8Array {
  const copy = new Uint8Array(to - from);
  let start = 0;
  for (const part of parts) {
    const first = Math.max(from - start, 0);
    const end = Math.min(to - start, part.length);
    if (first < end) copy.set(part.subarray(first, end), start + first - from);
    start += part.length;
  }
  return copy;
}

export function sumLines(runs: readonly LineRun[]): number {
  let lines = 0;
  for (const run of runs) lines += run.lines;
  return lines;
}
