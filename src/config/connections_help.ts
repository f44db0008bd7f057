// What httplog connections -h prints.

import { renderCommandHelp, synopsisOfAll, type CommandHelp } from './command_help.js';
import { CONNECTION_ROWS } from './connections_table.js';

const CONNECTIONS_HELP: CommandHelp = {
  title: 'httplog connections: every TCP connection and UDP conversation of this host, with its process',
  usage: ['httplog connections [options]    (root hears of all of them; -poll works without)'],
  rows: CONNECTION_ROWS,
  synopsis: synopsisOfAll,
  closing: () => ['Neither the environment nor a configuration file sets any of these.'],
  examples: [
    { command: 'sudo httplog connections', says: 'every connection of this host with its process' },
    { command: 'sudo httplog connections --omit-self-conns --omit-privnet-conns -o json', says: 'who talks to the world, for a program' },
    { command: 'sudo httplog connections -p tcp -rport 3306 -o conmon -w /var/log/mysql-clients.csv', says: "who calls this port, in conmon's CSV" },
    { command: 'sudo httplog connections -o lognet', says: "lognet's files in /var/log/netlog" },
    { command: 'sudo httplog connections -u nobody -d /var/log/connections -o json', says: 'a daemon: gives up root, rotates its files there' },
    { command: 'httplog connections -poll 1', says: 'without root: a look every second, processes of your own' },
  ],
};

/** The help text, its last line ended. @param width as renderCommandHelp takes it */
export function renderConnectionsHelp(width: number | undefined): string {
  return renderCommandHelp(CONNECTIONS_HELP, width);
}
