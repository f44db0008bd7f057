// What a row of the option table says.

import type { Settings } from './settings.js';

/** Settings that have a row of their own; the others follow from them. */
export type OptionValues = Omit<Settings, 'portsGiven'>;
export type SettingName = keyof OptionValues;

/** What a default may depend on. */
export interface DefaultContext {
  readonly replay: boolean;
  /** processors this process may use, from 1 */
  readonly cores: number;
}

export interface OptionRow {
  /** as typed after the dash, without it */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** flag: on by itself, or =on, =off; value: takes a word; words: takes every word up to the next option */
  readonly kind: 'flag' | 'value' | 'words';
  /** what stands for the value in help; '' for a flag */
  readonly metavar: string;
  readonly group: OptionGroup;
  readonly help: string;
  /** the default in words, as help shows it; '' for none */
  readonly default: string;
  /** its key in environment and configuration file; undefined: command line only */
  readonly key?: string;
  readonly applies: 'live' | 'replay' | 'both';
  /** given several times it collects instead of keeping the last */
  readonly repeats?: boolean;
  /** what a shell offers for its value; undefined: nothing */
  readonly complete?: Completion;
}

/** What a shell offers for a value. */
export interface Completion {
  /** known beforehand; without blanks and characters that a shell would take for its own */
  readonly words?: readonly string[];
  /** what the machine has */
  readonly names?: 'interfaces' | 'captures' | 'files' | 'directories';
  /** the value is a list separated by commas: each of its items is completed */
  readonly list?: boolean;
}

/** The row of an option that becomes a setting. */
export interface SettingRow<T> extends OptionRow {
  /** its value is shown in no message */
  readonly secret?: boolean;
  /** what parse() accepts, in words */
  readonly accepts: string;
  /** From the words given (one, unless it repeats) to the value; undefined when they are not accepted. */
  parse(words: readonly string[]): T | undefined;
  /** The value as a user would write it; '' for none. */
  show(value: T): string;
  initial(context: DefaultContext): T;
}

/** Headings of the help, in its order. */
export const OPTION_GROUPS = ['Capture', 'Replay', 'Selection', 'Output', 'Log files', 'Socket', 'TCP', 'Client', 'Running', 'Help'] as const;
export type OptionGroup = (typeof OPTION_GROUPS)[number];
