// What -t prints: every effective setting as a user would write it, and where it came from.

import type { LoadedSettings } from './load.js';
import type { OptionValues, SettingName } from './option.js';
import { SETTING_NAMES, SETTING_ROWS } from './table.js';
import { escapeUnprintable } from './usage_error.js';

const SAFE_SHELL_WORD = /^[\w@%+=:,./-]+$/;
const UNPRINTABLE = /\p{C}/u;

/** A line for every setting that counts in this kind of run (live or replay), the last one ended. */
export function renderEffective(loaded: LoadedSettings): string {
  const replay = loaded.settings.files.length > 0;
  const unused = replay ? 'live' : 'replay';
  const rows = SETTING_NAMES.filter((setting) => SETTING_ROWS[setting].applies !== unused).map((setting) => [
    `-${SETTING_ROWS[setting].name}`,
    effectiveText(setting, loaded.settings, replay),
    loaded.origins[setting],
  ]);
  const [nameWidth, valueWidth] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const file = loaded.file ?? (replay ? 'none (replay reads only a file named with -conf)' : 'none');
  const lines = rows.map(([name, value, origin]) => `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${origin}`);
  return [`configuration file: ${file}`, ...lines].join('\n') + '\n';
}

function effectiveText<Name extends SettingName>(setting: Name, settings: OptionValues, replay: boolean): string {
  const row = SETTING_ROWS[setting];
  if (setting === 'files') return settings.files.map(shellWord).join(' ');
  const text = row.show(settings[setting]);
  // An unset value is shown as the words of its default, of which `A; replay: B` says two.
  return text === '' ? `(${row.default.split('; replay: ')[replay ? 1 : 0] ?? row.default})` : shellWord(text);
}

/** The text as one word of a shell, without a byte that a terminal would obey. */
function shellWord(text: string): string {
  if (SAFE_SHELL_WORD.test(text)) return text;
  if (UNPRINTABLE.test(text)) return `$'${escapeUnprintable(text).replaceAll("'", "\\'")}'`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
