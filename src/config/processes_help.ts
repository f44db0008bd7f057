// What httplog processes -h prints.

import { renderCommandHelp, synopsisOfAll, type CommandHelp } from './command_help.js';
import { PROCESS_ROWS } from './processes_table.js';

const PROCESSES_HELP: CommandHelp = {
  title: 'httplog processes: every process event of this host, as JSON lines',
  usage: [
    'httplog processes [-d] [-s PATH] [-t [ADDR:]PORT] [options]    serve events (root, or CAP_NET_ADMIN)',
    'httplog processes --connect SERVER [options]                   print those of a server',
  ],
  rows: PROCESS_ROWS,
  synopsis: synopsisOfAll,
  closing: () => ['Neither the environment (but for HTTPLOG_AUTH) nor a configuration file sets any of these.'],
  examples: [
    { command: 'sudo httplog processes -d', says: 'print every process event of this host' },
    { command: 'sudo httplog processes -d -e exec,exit -o ecs', says: 'programs started and ended, for Elasticsearch' },
    { command: 'sudo httplog processes --socket-group adm', says: 'serve the events to the members of a group' },
    { command: 'httplog processes --connect unix:/run/httplog/processes.sock --pretty', says: 'watch them' },
    {
      command: 'sudo httplog processes -t 192.0.2.7:8080 --auth-file /etc/httplog.auth --tls-cert cert.pem --tls-key key.pem',
      says: 'serve them to other hosts',
    },
  ],
};

/** The help text, its last line ended. @param width as renderCommandHelp takes it */
export function renderProcessesHelp(width: number | undefined): string {
  return renderCommandHelp(PROCESSES_HELP, width);
}
