// What httplog processes -h prints.

import { FIXED_BLANK, helpColumns, hang, INDENT } from './help.js';
import { OPTION_GROUPS, type OptionRow } from './option.js';
import { PROCESS_ROWS } from './processes_table.js';

/** Command lines worth knowing. */
const PROCESS_EXAMPLES: readonly { readonly command: string; readonly says: string }[] = [
  { command: 'sudo httplog processes -d', says: 'print every process event of this host' },
  { command: 'sudo httplog processes -d -e exec,exit -o ecs', says: 'programs started and ended, for Elasticsearch' },
  { command: 'sudo httplog processes --socket-group adm', says: 'serve the events to the members of a group' },
  { command: 'httplog processes --connect unix:/run/httplog/processes.sock --pretty', says: 'watch them' },
  {
    command: 'sudo httplog processes -t 192.0.2.7:8080 --auth-file /etc/httplog.auth --tls-cert cert.pem --tls-key key.pem',
    says: 'serve them to other hosts',
  },
];

/** An option as this command's help and messages name it: `-s`, `--socket-mode`. */
export function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name.replaceAll('_', '-')}`;
}

/**
 * The help text, its last line ended.
 * @param width columns of the terminal; 0 or undefined where there is none
 */
export function renderProcessesHelp(width: number | undefined): string {
  const columns = helpColumns(width);
  const indent = INDENT.length * 2 + Math.max(...PROCESS_ROWS.map((row) => synopsis(row).length));
  const lines = [
    'httplog processes: every process event of this host, as JSON lines',
    '',
    'Usage: httplog processes [-d] [-s PATH] [-t [ADDR:]PORT] [options]    serve events (root, or CAP_NET_ADMIN)',
    '       httplog processes --connect SERVER [options]                   print those of a server',
  ];
  for (const group of OPTION_GROUPS) {
    const rows = PROCESS_ROWS.filter((row) => row.group === group);
    if (rows.length === 0) continue;
    lines.push('', `${group}:`);
    for (const row of rows) {
      const text = row.default === '' ? row.help : `${row.help} (default:${FIXED_BLANK}${row.default})`;
      lines.push(...hang(`${INDENT}${synopsis(row)}`, text, indent, columns));
    }
  }
  lines.push('', 'Neither the environment (but for HTTPLOG_AUTH) nor a configuration file sets any of these.', '', 'Examples:');
  for (const { command, says } of PROCESS_EXAMPLES) lines.push(`${INDENT}# ${says}`, `${INDENT}${command}`);
  return lines.join('\n') + '\n';
}

/** `-s, --socket PATH` */
export function synopsis({ name, aliases = [], metavar }: OptionRow): string {
  const names = [name, ...aliases].map(dashed).join(', ');
  return metavar === '' ? names : `${names} ${metavar}`;
}
