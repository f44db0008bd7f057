// The help of a command from its option table: what each of them prints for -h.

import { OPTION_GROUPS, type OptionRow } from './option.js';

const LEAST_WIDTH = 60;
const MOST_WIDTH = 100;
export const INDENT = '  ';
/** Kept together when a text is filled into columns. */
export const FIXED_BLANK = '\u00a0';

/** A command line worth knowing. */
export interface HelpExample {
  readonly command: string;
  readonly says: string;
}

/** What a command's help says beside its options. */
export interface CommandHelp {
  /** what it does, in one line */
  readonly title: string;
  /** ways to call it, a line each */
  readonly usage: readonly string[];
  readonly rows: readonly OptionRow[];
  /** an option and its value, as typed: `-p PORTS` */
  readonly synopsis: (row: OptionRow) => string;
  /** the lines below the options, filled into so many columns */
  readonly closing: (columns: number) => readonly string[];
  readonly examples: readonly HelpExample[];
}

/**
 * The help text, its last line ended.
 * @param width columns of the terminal, of which option texts fill 60 to 100; 0 or undefined where there is no terminal
 */
export function renderCommandHelp({ title, usage, rows, synopsis, closing, examples }: CommandHelp, width: number | undefined): string {
  const columns = width ? Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, width)) : MOST_WIDTH;
  const indent = INDENT.length * 2 + Math.max(...rows.map((row) => synopsis(row).length));
  const lines = [title, '', ...usage.map((way, at) => `${at === 0 ? 'Usage:' : '      '} ${way}`)];
  for (const group of OPTION_GROUPS) {
    const members = rows.filter((row) => row.group === group);
    if (members.length === 0) continue;
    lines.push('', `${group}:`);
    for (const row of members) {
      const text = row.default === '' ? row.help : `${row.help} (default:${FIXED_BLANK}${row.default})`;
      lines.push(...hang(`${INDENT}${synopsis(row)}`, text, indent, columns));
    }
  }
  lines.push('', ...closing(columns), '', 'Examples:');
  for (const { command, says } of examples) lines.push(`${INDENT}# ${says}`, `${INDENT}${command}`);
  return lines.join('\n') + '\n';
}

/** A label and its text, the text filled into the columns from `indent` on. */
export function hang(label: string, text: string, indent: number, columns: number): string[] {
  const lines: string[] = [];
  let line = label.padEnd(indent - 1);
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > columns) {
      lines.push(line);
      line = ''.padEnd(indent - 1);
    }
    line += ` ${word}`;
  }
  return [...lines, line].map((filled) => filled.replaceAll(FIXED_BLANK, ' '));
}

/** An option as the help and the messages of a command with a name call it: `-s`, `--socket-mode`. */
export function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name.replaceAll('_', '-')}`;
}

/** `-s, --socket PATH` */
export function synopsisOfAll({ name, aliases = [], metavar }: OptionRow): string {
  const names = [name, ...aliases].map(dashed).join(', ');
  return metavar === '' ? names : `${names} ${metavar}`;
}
