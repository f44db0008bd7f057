// The format that -o names.

import type { ProcessFormat } from '../config/processes_settings.js';
import type { UserNames } from '../host/user_names.js';
import { JsonEventFormat } from './json_event.js';
import type { ProcessFormatter } from './process_record.js';

/** @param hostname '' where it is not known */
export function formatterOf(format: ProcessFormat, names: UserNames, hostname: string): ProcessFormatter {
  if (format === 'json') return new JsonEventFormat(names);
  throw new Error(`no format ${format} ${hostname}`);
}
