// The option table of httplog connections: its command line, help, manual and completions.

import { CONNECTION_FORMATS, CONNECTION_SOURCES, LOGNET_DIRECTORY, LOGNET_NAMES, type ConnectionsSettings } from './connections_settings.js';
import { choiceRow, countRow, HELP_ROW, logLevelRow, pathRow, switchRow, userRow } from './common_rows.js';
import { formatAddress, parseAddress } from './network.js';
import type { OptionRow, SettingRow } from './option.js';
import { parseSize, showSize } from './size.js';
import { parseInteger } from './values.js';

const MOST_PORT = 65535;
const MOST_BACKUPS = 1000;
const SOURCES = ['auto', ...CONNECTION_SOURCES] as const;

type Rows<Names extends keyof ConnectionsSettings> = { readonly [Name in Names]: SettingRow<ConnectionsSettings[Name]> };

const SOURCE_ROWS: Rows<'source' | 'poll'> = {
  source: choiceRow({
    name: 'source', metavar: 'HOW', group: 'Capture', applies: 'live',
    help: 'how connections are heard of: trace (the kernel\'s tracing, exact), capture (frames that open and close them), poll (lists of sockets, now and then); auto takes the first that works',
  }, SOURCES, 'auto'),
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
  omitSelf: switchRow({
    name: 'omit_self_conns', group: 'Selection', applies: 'live',
    help: 'leave out sockets without remote address: those that listen',
  }),
  omitPrivate: switchRow({
    name: 'omit_privnet_conns', group: 'Selection', applies: 'live',
    help: 'leave out connections to private networks: RFC 1918, and unique and link-local addresses of IPv6',
  }),
  localAddress: addressRow('lip', 'only connections with this local address'),
  localPort: portRow('lport', 'only connections with this local port'),
  remoteAddress: addressRow('rip', 'only connections to this remote address'),
  remotePort: portRow('rport', 'only connections to this remote port'),
};

const OUTPUT_ROWS: Rows<'format' | 'directory' | 'file' | 'connectionsLog' | 'processesLog' | 'fallbackDirectory' | 'maxBytes' | 'backupCount'> = {
  format: choiceRow({
    name: 'o', aliases: ['output'], metavar: 'FORMAT', group: 'Output', applies: 'live',
    help: 'text, json, ecs (Elastic Common Schema), lognet (its two files), conmon (its CSV of 12 fields)',
  }, CONNECTION_FORMATS, 'text'),
  directory: {
    ...pathRow({
      name: 'd', metavar: 'DIR', group: 'Output', applies: 'live',
      help: 'log directory: what -w, -clog and -plog name is in it, without them connections.log, .json, .ecs.json or .csv, of lognet both files; - is standard output',
      default: 'none',
    }, 'directories'),
    complete: { words: ['-'], names: 'directories' },
    accepts: 'a directory, or - for standard output',
  },
  file: pathRow({
    name: 'w', metavar: 'FILE', group: 'Output', applies: 'live',
    help: 'write to this file; not with -o lognet',
    default: 'standard output',
  }, 'files'),
  connectionsLog: lognetFileRow('clog', 'connections'),
  processesLog: lognetFileRow('plog', 'processes'),
  fallbackDirectory: pathRow({
    name: 'fallback_dir', metavar: 'DIR', group: 'Output', applies: 'live',
    help: '-o lognet: where both files go when their own place cannot be written',
    default: 'none',
  }, 'directories'),
  maxBytes: {
    name: 'max_bytes', kind: 'value', metavar: 'SIZE', group: 'Log files', applies: 'live',
    help: 'a file of this size (-w, -d) is put aside as FILE.1, that one as FILE.2 and so on; K, M, G; 0: never',
    default: '10M',
    accepts: '0, or a size such as 500K, 10M, 1G',
    parse: ([text]) => parseSize(text, 0),
    show: showSize,
    initial: () => 10 << 20,
  },
  backupCount: countRow({
    name: 'backup_count', metavar: 'N', group: 'Log files', applies: 'live',
    help: 'how many such files are kept',
  }, MOST_BACKUPS, 10),
};

export const CONNECTION_SETTING_ROWS: Rows<keyof ConnectionsSettings> = {
  ...SOURCE_ROWS,
  ...SELECTION_ROWS,
  ...OUTPUT_ROWS,
  user: userRow({
    name: 'u', aliases: ['user'], applies: 'live',
    help: 'give up root: become this user before files are opened, keep CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, which looking into processes takes',
  }),
  logLevel: logLevelRow({ applies: 'live' }),
};

/** Every option of httplog connections. */
export const CONNECTION_ROWS: readonly OptionRow[] = [...Object.values(CONNECTION_SETTING_ROWS), HELP_ROW];

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

/** One of lognet's two files. */
function lognetFileRow(name: string, what: keyof typeof LOGNET_NAMES): SettingRow<string> {
  const path = `${LOGNET_DIRECTORY}/${LOGNET_NAMES[what]}`;
  return pathRow({ name, metavar: 'FILE', group: 'Output', applies: 'live', help: `-o lognet: file of the ${what}`, default: path }, 'files', path);
}
