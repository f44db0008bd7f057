// The format that -o names.

import type { ProcessFormat } from '../config/processes_settings.js';
import type { UserNames } from '../host/user_names.js';
import { EcsEventFormat } from './ecs_event.js';
import { JsonEventFormat } from './json_event.js';
import type { ProcessFormatter } from './process_record.js';

/** @param hostname '' where it is not known */
export function formatterOf(format: ProcessFormat, names: UserNames, hostname: string): ProcessFormatter {
  return format === 'json' ? new JsonEventFormat(names) : new EcsEventFormat(names, hostname);
}
