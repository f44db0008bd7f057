// httplog(8), from the option table and what is said here.

import { MAIN_COMMAND, SUBCOMMANDS, type Command } from '../../src/cli/commands.js';
import { EXAMPLES } from '../../src/config/help.js';
import { OPTION_GROUPS, type OptionRow } from '../../src/config/option.js';
import { EXIT_STATUS, FILES, LIMITS, SEE_ALSO, SIGNALS, TOTALS, WHAT_IT_DOES } from './man_text.js';
import { bold, example, filled, italic, marked, paragraph, roff, section, subsection, terms } from './roff.js';
import { namesOf } from './template.js';

/**
 * The page in man(7).
 * @param version of the package
 * @param date YYYY-MM-DD
 */
export function manPage(version: string, date: string): string {
  return filled([
    `.\\" Made by scripts/share/man_page.ts from the option table of httplog ${version}.\n`,
    `.TH HTTPLOG 8 ${date} "httplog ${version}" "System Administration"\n`,
    section('NAME', `httplog \\- ${roff(MAIN_COMMAND.summary)}\n`),
    section('SYNOPSIS', ...synopses()),
    section('DESCRIPTION', ...WHAT_IT_DOES.map(paragraph), subsection('"Totals"', ...TOTALS.map(paragraph)), subsection('"Limits"', ...LIMITS.map(paragraph))),
    section('OPTIONS', paragraph('Options are written *-name* or *--name*, with *-* or *_* inside a name, values *-name* VALUE or *-name=*VALUE.'), ...optionGroups(MAIN_COMMAND.rows)),
    ...(SUBCOMMANDS.length === 0 ? [] : [section('COMMANDS', ...SUBCOMMANDS.map(subcommand))]),
    section('ENVIRONMENT', ...environment(MAIN_COMMAND.rows)),
    section('FILES', terms(FILES.map(([name, text]) => [italic(name), marked(text)]))),
    section('SIGNALS', terms(SIGNALS.map(([names, text]) => [bold(names), marked(text)]))),
    section('"EXIT STATUS"', terms(EXIT_STATUS.map(([status, text]) => [bold(status), marked(text)]))),
    section('EXAMPLES', ...EXAMPLES.flatMap(({ command, says }) => [paragraph(`${sentence(says)}:`), example(command)])),
    section('"SEE ALSO"', paragraph(SEE_ALSO)),
  ].join(''));
}

function synopses(): string[] {
  const lines = [
    `${bold('httplog')} [${bold('-i')} ${italic('NAME')}] [${italic('options')}]`,
    `${bold('httplog')} ${bold('-r')} ${italic('FILE…')} [${italic('options')}]`,
    ...SUBCOMMANDS.map((command) => commandLine(command)),
  ];
  return lines.map((line, at) => `${at === 0 ? '' : '.br\n'}${line}\n`);
}

function commandLine({ name, rows, operand }: Command): string {
  const options = rows.filter(({ group }) => group !== 'Help').length > 0 ? ` [${italic('options')}]` : '';
  return `${bold(`httplog ${name}`)}${options}${operand === undefined ? '' : ` ${italic(operand.metavar)}`}`;
}

function optionGroups(rows: readonly OptionRow[]): string[] {
  return OPTION_GROUPS.flatMap((group) => {
    const members = rows.filter((row) => row.group === group);
    return members.length === 0 ? [] : [subsection(group, terms(members.map(option)))];
  });
}

function option(row: OptionRow): readonly [string, string] {
  const names = namesOf(row).map((name) => bold(`-${name}`)).join(', ');
  const { words = [], list } = row.complete ?? {};
  // Where the text names them already, a list of them says nothing new.
  const said = words.every((word) => `${row.metavar} ${row.help}`.includes(word));
  const known = said ? '' : ` ${list === true ? 'Names' : 'Values'}: ${words.join(', ')}.`;
  const preset = row.default === '' ? '' : ` Default: ${row.default}.`;
  const help = words.some((word) => row.help.startsWith(`${word}:`)) ? row.help : sentence(row.help);
  return [row.metavar === '' ? names : `${names} ${italic(row.metavar)}`, roff(`${help.replace(/[^.]$/, '$&.')}${known}${preset}`)];
}

function sentence(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

function subcommand(command: Command): string {
  const own = command.rows.filter(({ group }) => group !== 'Help');
  return terms([[commandLine(command), roff(`${sentence(command.summary)}.`)]]) + (own.length === 0 ? '' : `.RS\n${terms(own.map(option))}.RE\n`);
}

function environment(rows: readonly OptionRow[]): string[] {
  const keyed = rows.flatMap(({ key, name }): (readonly [string, string])[] => (key === undefined ? [] : [[bold(key), marked(`As *-${name}*.`)]]));
  return [
    paragraph('An option wins over the environment, the environment over the configuration file. A replay takes nothing from the environment. Flags are on or off. The same keys stand in the configuration file.'),
    terms([
      ...keyed,
      [bold('NODE'), 'The Node.js program that runs httplog. Default: node.'],
      [bold('TZ'), marked('The zone of text records and of days, unless *-utc* is on.')],
    ]),
  ];
}
