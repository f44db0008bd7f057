// From the command line of httplog processes to its settings. Neither environment nor configuration file sets any of them: those
// are the capture's (the password alone may stand in HTTPLOG_AUTH).

import { argvTable, parseArgv } from './argv.js';
import { dashed } from './command_help.js';
import { HELP_ROW } from './common_rows.js';
import type { SettingRow } from './option.js';
import { DEFAULT_SOCKET, type ProcessesSettings } from './processes_settings.js';
import { PROCESS_ROWS, PROCESS_SETTING_ROWS, type ProcessSettingName } from './processes_table.js';
import { shown, UsageError } from './usage_error.js';

const SETTING_NAMES = Object.keys(PROCESS_SETTING_ROWS) as ProcessSettingName[];
const DEFAULTS = { replay: false, cores: 1 };

/**
 * @param argv what stands behind `httplog processes`
 * @param hint what to do about a mistake that has no better hint
 * @returns undefined when help was asked for
 * @throws UsageError
 */
export function loadProcesses(argv: readonly string[], hint: string): ProcessesSettings | undefined {
  const words = parseArgv(argv, argvTable(PROCESS_ROWS, hint));
  if (words.has(HELP_ROW.name)) return undefined;
  const values: Partial<Record<ProcessSettingName, unknown>> = {};
  for (const setting of SETTING_NAMES) {
    const row: Pick<SettingRow<unknown>, 'name' | 'accepts' | 'parse' | 'initial'> = PROCESS_SETTING_ROWS[setting];
    const given = words.get(row.name);
    const value = given === undefined ? row.initial(DEFAULTS) : row.parse(given);
    if (value === undefined && given !== undefined) {
      const text = setting === 'auth' ? 'what is given' : shown(given.join(' '));
      throw new UsageError(`option ${dashed(row.name)}: cannot use ${text}; wanted ${row.accepts}`);
    }
    values[setting] = value;
  }
  const settings = values as unknown as ProcessesSettings;
  refuseConflicts(settings, (setting) => words.has(PROCESS_SETTING_ROWS[setting].name));
  const { direct, tcp, socket, connect } = settings;
  const byDefault = !direct && tcp.address === '' && socket === '' && connect === undefined;
  return byDefault ? { ...settings, socket: DEFAULT_SOCKET } : settings;
}

/** What each option goes with. */
const GOES_WITH: readonly (readonly [ProcessSettingName, string, (settings: ProcessesSettings) => boolean])[] = [
  ['tlsCert', '--tls-key', ({ tlsKey }) => tlsKey !== ''],
  ['tlsKey', '--tls-cert', ({ tlsCert }) => tlsCert !== ''],
  ['tlsCert', '-t', ({ tcp }) => tcp.address !== ''],
  ['auth', '-t or --connect tcp:…', usesPassword],
  ['authFile', '-t or --connect tcp:…', usesPassword],
  ['socketMode', 'a Unix socket, -s', servesSocket],
  ['socketGroup', 'a Unix socket, -s', servesSocket],
  ['clients', '-s or -t', ({ direct, socket, tcp }) => !direct || socket !== '' || tcp.address !== ''],
  ['tlsCa', '--connect tls:…', ({ connect }) => connect !== undefined && 'host' in connect && connect.tls],
  ['pretty', '--connect', ({ connect }) => connect !== undefined],
];

/** Options of the server, which a client has no use for. */
const SERVER_SETTINGS: readonly ProcessSettingName[] = [
  'events', 'threads', 'direct', 'format', 'socket', 'socketMode', 'socketGroup', 'tcp', 'tlsCert', 'tlsKey', 'clients', 'user',
];

function usesPassword({ tcp, connect }: ProcessesSettings): boolean {
  return tcp.address !== '' || (connect !== undefined && 'host' in connect);
}

function servesSocket({ socket, direct, tcp }: ProcessesSettings): boolean {
  return socket !== '' || (!direct && tcp.address === '');
}

/** @throws UsageError that names both options */
function refuseConflicts(settings: ProcessesSettings, isGiven: (setting: ProcessSettingName) => boolean): void {
  const nameOf = (setting: ProcessSettingName): string => dashed(PROCESS_SETTING_ROWS[setting].name);
  if (settings.connect !== undefined) {
    const given = SERVER_SETTINGS.find(isGiven);
    if (given !== undefined) throw new UsageError(`options --connect and ${nameOf(given)}: read another server's events or serve this host's, not both`);
  }
  if (isGiven('auth') && isGiven('authFile')) throw new UsageError('options -a and --auth-file: give the password once');
  for (const [setting, needed, fits] of GOES_WITH) {
    if (isGiven(setting) && !fits(settings)) throw new UsageError(`option ${nameOf(setting)}: goes with ${needed}`);
  }
}
