// The commands of httplog with their option tables: what the manual and the shell completions are made from.

import type { Completion, OptionRow } from '../config/option.js';
import { CONNECTION_ROWS } from '../config/connections_table.js';
import { PROCESS_ROWS } from '../config/processes_table.js';
import { ACTION_ROWS, OPTION_ROWS } from '../config/table.js';

export interface Command {
  /** the word behind httplog; '' for the main job */
  readonly name: string;
  readonly summary: string;
  readonly rows: readonly OptionRow[];
  /** its words that belong to no option: what stands for them in help, and what a shell offers */
  readonly operand?: { readonly metavar: string; readonly complete: Completion };
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const MAIN_COMMAND: Command = {
  name: '',
  summary: 'one line of text for every HTTP/1.x request and response that crosses an interface',
  rows: OPTION_ROWS,
};

export const COMPLETION_COMMAND: Command = {
  name: 'completion',
  summary: 'print what makes a shell complete the options of httplog',
  rows: [ACTION_ROWS.help],
  operand: { metavar: SHELLS.join('|'), complete: { words: SHELLS } },
};

const PROCESSES_COMMAND: Command = {
  name: 'processes',
  summary: 'every process event of this host, as JSON lines on standard output, a Unix socket or TCP',
  rows: PROCESS_ROWS,
};

const CONNECTIONS_COMMAND: Command = {
  name: 'connections',
  summary: 'every TCP connection and UDP conversation of this host, with its process',
  rows: CONNECTION_ROWS,
};

/** The commands that have a name. */
export const SUBCOMMANDS: readonly Command[] = [PROCESSES_COMMAND, CONNECTIONS_COMMAND, COMPLETION_COMMAND];
