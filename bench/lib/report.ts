// What a benchmark found, as one Markdown text: shown on the terminal as it grows, written to docs/performance.md at the end.

export class Report {
  private readonly parts: string[] = [];

  /** Adds a paragraph, a heading or a table, and shows it. */
  add(text: string): void {
    this.parts.push(text);
    console.log(`${text}\n`);
  }

  /** @param rows cells, the first row being the head; numbers stand right */
  table(rows: readonly (readonly string[])[]): void {
    this.add(markdownTable(rows));
  }

  get text(): string {
    return `${this.parts.join('\n\n')}\n`;
  }
}

/** A table with columns of one width, so that it is read as text too. The first column stands left, the others right. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const padded = rows.map((row) => line(row.map((cell, column) => (
    column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))));
  const rule = line(widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)));
  return [padded[0], rule, ...padded.slice(1)].join('\n');
}

/** A target of issue 4 beside what was measured. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

/** A target `value` is to stay at or below. */
export function atMost(what: string, value: number, limit: number, unit: string, digits = 2): Target {
  return { what, wanted: `at most ${limit}${unit}`, measured: `${value.toFixed(digits)}${unit}`, met: value <= limit };
}

/** A target `value` is to reach. */
export function atLeast(what: string, value: number, limit: number, unit: string, digits = 2): Target {
  return { what, wanted: `at least ${limit}${unit}`, measured: `${value.toFixed(digits)}${unit}`, met: value >= limit };
}

export function targetsTable(targets: readonly Target[]): string[][] {
  return [
    ['target', 'wanted', 'measured', 'met'],
    ...targets.map(({ what, wanted, measured, met }) => [what, wanted, measured, met ? 'yes' : 'NO']),
  ];
}
