// Rows that several option tables have: what a switch, a file, a choice, a number, a user takes is the same in every command.

import type { OptionRow, SettingRow } from './option.js';
import type { LogLevel } from './settings.js';
import { LOG_LEVELS, parseInteger, parseSwitch, parseText, parseUser, showSwitch } from './values.js';

/** What is an option's own. */
type Own = Pick<OptionRow, 'name' | 'aliases' | 'group' | 'key' | 'applies' | 'help'>;

/** What parseSwitch() takes, in words. */
const SWITCH_ACCEPTS = 'on or off (true, false, yes, no, 1, 0)';

/** On by its name alone, off unless given. */
export function switchRow(own: Own): SettingRow<boolean> {
  return {
    ...own,
    kind: 'flag', metavar: '', default: 'off', accepts: SWITCH_ACCEPTS,
    parse: ([text]) => parseSwitch(text),
    show: showSwitch,
    initial: () => false,
  };
}

/**
 * A path, as it is typed; whether there is something is for the run to say.
 * @param own.default in words
 * @param initial '' for none
 */
export function pathRow(own: Own & Pick<OptionRow, 'metavar' | 'default'>, names: 'files' | 'directories', initial = ''): SettingRow<string> {
  return {
    ...own,
    kind: 'value', complete: { names }, accepts: `the name of a ${names === 'files' ? 'file' : 'directory'}`,
    parse: ([text]) => parseText(text),
    show: (path) => path,
    initial: () => initial,
  };
}

/** One of some words. */
export function choiceRow<Choice extends string>(own: Own & Pick<OptionRow, 'metavar'>, choices: readonly Choice[], initial: Choice): SettingRow<Choice> {
  return {
    ...own,
    kind: 'value', default: initial, complete: { words: choices }, accepts: choices.join(', '),
    parse: ([text]) => choices.find((choice) => choice === text),
    show: String,
    initial: () => initial,
  };
}

/** An integer from 1 on. */
export function countRow(own: Own & Pick<OptionRow, 'metavar'>, most: number, initial: number): SettingRow<number> {
  return {
    ...own,
    kind: 'value', default: String(initial), accepts: most === Infinity ? 'an integer from 1' : `an integer from 1 to ${most}`,
    parse: ([text]) => parseInteger(text, 1, most),
    show: String,
    initial: () => initial,
  };
}

/** Who to become. */
export function userRow(own: Omit<Own, 'group'>): SettingRow<string> {
  return {
    ...own,
    kind: 'value', metavar: 'USER', group: 'Running', default: 'none', accepts: 'the name or number of a user who is not root',
    parse: ([text]) => parseUser(text),
    show: (user) => user,
    initial: () => '',
  };
}

/** How much is said. */
export function logLevelRow(own: Pick<OptionRow, 'key' | 'applies'>): SettingRow<LogLevel> {
  const help = `what is said on standard error: messages of this level and the graver ones; ${LOG_LEVELS.join(', ')}`;
  return choiceRow({ ...own, name: 'log_level', metavar: 'LEVEL', group: 'Running', help }, LOG_LEVELS, 'info');
}

export const HELP_ROW: OptionRow = {
  name: 'h', aliases: ['help'], kind: 'flag', metavar: '', group: 'Help', applies: 'both', default: '',
  help: 'print this help and exit',
};
