// From the command line of httplog processes to its settings; the password alone may stand in HTTPLOG_AUTH, too.

import { dashed } from './command_help.js';
import { loadCommand, refuseStrays, type GoesWith, type LoadedCommand } from './load_command.js';
import { DEFAULT_SOCKET, type ProcessesSettings } from './processes_settings.js';
import { PROCESS_SETTING_ROWS, type ProcessSettingName } from './processes_table.js';
import { UsageError } from './usage_error.js';

/**
 * @param argv what stands behind `httplog processes`
 * @param hint what to do about a mistake that has no better hint
 * @returns undefined when help was asked for
 * @throws UsageError
 */
export function loadProcesses(argv: readonly string[], hint: string): ProcessesSettings | undefined {
  const loaded = loadCommand<ProcessesSettings>(PROCESS_SETTING_ROWS, argv, hint);
  if (loaded === undefined) return undefined;
  refuseConflicts(loaded);
  const { settings } = loaded;
  const { direct, tcp, socket, connect } = settings;
  const byDefault = !direct && tcp.address === '' && socket === '' && connect === undefined;
  return byDefault ? { ...settings, socket: DEFAULT_SOCKET } : settings;
}

/** What each option goes with. */
const GOES_WITH: readonly GoesWith<ProcessesSettings>[] = [
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
function refuseConflicts(loaded: LoadedCommand<ProcessesSettings>): void {
  const { settings, isGiven } = loaded;
  const nameOf = (setting: ProcessSettingName): string => dashed(PROCESS_SETTING_ROWS[setting].name);
  if (settings.connect !== undefined) {
    const given = SERVER_SETTINGS.find(isGiven);
    if (given !== undefined) throw new UsageError(`options --connect and ${nameOf(given)}: read another server's events or serve this host's, not both`);
  }
  if (isGiven('auth') && isGiven('authFile')) throw new UsageError('options -a and --auth-file: give the password once');
  refuseStrays(PROCESS_SETTING_ROWS, loaded, GOES_WITH);
}
