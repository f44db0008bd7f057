// Completion for zsh: a specification of _arguments an option.

import type { Command } from '../../src/cli/commands.js';
import type { Completion } from '../../src/config/option.js';
import { CAPTURE_SUFFIXES, fillTemplate, namesOf, quoted } from './template.js';

/** @param commands the main one and those with a name */
export function zshCompletion(commands: readonly Command[]): string {
  const named = commands.filter(({ name }) => name !== '');
  const summaries = named.map(({ name, summary }) => `    ${quoted(`${escaped(name)}:${summary}`)}\n`).join('');
  const branches = commands.map((command) => (
    `    ${command.name === '' ? '*' : command.name})\n      _arguments \\\n${specifications(command).map((text) => `        ${quoted(text)}`).join(' \\\n')}\n      ;;\n`));
  const words = commands[0].rows.filter(({ kind }) => kind === 'words').map((row) => `    ${namesOf(row).join('|')})${action(row.complete)} ;;\n`);
  // The main command is what is left over.
  return fillTemplate('completion.zsh', {
    SUMMARIES: summaries.trimEnd(),
    COMMANDS: named.map(({ name }) => name).join('|'),
    WORDS: words.join('').trimEnd(),
    BRANCHES: [...branches.slice(1), branches[0]].join('').trimEnd(),
    CAPTURES: CAPTURE_SUFFIXES.join('|'),
  });
}

function specifications({ rows, name, operand }: Command): string[] {
  const options = rows.flatMap((row) => namesOf(row).flatMap((option) => {
    const value = row.kind === 'flag' ? '' : `:${escaped(row.metavar)}:${action(row.complete)}`;
    // The value is behind an equals sign or the next word.
    const attached = row.kind === 'flag' ? '' : '=';
    const repeats = row.repeats === true ? '*' : '';
    return [`-${option}`, `--${option}`].map((dashed) => `${repeats}${dashed}${attached}[${escaped(row.help)}]${value}`);
  }));
  if (name === '') return [...options, '*: :_httplog_word'];
  return operand === undefined ? options : [...options, `1:${escaped(operand.metavar)}:${action(operand.complete)}`];
}

function action(complete: Completion | undefined): string {
  if (complete === undefined) return ' ';
  const { list, names, words = [] } = complete;
  // After a blank it is called as it is written.
  return [` _httplog_offer ${list === true ? 'list' : 'item'} ${quoted(names ?? '')}`, ...words].join(' ');
}

/** Without what _arguments takes for its own. */
function escaped(text: string): string {
  return text.replaceAll(/[\\:[\]]/g, (character) => `\\${character}`);
}
