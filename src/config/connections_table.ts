// The option table of httplog connections: its command line, help, manual and completions.

import {
  CONNECTION_FORMATS, CONNECTION_SOURCES, LOGNET_DIRECTORY, type ConnectionsSettings, type ConnectionSource,
} from './connections_settings.js';
import { formatAddress, parseAddress } from './network.js';
import type { OptionRow, SettingRow } from './option.js';
import { parseSize, showSize } from './size.js';
import { LOG_LEVELS, SWITCH_ACCEPTS, parseInteger, parseLogLevel, parseSwitch, parseText, showSwitch } from './values.js';

const MOST_PORT = 65535;
const MOST_BACKUPS = 1000;
const SOURCES = ['auto', ...CONNECTION_SOURCES] as const;

export type ConnectionSettingName = keyof ConnectionsSettings;
type Rows<Names extends ConnectionSettingName> = { readonly [Name in Names]: SettingRow<ConnectionsSettings[Name]> };

const SOURCE_ROWS: Rows<'source' | 'poll'> = {
  source: {
    name: 'source', kind: 'value', metavar: 'HOW', group: 'Capture', applies: 'live',
    help: 'how connections are heard of: trace (the kernel\'s tracing, exact), capture (frames that open and close them), poll (lists of sockets, now and then); auto takes the first that works',
    default: 'auto',
    complete: { words: SOURCES },
    accepts: SOURCES.join(', '),
    parse: ([text]) => SOURCES.find((source) => source === text) satisfies ConnectionSource | 'auto' | undefined,
    show: String,
    initial: () => 'auto',
  },
  poll: {
    name: 'poll', aliases: ['i'], kind: 'value', metavar: 'SECONDS', group: 'Capture', applies: 'live',
    help: 'look every so many seconds, and hear of nothing in between; needs no root for the connections of one\'s own processes',
    default: '3 with -source poll',
    accepts: 'seconds from 0.1 to 3600',
    parse: ([text]) => (/^\d{1,4}(?:\.\d{1,3})?$/.test(text) && Number(text) >= 0.1 && Number(text) <= 3600 ? Number(text) : undefined),
    show: String,
    initial: () => 3,
  },
};

const SELECTION_ROWS: Rows<'ipVersion' | 'protocol' | 'omitSelf' | 'omitPrivate' | 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'> = {
  ipVersion: {
    name: 'ipv', kind: 'value', metavar: '4|6', group: 'Selection', applies: 'live',
    help: 'only IPv4, or only IPv6; an IPv4-mapped address is one of IPv4',
    default: 'both',
    complete: { words: ['4', '6'] },
    accepts: '4 or 6',
    parse: ([text]) => (text === '4' ? 4 : text === '6' ? 6 : undefined),
    show: (version) => String(version ?? ''),
    initial: () => undefined,
  },
  protocol: {
    name: 'p', kind: 'value', metavar: 'tcp|udp', group: 'Selection', applies: 'live',
    help: 'only TCP, or only UDP',
    default: 'both',
    complete: { words: ['tcp', 'udp'] },
    accepts: 'tcp or udp',
    parse: ([text]) => (text === 'tcp' || text === 'udp' ? text : undefined),
    show: (protocol) => protocol ?? '',
    initial: () => undefined,
  },
  omitSelf: switchRow('omit_self_conns', 'leave out sockets without remote address: those that listen'),
  omitPrivate: switchRow('omit_privnet_conns', 'leave out connections to private networks: RFC 1918, and unique and link-local addresses of IPv6'),
  localAddress: addressRow('lip', 'only connections with this local address'),
  localPort: portRow('lport', 'only connections with this local port'),
  remoteAddress: addressRow('rip', 'only connections to this remote address'),
  remotePort: portRow('rport', 'only connections to this remote port'),
};

const OUTPUT_ROWS: Rows<'format' | 'file' | 'connectionsLog' | 'processesLog' | 'fallbackDirectory' | 'maxBytes' | 'backupCount'> = {
  format: {
    name: 'o', aliases: ['output'], kind: 'value', metavar: 'FORMAT', group: 'Output', applies: 'live',
    help: 'text, json, ecs (Elastic Common Schema), lognet (its two files), conmon (its CSV of 12 fields)',
    default: 'text',
    complete: { words: CONNECTION_FORMATS },
    accepts: CONNECTION_FORMATS.join(', '),
    parse: ([text]) => CONNECTION_FORMATS.find((format) => format === text),
    show: String,
    initial: () => 'text',
  },
  file: fileRow('w', 'FILE', 'write to this file; not with -o lognet', 'standard output', 'files', ''),
  connectionsLog: fileRow('clog', 'FILE', '-o lognet: file of the connections', `${LOGNET_DIRECTORY}/connections.log`, 'files', `${LOGNET_DIRECTORY}/connections.log`),
  processesLog: fileRow('plog', 'FILE', '-o lognet: file of the processes', `${LOGNET_DIRECTORY}/processes.log`, 'files', `${LOGNET_DIRECTORY}/processes.log`),
  fallbackDirectory: fileRow('fallback_dir', 'DIR', '-o lognet: where both files go when their own place cannot be written', 'none', 'directories', ''),
  maxBytes: {
    name: 'max_bytes', kind: 'value', metavar: 'SIZE', group: 'Log files', applies: 'live',
    help: '-w: a file of this size is put aside as FILE.1, that one as FILE.2 and so on; K, M, G; 0: never',
    default: '10M',
    accepts: '0, or a size such as 500K, 10M, 1G',
    parse: ([text]) => parseSize(text, 0),
    show: showSize,
    initial: () => 10 << 20,
  },
  backupCount: {
    name: 'backup_count', kind: 'value', metavar: 'N', group: 'Log files', applies: 'live',
    help: '-w: how many such files are kept',
    default: '10',
    accepts: `an integer from 1 to ${MOST_BACKUPS}`,
    parse: ([text]) => parseInteger(text, 1, MOST_BACKUPS),
    show: String,
    initial: () => 10,
  },
};

export const CONNECTION_SETTING_ROWS: Rows<ConnectionSettingName> = {
  ...SOURCE_ROWS,
  ...SELECTION_ROWS,
  ...OUTPUT_ROWS,
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

export const CONNECTION_HELP_ROW: OptionRow = {
  name: 'h', aliases: ['help'], kind: 'flag', metavar: '', group: 'Help', applies: 'both', default: '',
  help: 'print this help and exit',
};

/** Every option of httplog connections. */
export const CONNECTION_ROWS: readonly OptionRow[] = [...Object.values(CONNECTION_SETTING_ROWS), CONNECTION_HELP_ROW];

function switchRow(name: string, help: string): SettingRow<boolean> {
  return {
    name, help, kind: 'flag', metavar: '', group: 'Selection', applies: 'live', default: 'off', accepts: SWITCH_ACCEPTS,
    parse: ([text]) => parseSwitch(text),
    show: showSwitch,
    initial: () => false,
  };
}

function addressRow(name: string, help: string): SettingRow<string> {
  return {
    name, help, kind: 'value', metavar: 'ADDR', group: 'Selection', applies: 'live', default: 'any', accepts: 'an IPv4 or IPv6 address',
    parse: ([text]) => {
      const bytes = parseAddress(text);
      return bytes === undefined ? undefined : formatAddress(bytes);
    },
    show: (address) => address,
    initial: () => '',
  };
}

function portRow(name: string, help: string): SettingRow<number> {
  return {
    name, help, kind: 'value', metavar: 'PORT', group: 'Selection', applies: 'live', default: 'any', accepts: `a port from 1 to ${MOST_PORT}`,
    parse: ([text]) => parseInteger(text, 1, MOST_PORT),
    show: (port) => (port === 0 ? '' : String(port)),
    initial: () => 0,
  };
}

function fileRow(name: string, metavar: string, help: string, shown: string, names: 'files' | 'directories', initial: string): SettingRow<string> {
  return {
    name, help, kind: 'value', metavar, group: 'Output', applies: 'live', default: shown, complete: { names }, accepts: `the name of a ${names === 'files' ? 'file' : 'directory'}`,
    parse: ([text]) => parseText(text),
    show: (file) => file,
    initial: () => initial,
  };
}
