// The command line: Go-style words, put into the one form that node:util's parseArgs reads unambiguously.
//
//   -log_split   --log-split=off   -p 80   -c -1   -r a.pcap b.pcap -d -
//   becomes
//   --log_split=on   --log_split=off   --p=80   --c=-1   --r=a.pcap --r=b.pcap --d=-

import { parseArgs } from 'node:util';
import type { OptionRow } from './option.js';
import { nearestName } from './suggest.js';
import { OPTION_ROWS } from './table.js';
import { shown, UsageError } from './usage_error.js';
import { parseSwitch } from './values.js';

/** The options of a command, as its command line is read by them. */
export interface ArgvTable {
  readonly rows: ReadonlyMap<string, OptionRow>;
  /** what to do about a mistake that has no better hint */
  readonly hint: string;
  /** an option as messages call it, from its name in the table */
  readonly called: (name: string) => string;
}

/** @param rows of the command */
export function argvTable(rows: readonly OptionRow[], hint: string, called = (name: string): string => `-${name}`): ArgvTable {
  const byName = rows.flatMap((row) => [row.name, ...(row.aliases ?? [])].map((name): [string, OptionRow] => [name, row]));
  return { rows: new Map(byName), hint, called };
}

const MAIN_TABLE = argvTable(OPTION_ROWS, 'httplog -h lists the options');

const ENDS_WITH_CAPTURE_SUFFIX = /\.(?:pcap|pcapng|cap|dmp|gz)$|\//i;

/**
 * The words given to each option, by its name in the table; of options that do not repeat, the last word.
 * @param argv without the program's own name
 * @throws UsageError for an unknown option, a missing value, a word that belongs to no option
 */
export function parseArgv(argv: readonly string[], table = MAIN_TABLE): ReadonlyMap<string, readonly string[]> {
  const options = Object.fromEntries([...table.rows.values()].map((row) => [row.name, { type: 'string' as const, multiple: row.repeats ?? false }]));
  const { values } = parseArgs({ args: normaliseArgv(argv, table), options, strict: true, allowPositionals: false });
  return new Map(Object.entries(values).map(([name, words]) => [name, [words].flat().map(String)]));
}

/**
 * Whether a flag that is no setting was given, and not as off.
 * @throws UsageError when it is neither on nor off
 */
export function isOn(words: ReadonlyMap<string, readonly string[]>, name: string): boolean {
  const text = words.get(name)?.[0];
  if (text === undefined) return false;
  const on = parseSwitch(text);
  if (on === undefined) throw new UsageError(`option -${name}: cannot use ${shown(text)}; wanted on or off`);
  return on;
}

/**
 * Every option given as one word `--name=value`, by its name in the table.
 * @throws UsageError as parseArgv does
 */
export function normaliseArgv(argv: readonly string[], table = MAIN_TABLE): string[] {
  const normal: string[] = [];
  let wordsRow: OptionRow | undefined; // the option that the words behind a later `--` belong to
  for (let at = 0; at < argv.length; at++) {
    if (argv[at] === '--') {
      const rest = argv.slice(at + 1);
      if (rest.length === 0) break;
      if (wordsRow === undefined) throw strayWord(rest[0], undefined, table);
      for (const word of rest) normal.push(`--${wordsRow.name}=${word}`);
      break;
    }
    const [row, attached] = readOption(argv[at], argv[at - 1], table);
    const words = attached === undefined ? [] : [attached];
    if (row.kind === 'flag') {
      if (attached === undefined) words.push('on');
    } else if (row.kind === 'value') {
      if (attached === undefined) words.push(nextWord(row, argv[++at], table));
    } else {
      wordsRow = row;
      while (at + 1 < argv.length && !beginsOption(argv[at + 1])) words.push(argv[++at]);
      if (words.length === 0 && (argv[at + 1] !== '--' || at + 2 === argv.length)) throw missingValue(row, table);
    }
    for (const word of words) normal.push(`--${row.name}=${word}`);
  }
  return normal;
}

/** The option a word names, and the value attached to it with `=`. */
function readOption(word: string, previous: string | undefined, table: ArgvTable): [OptionRow, string | undefined] {
  const match = /^--?([^=]+)(?:=(.*))?$/s.exec(word);
  if (match === null) throw strayWord(word, previous, table);
  const name = match[1].replaceAll('-', '_');
  const row = table.rows.get(name);
  if (row === undefined) throw unknownOption(word, name, table);
  return [row, match[2]];
}

/** The word behind an option, as its value: a lone dash and negative numbers are values, other words with a dash are not. */
function nextWord(row: OptionRow, word: string | undefined, table: ArgvTable): string {
  if (word === undefined || (beginsOption(word) && !/^-\d/.test(word))) throw missingValue(row, table);
  return word;
}

function beginsOption(word: string): boolean {
  return word.length > 1 && word.startsWith('-');
}

function missingValue(row: OptionRow, { called }: ArgvTable): UsageError {
  const name = called(row.name);
  const dashed = row.kind === 'words' ? 'a file named -x is written ./-x' : `one that begins with a dash is written ${name}=VALUE`;
  return new UsageError(`option ${name} needs a value: ${row.metavar} (${dashed})`);
}

function unknownOption(word: string, name: string, table: ArgvTable): UsageError {
  const near = nearestName(name, [...table.rows.keys()]);
  const hint = near === undefined ? table.hint : `did you mean ${table.called(near)}?`;
  return new UsageError(`unknown option ${shown(word)}; ${hint}`);
}

function strayWord(word: string, previous: string | undefined, table: ArgvTable): UsageError {
  let { hint } = table;
  const flag = table.rows.get((previous ?? '').replace(/^--?/, '').replaceAll('-', '_'));
  if (flag?.kind === 'flag' && parseSwitch(word) !== undefined) hint = `did you mean ${table.called(flag.name)}=${word}?`;
  else if (table.rows.has('r') && (word === '-' || ENDS_WITH_CAPTURE_SUFFIX.test(word))) hint = 'did you mean -r FILE?';
  return new UsageError(`${shown(word)} belongs to no option; ${hint}`);
}
