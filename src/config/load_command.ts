// From the command line of a command with a name (httplog processes, httplog connections) to its settings. Neither environment nor
// configuration file sets any of them: those are the capture's.

import { argvTable, isOn, parseArgv } from './argv.js';
import { dashed } from './command_help.js';
import { HELP_ROW } from './common_rows.js';
import type { SettingRow } from './option.js';
import { shown, UsageError } from './usage_error.js';

/** The rows of a command's settings, by the setting. */
export type SettingRows<Settings> = { readonly [Name in keyof Settings]: SettingRow<Settings[Name]> };

export interface LoadedCommand<Settings> {
  readonly settings: Settings;
  /** whether the command line has it */
  readonly isGiven: (setting: keyof Settings) => boolean;
}

/** An option, what it goes with in words, and whether that is so. */
export type GoesWith<Settings> = readonly [keyof Settings, string, (settings: Settings) => boolean];

/** What a default of these commands may depend on: nothing. */
const DEFAULTS = { replay: false, cores: 1 };

/**
 * @param argv what stands behind the command's name
 * @param hint what to do about a mistake that has no better hint
 * @returns undefined when help was asked for
 * @throws UsageError, which shows no value of a secret row
 */
export function loadCommand<Settings extends object>(rows: SettingRows<Settings>, argv: readonly string[], hint: string): LoadedCommand<Settings> | undefined {
  const names = Object.keys(rows) as (keyof Settings)[];
  const words = parseArgv(argv, argvTable([...names.map((name) => rows[name]), HELP_ROW], hint, dashed));
  if (isOn(words, HELP_ROW.name)) return undefined;
  const values: Partial<Settings> = {};
  for (const name of names) values[name] = valueOf(rows[name], words);
  return { settings: values as Settings, isGiven: (name) => words.has(rows[name].name) };
}

function valueOf<T>(row: SettingRow<T>, words: ReadonlyMap<string, readonly string[]>): T {
  const given = words.get(row.name);
  if (given === undefined) return row.initial(DEFAULTS);
  const value = row.parse(given);
  if (value !== undefined) return value;
  throw new UsageError(`option ${dashed(row.name)}: cannot use ${row.secret ? 'what is given' : shown(given.join(' '))}; wanted ${row.accepts}`);
}

/** @throws UsageError when an option is given without what it goes with */
export function refuseStrays<Settings>(rows: SettingRows<Settings>, { settings, isGiven }: LoadedCommand<Settings>, pairs: readonly GoesWith<Settings>[]): void {
  for (const [name, needed, fits] of pairs) {
    if (isGiven(name) && !fits(settings)) throw new UsageError(`option ${dashed(rows[name].name)}: goes with ${needed}`);
  }
}
