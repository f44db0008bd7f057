// What httplog connections -h prints.

import { CONNECTION_ROWS } from './connections_table.js';
import { FIXED_BLANK, helpColumns, hang, INDENT } from './help.js';
import { OPTION_GROUPS } from './option.js';
import { synopsis } from './processes_help.js';

/** Command lines worth knowing. */
export const CONNECTION_EXAMPLES: readonly { readonly command: string; readonly says: string }[] = [
  { command: 'sudo httplog connections', says: 'every connection of this host with its process' },
  { command: 'sudo httplog connections --omit-self-conns --omit-privnet-conns -o json', says: 'who talks to the world, for a program' },
  { command: 'sudo httplog connections -p tcp -rport 3306 -o conmon -w /var/log/mysql-clients.csv', says: "who calls this port, in conmon's CSV" },
  { command: 'sudo httplog connections -o lognet', says: "lognet's files in /var/log/netlog" },
  { command: 'httplog connections -poll 1', says: 'without root: a look every second, processes of your own' },
];

/**
 * The help text, its last line ended.
 * @param width columns of the terminal; 0 or undefined where there is none
 */
export function renderConnectionsHelp(width: number | undefined): string {
  const columns = helpColumns(width);
  const indent = INDENT.length * 2 + Math.max(...CONNECTION_ROWS.map((row) => synopsis(row).length));
  const lines = [
    'httplog connections: every TCP connection and UDP conversation of this host, with its process',
    '',
    'Usage: httplog connections [options]    (root hears of all of them; -poll works without)',
  ];
  for (const group of OPTION_GROUPS) {
    const rows = CONNECTION_ROWS.filter((row) => row.group === group);
    if (rows.length === 0) continue;
    lines.push('', `${group}:`);
    for (const row of rows) {
      const text = row.default === '' ? row.help : `${row.help} (default:${FIXED_BLANK}${row.default})`;
      lines.push(...hang(`${INDENT}${synopsis(row)}`, text, indent, columns));
    }
  }
  lines.push('', 'Neither the environment nor a configuration file sets any of these.', '', 'Examples:');
  for (const { command, says } of CONNECTION_EXAMPLES) lines.push(`${INDENT}# ${says}`, `${INDENT}${command}`);
  return lines.join('\n') + '\n';
}
