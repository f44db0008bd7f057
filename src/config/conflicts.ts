// Settings that contradict each other: told, not silently without effect.

import { firstOwnerColumn } from '../record/tsv_columns.js';
import { FILE_SETTINGS } from './file_rows.js';
import type { OptionValues, SettingName } from './option.js';
import { SETTING_ROWS } from './table.js';
import { UsageError } from './usage_error.js';

/**
 * @param origins where each setting came from, in a user's words
 * @throws UsageError that names both settings
 */
export function refuseConflicts(values: OptionValues, origins: Readonly<Record<SettingName, string>>): void {
  const { format } = values;
  const refuse = (setting: 'fields' | 'headers' | 'addCommunityId', needed: string): never => {
    throw new UsageError(`${origins[setting]}: goes with ${needed}; the format is ${format} (${origins.format})`);
  };
  const { fields } = SETTING_ROWS;
  if (format !== 'tsv' && fields.show(values.fields) !== fields.default) refuse('fields', '-o tsv');
  if (format === 'text' && values.headers.length > 0) refuse('headers', '-o json or ecs');
  if (format === 'tsv' && values.headers.length > 0) {
    refuse('headers', `-o json or ecs, tsv takes -fields all,${values.headers.map((name) => `headers.${name}`).join(',')}`);
  }
  if (values.files.length > 0 && origins.metrics.startsWith('option')) {
    throw new UsageError(`${origins.metrics}: goes with live capture, not with -r`);
  }
  if (values.proc && values.files.length > 0) {
    throw new UsageError(`${origins.proc}: goes with live capture, not with -r: a file does not tell which processes had its connections, and those of now are others`);
  }
  const ownerColumn = values.proc ? undefined : firstOwnerColumn(values.fields);
  if (ownerColumn !== undefined) throw new UsageError(`${origins.fields}: column ${ownerColumn} goes with -proc`);
  if (format === 'text' && values.addCommunityId) refuse('addCommunityId', '-o json');
  refuseFileOptions(values, origins);
}

/**
 * Options of log files where there are none, or none to keep. Only those of the command line: a daemon's configuration says how its
 * files are kept, and is no reason against a look at standard output beside it.
 */
function refuseFileOptions(values: OptionValues, origins: Readonly<Record<SettingName, string>>): void {
  const { directory, files, rotation, maxDiskBytes } = values;
  for (const setting of FILE_SETTINGS) {
    if (origins[setting] !== `option -${SETTING_ROWS[setting].name}`) continue;
    if (files.length > 0 && SETTING_ROWS[setting].applies === 'live') {
      throw new UsageError(`${origins[setting]}: goes with live capture; a replay removes and compresses no files`);
    }
    if (directory === '-') {
      throw new UsageError(`${origins[setting]}: goes with a log directory, -d DIR; records go to standard output (${origins.directory})`);
    }
  }
  if (files.length === 0 && rotation.sizeBytes !== Infinity && rotation.sizeBytes >= maxDiskBytes) {
    const { rotation: rotate, maxDiskBytes: maxDisk } = SETTING_ROWS;
    throw new UsageError(`${origins.maxDiskBytes}: ${maxDisk.show(maxDiskBytes)} is not more than one file of ${rotate.show(rotation)} (${origins.rotation})`);
  }
}
