// Completion for bash: what an option takes, as functions that the code of completion.bash calls.

import type { Command } from '../../src/cli/commands.js';
import type { Completion, OptionRow } from '../../src/config/option.js';
import { CAPTURE_SUFFIXES, fillTemplate, namesOf, quoted } from './template.js';

/** @param commands the main one and those with a name */
export function bashCompletion(commands: readonly Command[]): string {
  const named = commands.map(({ name }) => name).filter((name) => name !== '');
  const options = commands.map(({ name, rows }) => `    ${quoted(name)}) echo ${quoted(rows.flatMap(namesOf).join(' '))} ;;\n`);
  const operands = commands.map(({ name, operand }) => (
    operand === undefined ? '' : `    ${quoted(name)}) ${offer(operand.complete)} ;;\n`));
  const tables = [
    `_httplog_commands=${quoted(named.join(' '))}\n`,
    `# Fails where the option takes no value.\n_httplog_value() { # COMMAND OPTION\n  case $1:$2 in\n${
      branches(commands, ({ kind }) => kind !== 'flag')}    *) return 1 ;;\n  esac\n}\n`,
    `_httplog_words() { # COMMAND OPTION\n  case $1:$2 in\n${branches(commands, ({ kind }) => kind === 'words')}  esac\n}\n`,
    `_httplog_options() { # COMMAND\n  case $1 in\n${options.join('')}  esac\n}\n`,
    `_httplog_operand() { # COMMAND\n  case $1 in\n${operands.join('')}  esac\n}\n`,
  ];
  return fillTemplate('completion.bash', { TABLES: tables.join('\n'), CAPTURES: CAPTURE_SUFFIXES.join('|') });
}

function branches(commands: readonly Command[], wanted: (row: OptionRow) => boolean): string {
  return commands.flatMap(({ name: command, rows }) => rows.filter(wanted).map((row) => (
    `    ${namesOf(row).map((name) => `${command}:${name}`).join(' | ')}) ${row.complete === undefined ? ':' : offer(row.complete)} ;;\n`))).join('');
}

function offer({ list, names, words }: Completion): string {
  return `_httplog_offer ${list === true ? 'list' : 'item'} ${quoted(names ?? '')} ${quoted((words ?? []).join(' '))}`;
}
