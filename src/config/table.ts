// The option table: command line, environment, configuration file, help and the README's reference all come from it. A new
// option is a row here (and a field in settings.ts, and its parser in values.ts when it is of a new kind).

import type { OptionRow, OptionValues, SettingName, SettingRow } from './option.js';
import { ALL_COLUMNS, COLUMN_NAMES, formatColumns } from '../record/tsv_columns.js';
import { TUNNELS } from '../wire/encap.js';
import { choiceRow, countRow, HELP_ROW, pathRow, switchRow, userRow } from './common_rows.js';
import { FILE_ROWS } from './file_rows.js';
import { formatNetwork } from './network.js';
import { OPERATION_ROWS } from './operation_rows.js';
import { CHOICE_ROWS, PRIVACY_ROWS } from './policy_rows.js';
import {
  CAPTURE_CHOICES, formatPorts, formatTunnels, OUTPUT_FORMATS, parseFields, parseFiles, parseHeaders, parseInteger, parseInterfaces, parseNetworks,
  parsePorts, parseText, parseTunnels,
} from './values.js';

const MOST_SNAPLEN = 262144; // MAXIMUM_SNAPLEN of libpcap and Wireshark
const FULL_SNAPLEN = 65535;
const MOST_BUFFER_MIB = 2047; // libpcap takes bytes in an int
const MOST_WORKERS = 64;

/** Options that become settings, by the setting. */
export const SETTING_ROWS: { readonly [Name in SettingName]: SettingRow<OptionValues[Name]> } = {
  interfaces: {
    name: 'i', kind: 'value', metavar: 'NAME[,NAME]', group: 'Capture', key: 'HTTPLOG_DEVICE', applies: 'live', repeats: true,
    help: 'interface(s) to capture on; any is one source per interface that is up',
    default: "eth0; if there is none, the default route's",
    complete: { words: ['any'], names: 'interfaces', list: true },
    accepts: 'interface names separated by commas, or any alone',
    parse: (words) => parseInterfaces(words.join(',')),
    show: (names) => names.join(','),
    initial: () => [],
  },
  promiscuous: {
    ...switchRow({
      name: 'promisc', group: 'Capture', key: 'HTTPLOG_PROMISC', applies: 'live',
      help: 'promiscuous mode: also frames that are not addressed to this host',
    }),
    kind: 'value', metavar: 'on|off', default: 'on', complete: { words: ['on', 'off'] },
    initial: () => true,
  },
  snaplen: {
    name: 's', kind: 'value', metavar: 'N', group: 'Capture', key: 'HTTPLOG_SNAPLEN', applies: 'live',
    help: 'snaplen: bytes captured of a frame; 0 or less means 65535',
    default: '1560',
    accepts: `an integer up to ${MOST_SNAPLEN} (0 or less means ${FULL_SNAPLEN})`,
    parse: ([text]) => {
      const bytes = parseInteger(text, -Infinity, MOST_SNAPLEN);
      return bytes !== undefined && bytes <= 0 ? FULL_SNAPLEN : bytes;
    },
    show: String,
    initial: () => 1560,
  },
  bufferMiB: {
    ...countRow({
      name: 'b', metavar: 'MB', group: 'Capture', key: 'HTTPLOG_BUFSIZE', applies: 'live',
      help: 'kernel buffer per interface, in MiB',
    }, MOST_BUFFER_MIB, 8),
    accepts: `an integer from 1 to ${MOST_BUFFER_MIB} (MiB)`,
  },
  capture: choiceRow({
    name: 'capture', metavar: 'WAY', group: 'Capture', key: 'HTTPLOG_CAPTURE', applies: 'live',
    help: "how: afpacket reads the kernel's own buffer, libpcap copies; auto is afpacket where it can be",
  }, CAPTURE_CHOICES, 'auto'),
  files: {
    name: 'r', kind: 'words', metavar: 'FILE…', group: 'Replay', applies: 'replay', repeats: true,
    help: 'replay pcap and pcapng files, either may be .gz; - is standard input; environment and unnamed configuration files do not count',
    default: '',
    complete: { words: ['-'], names: 'captures' },
    accepts: 'names of files, or - for standard input',
    parse: parseFiles,
    show: (names) => names.join(' '),
    initial: () => [],
  },
  ports: {
    name: 'p', kind: 'value', metavar: 'PORTS', group: 'Selection', key: 'HTTPLOG_PORT', applies: 'both',
    help: 'service ports: 80, or 80,8080, or 8000-8100',
    default: '80',
    accepts: 'ports from 1 to 65535, such as 80 or 80,8080 or 8000-8100',
    parse: ([text]) => parsePorts(text),
    show: formatPorts,
    initial: () => [{ first: 80, last: 80 }],
  },
  filter: {
    name: 'f', kind: 'value', metavar: 'EXPR', group: 'Selection', key: 'HTTPLOG_FILTER', applies: 'both',
    help: 'BPF expression in place of the one built from -p; the port test then applies only if -p is given too',
    default: 'built from -p',
    accepts: 'a BPF expression (pcap-filter(7)) that is not empty',
    parse: ([text]) => parseText(text),
    show: (expression) => expression,
    initial: () => '',
  },
  local: {
    name: 'local', kind: 'value', metavar: 'LIST', group: 'Selection', key: 'HTTPLOG_LOCAL', applies: 'both',
    help: 'addresses and networks that count as local: 192.0.2.7,10.0.0.0/8,2001:db8::/32',
    default: "this host's; replay: none",
    accepts: 'IPv4 and IPv6 addresses or networks in CIDR form, separated by commas',
    parse: ([text]) => parseNetworks(text),
    show: (networks) => networks?.map(formatNetwork).join(',') ?? '',
    initial: () => undefined,
  },
  tunnels: {
    name: 'decap', kind: 'value', metavar: 'LIST', group: 'Selection', key: 'HTTPLOG_DECAP', applies: 'both',
    help: `look inside tunnels, where -p then counts: all, or some of ${TUNNELS.join(', ')}`,
    default: 'none',
    complete: { words: ['all', ...TUNNELS], list: true },
    accepts: `all, or names out of ${TUNNELS.join(', ')}`,
    parse: ([text]) => parseTunnels(text),
    show: formatTunnels,
    initial: () => [],
  },
  ...CHOICE_ROWS,
  count: {
    name: 'c', kind: 'value', metavar: 'N', group: 'Selection', key: 'HTTPLOG_C', applies: 'both',
    help: 'stop after N packets in all, counted after the filter; below 0 never',
    default: '-1',
    accepts: 'an integer (below 0: never stop)',
    parse: ([text]) => {
      const packets = parseInteger(text, -Infinity, Infinity);
      return packets !== undefined && packets < 0 ? -1 : packets;
    },
    show: String,
    initial: () => -1,
  },
  directory: {
    name: 'd', kind: 'value', metavar: 'DIR', group: 'Output', key: 'HTTPLOG_DIR', applies: 'both',
    help: 'log directory; - writes the records to standard output',
    default: '/log/httplog; replay: -',
    complete: { words: ['-'], names: 'directories' },
    accepts: 'a directory, or - for standard output',
    parse: ([text]) => parseText(text),
    show: (directory) => directory,
    initial: ({ replay }) => (replay ? '-' : '/log/httplog'),
  },
  split: switchRow({
    name: 'log_split', group: 'Output', key: 'HTTPLOG_LOG_SPLIT', applies: 'both',
    help: 'four files (CQ, CR, SQ, SR) instead of one',
  }),
  format: choiceRow({
    name: 'o', metavar: 'FORMAT', group: 'Output', key: 'HTTPLOG_O', applies: 'both',
    help: `format of the records: ${OUTPUT_FORMATS.join(', ')}`,
  }, OUTPUT_FORMATS, 'text'),
  fields: {
    name: 'fields', kind: 'value', metavar: 'LIST', group: 'Output', key: 'HTTPLOG_FIELDS', applies: 'both',
    help: 'columns of tsv, in this order; headers.NAME is a header field, all are those of the default',
    default: 'all',
    complete: { words: ['all', ...COLUMN_NAMES], list: true },
    accepts: `all, headers.NAME, or names out of ${COLUMN_NAMES.join(', ')}`,
    parse: ([text]) => parseFields(text),
    show: formatColumns,
    initial: () => ALL_COLUMNS,
  },
  headers: {
    name: 'headers', kind: 'value', metavar: 'NAME[,NAME]', group: 'Output', key: 'HTTPLOG_HEADERS', applies: 'both',
    help: 'further header fields of requests and responses, in json and ecs',
    default: 'none',
    accepts: 'none, or up to 64 names of header fields, separated by commas',
    parse: ([text]) => parseHeaders(text),
    show: (names) => names.join(','),
    initial: () => [],
  },
  addVlan: switchRow({
    name: 'add_vlan', group: 'Output', key: 'HTTPLOG_ADD_VLAN', applies: 'both',
    help: 'show VLAN ids in text',
  }),
  addCommunityId: switchRow({
    name: 'add_community_id', group: 'Output', key: 'HTTPLOG_ADD_COMMUNITY_ID', applies: 'both',
    help: 'show the Community ID of the flow in json (ecs and tsv have it)',
  }),
  proc: switchRow({
    name: 'proc', group: 'Output', key: 'HTTPLOG_PROC', applies: 'live',
    help: 'show the process at the local end of the connection, as far as it can be known',
  }),
  utc: switchRow({
    name: 'utc', group: 'Output', key: 'HTTPLOG_UTC', applies: 'both',
    help: 'UTC times in text, and UTC days, instead of the local zone',
  }),
  ...PRIVACY_ROWS,
  ...FILE_ROWS,
  workers: {
    ...countRow({ name: 'cpu', metavar: 'N', group: 'Running', key: 'HTTPLOG_CPUNO', applies: 'both', help: 'parsing workers' }, MOST_WORKERS, 1),
    default: 'half of the cores, at least 1',
    initial: ({ cores }) => Math.min(MOST_WORKERS, Math.max(1, Math.floor(cores / 2))),
  },
  user: userRow({
    name: 'u', key: 'HTTPLOG_U', applies: 'both',
    help: 'give up root: become this user before anything is opened, keep CAP_NET_RAW, with -proc what that needs, too (replay: nothing)',
  }),
  cpuProfile: pathRow({
    name: 'cpuprofile', metavar: 'FILE', group: 'Running', key: 'HTTPLOG_CPUPROFILE', applies: 'both',
    help: 'write a CPU profile of the parsing work (.cpuprofile, opens in Chrome DevTools)',
    default: 'none',
  }, 'files'),
  logEvery: countRow({
    name: 'log_every', metavar: 'N', group: 'Running', key: 'HTTPLOG_LOG_EVERY', applies: 'both',
    help: 'statistics to the operational log every N packets',
  }, Infinity, 10000),
  ...OPERATION_ROWS,
};

/** Options that say what to do instead, or where settings come from. */
export const ACTION_ROWS = {
  list: {
    name: 'D', kind: 'flag', metavar: '', group: 'Capture', applies: 'live', default: '',
    help: 'list the interfaces and exit',
  },
  configuration: {
    name: 'conf', kind: 'value', metavar: 'FILE', group: 'Running', applies: 'both',
    help: 'configuration file',
    default: '/etc/sysconfig/httplog if present, else ./httplog.conf; replay: none',
    complete: { names: 'files' },
  },
  check: {
    name: 't', kind: 'flag', metavar: '', group: 'Running', applies: 'both', default: '',
    help: 'check the configuration, print every effective value and where it came from, exit',
  },
  version: {
    name: 'v', aliases: ['version'], kind: 'flag', metavar: '', group: 'Help', applies: 'both', default: '',
    help: 'print the version and exit',
  },
  help: HELP_ROW,
} as const satisfies Readonly<Record<string, OptionRow>>;

export const SETTING_NAMES = Object.keys(SETTING_ROWS) as SettingName[];

/** Every option. */
export const OPTION_ROWS: readonly OptionRow[] = [...Object.values(SETTING_ROWS), ...Object.values(ACTION_ROWS)];
