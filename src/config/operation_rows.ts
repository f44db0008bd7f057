// The option table's rows of how a run is watched: its metrics endpoint and what it says.

import { logLevelRow } from './common_rows.js';
import type { OptionValues, SettingRow } from './option.js';
import { formatNetwork, parseAddress } from './network.js';
import type { ListenAddress } from './settings.js';
import { parseInteger } from './values.js';

const LOOPBACK = '127.0.0.1';
const MOST_PORT = 65535;

type Rows<Names extends keyof OptionValues> = { readonly [Name in Names]: SettingRow<OptionValues[Name]> };

export const OPERATION_ROWS: Rows<'metrics' | 'logLevel'> = {
  metrics: {
    name: 'metrics', kind: 'value', metavar: '[ADDR:]PORT', group: 'Running', key: 'HTTPLOG_METRICS', applies: 'live',
    help: `serve Prometheus metrics at http://ADDR:PORT/metrics and the state of health at /healthz; ADDR is ${LOOPBACK} unless given, IPv6 in brackets`,
    default: 'none',
    accepts: 'none, or a port up to 65535 (0: any free one), such as 9464 or 192.0.2.7:9464 or [::1]:9464',
    parse: ([text]) => (text === 'none' ? NOWHERE : parseListenAddress(text)),
    show: formatListenAddress,
    initial: () => NOWHERE,
  },
  logLevel: logLevelRow({ key: 'HTTPLOG_LOG_LEVEL', applies: 'both' }),
};

/** No endpoint. */
const NOWHERE: ListenAddress = { address: '', port: 0 };

/** `PORT`, `IPV4:PORT` or `[IPV6]:PORT`. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, portText] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  if (portText === undefined) return undefined;
  const port = parseInteger(portText, 0, MOST_PORT);
  const bytes = parseAddress(bracketed ?? plain ?? LOOPBACK);
  // Brackets are for IPv6, and IPv6 for brackets.
  if (port === undefined || bytes === undefined || (bytes.length === 16) !== (bracketed !== undefined)) return undefined;
  return { address: formatNetwork({ bytes, prefix: bytes.length * 8 }), port };
}

/** As it is typed, and as it stands in a URL; '' for no endpoint. */
export function formatListenAddress({ address, port }: ListenAddress): string {
  if (address === '') return '';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
