// From the command line of httplog connections to its settings. Neither environment nor configuration file sets any of them.

import { argvTable, parseArgv } from './argv.js';
import { dashed } from './command_help.js';
import { HELP_ROW } from './common_rows.js';
import type { ConnectionsSettings } from './connections_settings.js';
import { CONNECTION_ROWS, CONNECTION_SETTING_ROWS, type ConnectionSettingName } from './connections_table.js';
import type { SettingRow } from './option.js';
import { shown, UsageError } from './usage_error.js';

const SETTING_NAMES = Object.keys(CONNECTION_SETTING_ROWS) as ConnectionSettingName[];
const DEFAULTS = { replay: false, cores: 1 };

/**
 * @param argv what stands behind `httplog connections`
 * @param hint what to do about a mistake that has no better hint
 * @returns undefined when help was asked for
 * @throws UsageError
 */
export function loadConnections(argv: readonly string[], hint: string): ConnectionsSettings | undefined {
  const words = parseArgv(argv, argvTable(CONNECTION_ROWS, hint));
  if (words.has(HELP_ROW.name)) return undefined;
  const values: Partial<Record<ConnectionSettingName, unknown>> = {};
  for (const setting of SETTING_NAMES) {
    const row: Pick<SettingRow<unknown>, 'name' | 'accepts' | 'parse' | 'initial'> = CONNECTION_SETTING_ROWS[setting];
    const given = words.get(row.name);
    const value = given === undefined ? row.initial(DEFAULTS) : row.parse(given);
    if (value === undefined && given !== undefined) {
      throw new UsageError(`option ${dashed(row.name)}: cannot use ${shown(given.join(' '))}; wanted ${row.accepts}`);
    }
    values[setting] = value;
  }
  const settings = values as unknown as ConnectionsSettings;
  const isGiven = (setting: ConnectionSettingName): boolean => words.has(CONNECTION_SETTING_ROWS[setting].name);
  refuseConflicts(settings, isGiven);
  return isGiven('poll') ? { ...settings, source: 'poll' } : settings;
}

/** What each option goes with. */
const GOES_WITH: readonly (readonly [ConnectionSettingName, string, (settings: ConnectionsSettings) => boolean])[] = [
  ['connectionsLog', '-o lognet', ({ format }) => format === 'lognet'],
  ['processesLog', '-o lognet', ({ format }) => format === 'lognet'],
  ['fallbackDirectory', '-o lognet', ({ format }) => format === 'lognet'],
  ['file', 'every format but lognet, whose files are -clog and -plog', ({ format }) => format !== 'lognet'],
  ['maxBytes', '-w', ({ file }) => file !== ''],
  ['backupCount', '-w', ({ file }) => file !== ''],
  ['poll', '-source poll', ({ source }) => source === 'poll' || source === 'auto'],
];

/** @throws UsageError that names what does not fit */
function refuseConflicts(settings: ConnectionsSettings, isGiven: (setting: ConnectionSettingName) => boolean): void {
  for (const [setting, needed, fits] of GOES_WITH) {
    if (isGiven(setting) && !fits(settings)) throw new UsageError(`option ${dashed(CONNECTION_SETTING_ROWS[setting].name)}: goes with ${needed}`);
  }
  if (settings.connectionsLog === settings.processesLog) throw new UsageError('options --clog and --plog: name two files');
}
