// What -h prints and the README's option reference, both from the option table.

import { FIXED_BLANK, hang, INDENT, renderCommandHelp, type HelpExample } from './command_help.js';
import { OPTION_GROUPS, type OptionRow } from './option.js';
import { OPTION_ROWS } from './table.js';

/** Command lines worth knowing, shown by -h. */
export const EXAMPLES: readonly HelpExample[] = [
  { command: 'sudo httplog -i eth0 -p 80 -log_split', says: 'log eth0 into daily files under /log/httplog' },
  { command: 'sudo httplog -i any -p 80,8000-8100 -d -', says: 'watch every interface, print the records' },
  { command: "sudo httplog -f 'tcp port 8080 and net 192.0.2.0/24' -o json", says: 'choose packets with BPF, write JSON lines' },
  { command: 'httplog -r capture.pcap', says: 'print the records of a saved capture' },
  { command: 'httplog -r mon.pcap.gz tue.pcapng -local 10.0.0.0/8 -log_split -d logs', says: 'file two captures, 10.0.0.0/8 local' },
  { command: 'sudo tcpdump -U -w - tcp port 80 | httplog -r -', says: 'read a capture as it is made' },
  { command: 'httplog -t -conf /etc/sysconfig/httplog', says: 'check a configuration file' },
];

/** The help text, its last line ended. @param width as renderCommandHelp takes it */
export function renderHelp(width: number | undefined): string {
  return renderCommandHelp({
    title: 'httplog: one line of text for every HTTP/1.x request and response that crosses an interface',
    usage: [
      'httplog [-i NAME] [options]    capture live (root or CAP_NET_RAW)',
      'httplog -r FILE… [options]     replay saved captures',
      'httplog processes [options]    process events of this host, see httplog processes -h',
      'httplog connections [options]  connections of this host, see httplog connections -h',
      'httplog completion SHELL       print completions for bash, zsh or fish',
    ],
    rows: OPTION_ROWS,
    synopsis,
    closing: keysAndWords,
    examples: EXAMPLES,
  }, width);
}

function keysAndWords(columns: number): string[] {
  const keys = OPTION_ROWS.filter((row) => row.key !== undefined).map((row) => `${row.key}${FIXED_BLANK}(-${row.name})`);
  return [
    'Environment and configuration file, an option wins over both:',
    ...hang('', keys.join(', '), INDENT.length, columns),
    '',
    'Options are written -name or --name, values -name VALUE or -name=VALUE.',
  ];
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
