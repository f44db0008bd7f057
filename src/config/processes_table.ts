// The option table of httplog processes: its command line, help, manual and completions.

import { choiceRow, countRow, HELP_ROW, logLevelRow, pathRow, switchRow, userRow } from './common_rows.js';
import { formatListenAddress, parseListenAddress } from './operation_rows.js';
import type { OptionRow, SettingRow } from './option.js';
import { DEFAULT_SOCKET, PROCESS_EVENTS, PROCESS_FORMATS, type ConnectTarget, type ProcessEventName, type ProcessesSettings } from './processes_settings.js';
import { parseInteger, showSwitch } from './values.js';

const MOST_CLIENTS = 10_000;
const MOST_PORT = 65535;

export type ProcessSettingName = keyof ProcessesSettings;

export const PROCESS_SETTING_ROWS: { readonly [Name in ProcessSettingName]: SettingRow<ProcessesSettings[Name]> } = {
  events: {
    name: 'e', aliases: ['events'], kind: 'value', metavar: 'LIST', group: 'Selection', applies: 'live',
    help: `which events: all, or some of ${PROCESS_EVENTS.join(', ')}`,
    default: 'all',
    complete: { words: ['all', ...PROCESS_EVENTS], list: true },
    accepts: `all, or names out of ${PROCESS_EVENTS.join(', ')}, separated by commas`,
    parse: ([text]) => parseEvents(text),
    show: (names) => (names.length === PROCESS_EVENTS.length ? 'all' : names.join(',')),
    initial: () => PROCESS_EVENTS,
  },
  threads: switchRow({
    name: 'threads', group: 'Selection', applies: 'live',
    help: 'events of single threads, too; those have a tgid',
  }),
  direct: switchRow({
    name: 'd', aliases: ['direct'], group: 'Output', applies: 'live',
    help: 'write the events to standard output',
  }),
  format: choiceRow({
    name: 'o', aliases: ['output'], metavar: 'FORMAT', group: 'Output', applies: 'live',
    help: `format of the events: ${PROCESS_FORMATS.join(', ')} (Elastic Common Schema)`,
  }, PROCESS_FORMATS, 'json'),
  socket: {
    ...pathRow({
      name: 's', aliases: ['socket'], metavar: 'PATH', group: 'Socket', applies: 'live',
      help: 'serve clients of a Unix socket; this is what happens without -d, -s and -t',
      default: DEFAULT_SOCKET,
    }, 'files'),
    accepts: 'the path of a socket',
  },
  socketMode: {
    name: 'socket_mode', kind: 'value', metavar: 'MODE', group: 'Socket', applies: 'live',
    help: 'permissions of the Unix socket, octal: who may write to it may listen',
    default: '0660',
    accepts: 'an octal number up to 777',
    parse: ([text]) => (/^0?[0-7]{1,3}$/.test(text) ? parseInt(text, 8) : undefined),
    show: (mode) => mode.toString(8).padStart(4, '0'),
    initial: () => 0o660,
  },
  socketGroup: {
    name: 'socket_group', kind: 'value', metavar: 'GROUP', group: 'Socket', applies: 'live',
    help: 'group of the Unix socket',
    default: "the process's own",
    accepts: 'the name or number of a group',
    parse: ([text]) => (/^[^\s:/\p{C}]+$/u.test(text) ? text : undefined),
    show: (group) => group,
    initial: () => '',
  },
  tcp: {
    name: 't', aliases: ['tcp'], kind: 'value', metavar: '[ADDR:]PORT', group: 'TCP', applies: 'live',
    help: 'serve TCP clients that know the password; ADDR is 127.0.0.1 unless given, IPv6 in brackets',
    default: 'none',
    accepts: 'a port up to 65535 (0: any free one), such as 8080 or 192.0.2.7:8080 or [::1]:8080',
    parse: ([text]) => parseListenAddress(text),
    show: formatListenAddress,
    initial: () => ({ address: '', port: 0 }),
  },
  authFile: pathRow({
    name: 'auth_file', metavar: 'FILE', group: 'TCP', applies: 'live',
    help: 'the password of TCP clients is the first line of this file; server and client',
    default: 'environment HTTPLOG_AUTH',
  }, 'files'),
  auth: {
    name: 'a', aliases: ['auth'], kind: 'value', metavar: 'PASSWORD', group: 'TCP', applies: 'live',
    help: 'the password itself: every user of this host can read it with ps, so better in a file',
    default: '',
    secret: true,
    accepts: 'a password of one line that is not empty',
    parse: ([text]) => (text !== '' && !/[\r\n\0]/.test(text) ? text : undefined),
    show: () => '(not shown)',
    initial: () => '',
  },
  tlsCert: pathRow({
    name: 'tls_cert', metavar: 'FILE', group: 'TCP', applies: 'live',
    help: "TLS: the server's certificate and its chain, PEM",
    default: '',
  }, 'files'),
  tlsKey: pathRow({
    name: 'tls_key', metavar: 'FILE', group: 'TCP', applies: 'live',
    help: 'TLS: the key of that certificate, PEM',
    default: '',
  }, 'files'),
  clients: countRow({
    name: 'c', aliases: ['clients'], metavar: 'N', group: 'Socket', applies: 'live',
    help: 'clients served at a time, Unix socket and TCP together',
  }, MOST_CLIENTS, 10),
  connect: {
    name: 'connect', kind: 'value', metavar: 'SERVER', group: 'Client', applies: 'live',
    help: 'print the events of another httplog processes: unix:PATH, tcp:HOST:PORT, or tls:HOST:PORT',
    default: '',
    accepts: 'unix:PATH, tcp:HOST:PORT or tls:HOST:PORT, IPv6 in brackets',
    parse: ([text]) => parseTarget(text),
    show: (target) => (target === undefined ? '' : formatTarget(target)),
    initial: () => undefined,
  },
  tlsCa: pathRow({
    name: 'tls_ca', metavar: 'FILE', group: 'Client', applies: 'live',
    help: 'TLS: the certificates to trust, PEM; of a server with a certificate of its own making, that one',
    default: 'the authorities that Node.js knows',
  }, 'files'),
  pretty: {
    ...switchRow({
      name: 'pretty', group: 'Client', applies: 'live',
      help: 'a line an event for people instead of JSON, coloured on a terminal (unless NO_COLOR is set)',
    }),
    default: 'on where standard output is a terminal',
    show: (on) => (on === undefined ? '' : showSwitch(on)),
    initial: () => undefined,
  },
  user: userRow({
    name: 'u', aliases: ['user'], applies: 'live',
    help: 'give up root: become this user once everything is open, keep CAP_SYS_PTRACE alone, which reading exe and cwd of others takes',
  }),
  logLevel: logLevelRow({ applies: 'live' }),
};

/** Every option of httplog processes. */
export const PROCESS_ROWS: readonly OptionRow[] = [...Object.values(PROCESS_SETTING_ROWS), HELP_ROW];

/** Names of events from a comma list, each once, in the order of the table; `all` for every one. */
function parseEvents(text: string): readonly ProcessEventName[] | undefined {
  if (text.trim() === 'all') return PROCESS_EVENTS;
  const names = new Set(text.split(',').map((name) => name.trim()));
  const events = PROCESS_EVENTS.filter((event) => names.has(event));
  return events.length === names.size ? events : undefined;
}

function parseTarget(text: string): ConnectTarget | undefined {
  const [, path] = /^unix:([^\0]+)$/.exec(text) ?? [];
  if (path !== undefined) return { path };
  const [, scheme, bracketed, plain, portText] = /^(tcp|tls):(?:\[([\da-fA-F:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  if (portText === undefined) return undefined;
  const port = parseInteger(portText, 1, MOST_PORT);
  return port === undefined ? undefined : { host: bracketed ?? plain, port, tls: scheme === 'tls' };
}

/** As it is typed. */
export function formatTarget(target: ConnectTarget): string {
  if ('path' in target) return `unix:${target.path}`;
  const scheme = target.tls ? 'tls' : 'tcp';
  return target.host.includes(':') ? `${scheme}:[${target.host}]:${target.port}` : `${scheme}:${target.host}:${target.port}`;
}
