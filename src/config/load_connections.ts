// From the command line of httplog connections to its settings.

import type { ConnectionsSettings } from './connections_settings.js';
import { CONNECTION_SETTING_ROWS } from './connections_table.js';
import { loadCommand, refuseStrays, type GoesWith } from './load_command.js';
import { UsageError } from './usage_error.js';

/**
 * @param argv what stands behind `httplog connections`
 * @param hint what to do about a mistake that has no better hint
 * @returns undefined when help was asked for
 * @throws UsageError
 */
export function loadConnections(argv: readonly string[], hint: string): ConnectionsSettings | undefined {
  const loaded = loadCommand<ConnectionsSettings>(CONNECTION_SETTING_ROWS, argv, hint);
  if (loaded === undefined) return undefined;
  refuseStrays(CONNECTION_SETTING_ROWS, loaded, GOES_WITH);
  const { settings, isGiven } = loaded;
  if (settings.connectionsLog === settings.processesLog) throw new UsageError('options --clog and --plog: name two files');
  return isGiven('poll') ? { ...settings, source: 'poll' } : settings;
}

/** What each option goes with. */
const GOES_WITH: readonly GoesWith<ConnectionsSettings>[] = [
  ['connectionsLog', '-o lognet', ({ format }) => format === 'lognet'],
  ['processesLog', '-o lognet', ({ format }) => format === 'lognet'],
  ['fallbackDirectory', '-o lognet', ({ format }) => format === 'lognet'],
  ['file', 'every format but lognet, whose files are -clog and -plog', ({ format }) => format !== 'lognet'],
  ['maxBytes', '-w', ({ file }) => file !== ''],
  ['backupCount', '-w', ({ file }) => file !== ''],
  ['poll', '-source poll', ({ source }) => source === 'poll' || source === 'auto'],
];
