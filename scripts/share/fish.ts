// Completion for fish: one `complete` an option.

import type { Command } from '../../src/cli/commands.js';
import type { Completion, OptionRow } from '../../src/config/option.js';
import { CAPTURE_SUFFIXES, fillTemplate, namesOf } from './template.js';

/** @param commands the main one and those with a name */
export function fishCompletion(commands: readonly Command[]): string {
  const named = commands.filter(({ name }) => name !== '');
  const lines = named.map(({ name, summary }) => `complete -c httplog -n __fish_is_first_token -a ${name} -d ${word(summary)}`);
  const isNamed = named.length === 0 ? 'false' : `__fish_seen_subcommand_from ${named.map(({ name }) => name).join(' ')}`;
  for (const { name, rows, operand } of commands) {
    const condition = name === '' ? `not ${isNamed}` : `__fish_seen_subcommand_from ${name}`;
    for (const row of rows) lines.push(...optionLines(row, condition));
    if (operand !== undefined) lines.push(`complete -c httplog -n ${word(condition)} ${offered(operand.complete)}`);
  }
  return fillTemplate('completion.fish', { COMPLETIONS: lines.join('\n'), CAPTURES: CAPTURE_SUFFIXES.join('|') });
}

function optionLines(row: OptionRow, condition: string): string[] {
  const names = namesOf(row).map((name) => (name.length === 1 ? `-s ${name}` : `-o ${name} -l ${name}`)).join(' ');
  // -x and -r: a value has to follow.
  const value = row.kind === 'flag' ? '' : ` -x ${row.complete === undefined ? '' : offered(row.complete)}`.trimEnd();
  const lines = [`complete -c httplog -n ${word(condition)} ${names}${value} -d ${word(row.help)}`];
  if (row.kind === 'words' && row.complete !== undefined) {
    lines.push(`complete -c httplog -n ${word(`__httplog_behind ${namesOf(row).join(' ')}`)} ${offered(row.complete)}`);
  }
  return lines;
}

/** -a and what it offers, made when it is asked for. */
function offered({ list, names, words = [] }: Completion): string {
  const parts = [...(words.length === 0 ? [] : [`printf '%s\\n' ${words.map(word).join(' ')}`]), ...(names === undefined ? [] : [`__httplog_${names}`])];
  const command = parts.join('; ');
  return `-a ${word(list === true ? `(__fish_complete_list , ${word(command)})` : `(${command})`)}`;
}

/** The text as one word of fish. */
function word(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
