// What -h prints and the README's option reference, both from the option table.

import type { OptionRow } from './option.js';
import { OPTION_GROUPS } from './option.js';
import { OPTION_ROWS } from './table.js';

const LEAST_WIDTH = 60;
const MOST_WIDTH = 100;
export const INDENT = '  ';
/** Kept together when a text is filled into columns. */
export const FIXED_BLANK = '\u00a0';

/** Command lines worth knowing, shown by -h. */
export const EXAMPLES: readonly { readonly command: string; readonly says: string }[] = [
  { command: 'sudo httplog -i eth0 -p 80 -log_split', says: 'log eth0 into daily files under /log/httplog' },
  { command: 'sudo httplog -i any -p 80,8000-8100 -d -', says: 'watch every interface, print the records' },
  { command: "sudo httplog -f 'tcp port 8080 and net 192.0.2.0/24' -o json", says: 'choose packets with BPF, write JSON lines' },
  { command: 'httplog -r capture.pcap', says: 'print the records of a saved capture' },
  { command: 'httplog -r mon.pcap.gz tue.pcapng -local 10.0.0.0/8 -log_split -d logs', says: 'file two captures, 10.0.0.0/8 local' },
  { command: 'sudo tcpdump -U -w - tcp port 80 | httplog -r -', says: 'read a capture as it is made' },
  { command: 'httplog -t -conf /etc/sysconfig/httplog', says: 'check a configuration file' },
];

/**
 * The help text, its last line ended.
 * @param width columns of the terminal, of which option texts fill 60 to 100; 0 or undefined where there is no terminal
 */
export function renderHelp(width: number | undefined): string {
  const columns = helpColumns(width);
  const indent = INDENT.length * 2 + Math.max(...OPTION_ROWS.map((row) => synopsis(row).length));
  const lines = [
    'httplog: one line of text for every HTTP/1.x request and response that crosses an interface',
    '',
    'Usage: httplog [-i NAME] [options]    capture live (root or CAP_NET_RAW)',
    '       httplog -r FILE… [options]     replay saved captures',
    '       httplog processes [options]    process events of this host, see httplog processes -h',
    '       httplog completion SHELL       print completions for bash, zsh or fish',
  ];
  for (const group of OPTION_GROUPS) {
    const rows = OPTION_ROWS.filter((row) => row.group === group);
    if (rows.length === 0) continue;
    lines.push('', `${group}:`);
    for (const row of rows) {
      const text = row.default === '' ? row.help : `${row.help} (default:${FIXED_BLANK}${row.default})`;
      lines.push(...hang(`${INDENT}${synopsis(row)}`, text, indent, columns));
    }
  }
  lines.push('', 'Environment and configuration file, an option wins over both:');
  const keys = OPTION_ROWS.filter((row) => row.key !== undefined).map((row) => `${row.key}${FIXED_BLANK}(-${row.name})`);
  lines.push(...hang('', keys.join(', '), INDENT.length, columns));
  lines.push('', 'Options are written -name or --name, values -name VALUE or -name=VALUE.', '', 'Examples:');
  for (const { command, says } of EXAMPLES) lines.push(`${INDENT}# ${says}`, `${INDENT}${command}`);
  return lines.join('\n') + '\n';
}

/** Columns that help fills. @param width of the terminal; 0 or undefined where there is none */
export function helpColumns(width: number | undefined): number {
  return width ? Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, width)) : MOST_WIDTH;
}

/** The README's option reference: a Markdown table, its last line ended. */
export function renderOptionReference(): string {
  const lines = ['| option | meaning | default | key |', '|---|---|---|---|'];
  for (const group of OPTION_GROUPS) {
    for (const row of OPTION_ROWS.filter((candidate) => candidate.group === group)) {
      const cells = [`\`${synopsis(row)}\``, row.help, row.default, row.key === undefined ? '' : `\`${row.key}\``];
      lines.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
    }
  }
  return lines.join('\n') + '\n';
}

/** `-p PORTS` */
function synopsis(row: OptionRow): string {
  return row.metavar === '' ? `-${row.name}` : `-${row.name} ${row.metavar}`;
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
