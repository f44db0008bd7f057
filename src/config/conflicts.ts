// Settings that contradict each other: told, not silently without effect.

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
  if (format === 'text' && values.addCommunityId) refuse('addCommunityId', '-o json');
}
