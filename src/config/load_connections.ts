// From the command line of httplog connections to its settings.

import { resolve } from 'node:path';
import { FILE_NAMES, LOGNET_NAMES, type ConnectionsSettings } from './connections_settings.js';
import { CONNECTION_SETTING_ROWS } from './connections_table.js';
import { loadCommand, refuseStrays, type GoesWith, type LoadedCommand } from './load_command.js';
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
  const settings = { ...loaded.settings, ...filesOf(loaded) };
  if (settings.directory === '-' && settings.format === 'lognet') throw new UsageError('option -d: - is standard output, and -o lognet has two files; wanted a directory');
  if (settings.directory === '-' && settings.file !== '') throw new UsageError('options -d - and -w: standard output or a file, not both');
  if (resolve(settings.connectionsLog) === resolve(settings.processesLog)) throw new UsageError('options --clog and --plog: name two files');
  return loaded.isGiven('poll') ? { ...settings, source: 'poll' } : settings;
}

/** Where the files are: with -d in its directory, unless their names are absolute. */
function filesOf({ settings, isGiven }: LoadedCommand<ConnectionsSettings>): Pick<ConnectionsSettings, 'file' | 'connectionsLog' | 'processesLog'> {
  const { directory, format, file, connectionsLog, processesLog } = settings;
  if (directory === '' || directory === '-') return { file, connectionsLog, processesLog };
  const inside = (name: string): string => resolve(directory, name);
  return {
    file: format === 'lognet' ? '' : inside(file === '' ? FILE_NAMES[format] : file),
    connectionsLog: inside(isGiven('connectionsLog') ? connectionsLog : LOGNET_NAMES.connections),
    processesLog: inside(isGiven('processesLog') ? processesLog : LOGNET_NAMES.processes),
  };
}

/** What each option goes with. */
const GOES_WITH: readonly GoesWith<ConnectionsSettings>[] = [
  ['connectionsLog', '-o lognet', ({ format }) => format === 'lognet'],
  ['processesLog', '-o lognet', ({ format }) => format === 'lognet'],
  ['fallbackDirectory', '-o lognet', ({ format }) => format === 'lognet'],
  ['file', 'every format but lognet, whose files are -clog and -plog', ({ format }) => format !== 'lognet'],
  ['maxBytes', 'a file, -w or -d, of another format than lognet', isRotated],
  ['backupCount', 'a file, -w or -d, of another format than lognet', isRotated],
  ['poll', '-source poll', ({ source }) => source === 'poll' || source === 'auto'],
];

function isRotated({ format, file, directory }: ConnectionsSettings): boolean {
  return format !== 'lognet' && (file !== '' || (directory !== '' && directory !== '-'));
}
