// The option table of httplog processes: its command line, help, manual and completions.

import { formatListenAddress, parseListenAddress } from './operation_rows.js';
import type { OptionRow, SettingRow } from './option.js';
import { DEFAULT_SOCKET, PROCESS_EVENTS, PROCESS_FORMATS, type ConnectTarget, type ProcessEventName, type ProcessesSettings } from './processes_settings.js';
import { LOG_LEVELS, parseInteger, parseLogLevel, parseSwitch, parseText, parseUser } from './values.js';

const SWITCH_ACCEPTS = 'on or off (true, false, yes, no, 1, 0)';
const showSwitch = (on: boolean): string => (on ? 'on' : 'off');
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
  threads: {
    name: 'threads', kind: 'flag', metavar: '', group: 'Selection', applies: 'live',
    help: 'events of single threads, too; those have a tgid',
    default: 'off',
    accepts: SWITCH_ACCEPTS,
    parse: ([text]) => parseSwitch(text),
    show: showSwitch,
    initial: () => false,
  },
  direct: {
    name: 'd', aliases: ['direct'], kind: 'flag', metavar: '', group: 'Output', applies: 'live',
    help: 'write the events to standard output',
    default: 'off',
    accepts: SWITCH_ACCEPTS,
    parse: ([text]) => parseSwitch(text),
    show: showSwitch,
    initial: () => false,
  },
  format: {
    name: 'o', aliases: ['output'], kind: 'value', metavar: 'FORMAT', group: 'Output', applies: 'live',
    help: `format of the events: ${PROCESS_FORMATS.join(', ')} (Elastic Common Schema)`,
    default: 'json',
    complete: { words: PROCESS_FORMATS },
    accepts: PROCESS_FORMATS.join(', '),
    parse: ([text]) => PROCESS_FORMATS.find((format) => format === text),
    show: String,
    initial: () => 'json',
  },
  socket: {
    name: 's', aliases: ['socket'], kind: 'value', metavar: 'PATH', group: 'Socket', applies: 'live',
    help: 'serve clients of a Unix socket; this is what happens without -d, -s and -t',
    default: DEFAULT_SOCKET,
    complete: { names: 'files' },
    accepts: 'the path of a socket',
    parse: ([text]) => parseText(text),
    show: (path) => path,
    initial: () => '',
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
  authFile: {
    name: 'auth_file', kind: 'value', metavar: 'FILE', group: 'TCP', applies: 'live',
    help: 'the password of TCP clients is the first line of this file; server and client',
    default: 'environment HTTPLOG_AUTH',
    complete: { names: 'files' },
    accepts: 'the name of a file',
    parse: ([text]) => parseText(text),
    show: (file) => file,
    initial: () => '',
  },
  auth: {
    name: 'a', aliases: ['auth'], kind: 'value', metavar: 'PASSWORD', group: 'TCP', applies: 'live',
    help: 'the password itself: every user of this host can read it with ps, so better in a file',
    default: '',
    accepts: 'a password of one line that is not empty',
    parse: ([text]) => (text !== '' && !/[\r\n\0]/.test(text) ? text : undefined),
    show: () => '(not shown)',
    initial: () => '',
  },
  tlsCert: {
    name: 'tls_cert', kind: 'value', metavar: 'FILE', group: 'TCP', applies: 'live',
    help: "TLS: the server's certificate and its chain, PEM",
    default: '',
    complete: { names: 'files' },
    accepts: 'the name of a file',
    parse: ([text]) => parseText(text),
    show: (file) => file,
    initial: () => '',
  },
  tlsKey: {
    name: 'tls_key', kind: 'value', metavar: 'FILE', group: 'TCP', applies: 'live',
    help: 'TLS: the key of that certificate, PEM',
    default: '',
    complete: { names: 'files' },
    accepts: 'the name of a file',
    parse: ([text]) => parseText(text),
    show: (file) => file,
    initial: () => '',
  },
  clients: {
    name: 'c', aliases: ['clients'], kind: 'value', metavar: 'N', group: 'Socket', applies: 'live',
    help: 'clients served at a time, Unix socket and TCP together',
    default: '10',
    accepts: `an integer from 1 to ${MOST_CLIENTS}`,
    parse: ([text]) => parseInteger(text, 1, MOST_CLIENTS),
    show: String,
    initial: () => 10,
  },
  connect: {
    name: 'connect', kind: 'value', metavar: 'SERVER', group: 'Client', applies: 'live',
    help: 'print the events of another httplog processes: unix:PATH, tcp:HOST:PORT, or tls:HOST:PORT',
    default: '',
    accepts: 'unix:PATH, tcp:HOST:PORT or tls:HOST:PORT, IPv6 in brackets',
    parse: ([text]) => parseTarget(text),
    show: (target) => (target === undefined ? '' : formatTarget(target)),
    initial: () => undefined,
  },
  tlsCa: {
    name: 'tls_ca', kind: 'value', metavar: 'FILE', group: 'Client', applies: 'live',
    help: 'TLS: the certificates to trust, PEM; of a server with a certificate of its own making, that one',
    default: 'the authorities that Node.js knows',
    complete: { names: 'files' },
    accepts: 'the name of a file',
    parse: ([text]) => parseText(text),
    show: (file) => file,
    initial: () => '',
  },
  pretty: {
    name: 'pretty', kind: 'flag', metavar: '', group: 'Client', applies: 'live',
    help: 'a line an event for people instead of JSON, coloured on a terminal (unless NO_COLOR is set)',
    default: 'on where standard output is a terminal',
    accepts: SWITCH_ACCEPTS,
    parse: ([text]) => parseSwitch(text),
    show: (on) => (on === undefined ? '' : showSwitch(on)),
    initial: () => undefined,
  },
  user: {
    name: 'u', aliases: ['user'], kind: 'value', metavar: 'USER', group: 'Running', applies: 'live',
    help: 'give up root: become this user once everything is open, keep CAP_SYS_PTRACE alone, which reading exe and cwd of others takes',
    default: 'none',
    accepts: 'the name or number of a user who is not root',
    parse: ([text]) => parseUser(text),
    show: (user) => user,
    initial: () => '',
  },
  logLevel: {
    name: 'log_level', kind: 'value', metavar: 'LEVEL', group: 'Running', applies: 'live',
    help: `what is said on standard error: messages of this level and the graver ones; ${LOG_LEVELS.join(', ')}`,
    default: 'info',
    complete: { words: LOG_LEVELS },
    accepts: LOG_LEVELS.join(', '),
    parse: ([text]) => parseLogLevel(text),
    show: String,
    initial: () => 'info',
  },
};

export const PROCESS_HELP_ROW: OptionRow = {
  name: 'h', aliases: ['help'], kind: 'flag', metavar: '', group: 'Help', applies: 'both', default: '',
  help: 'print this help and exit',
};

/** Every option of httplog processes. */
export const PROCESS_ROWS: readonly OptionRow[] = [...Object.values(PROCESS_SETTING_ROWS), PROCESS_HELP_ROW];

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
