// From command line, environment and configuration file to the effective settings, each with where it came from.

import { withOwnerColumns } from '../record/tsv_columns.js';
import { isOn, parseArgv } from './argv.js';
import { refuseConflicts } from './conflicts.js';
import { readImplicitConfFile, readNamedConfFile } from './conf_file.js';
import type { ConfFile } from './conf_file.js';
import type { DefaultContext, OptionValues, SettingName, SettingRow } from './option.js';
import type { Settings } from './settings.js';
import { KEY_PREFIX, parseAssignments } from './shell_assignments.js';
import { nearestName } from './suggest.js';
import type { Surroundings } from './surroundings.js';
import { ACTION_ROWS, SETTING_NAMES, SETTING_ROWS } from './table.js';
import { shown, UsageError } from './usage_error.js';

/** Where each setting came from, as a user would say it: `option -p`, `environment HTTPLOG_PORT`, `FILE line 3`, `default`. */
export type Origins = Readonly<Record<SettingName, string>>;

/** Settings to run with (`run`) or to show (`check`). */
export interface LoadedSettings {
  readonly action: 'run' | 'check';
  readonly settings: Settings;
  readonly origins: Origins;
  /** the configuration file that was read; undefined: none */
  readonly file: string | undefined;
}

export type Loaded = { readonly action: 'help' | 'version' | 'list' } | LoadedSettings;

/** What one source of settings gives, by the option's name in the table. */
type Layer = ReadonlyMap<string, Given>;
interface Given {
  readonly words: readonly string[];
  readonly origin: string;
  /** what an error begins with */
  readonly label: string;
}

/**
 * What the user asked for. Help, version and the list of interfaces are answered whatever the configuration is like.
 * @param argv without the program's own name
 * @throws UsageError
 */
export function loadSettings(argv: readonly string[], surroundings: Surroundings): Loaded {
  const words = parseArgv(argv);
  const asked = (name: string): boolean => isOn(words, name);
  if (asked(ACTION_ROWS.help.name)) return { action: 'help' };
  if (asked(ACTION_ROWS.version.name)) return { action: 'version' };
  if (asked(ACTION_ROWS.list.name)) return { action: 'list' };

  const replay = words.has(SETTING_ROWS.files.name);
  if (replay && words.has(SETTING_ROWS.interfaces.name)) {
    throw new UsageError('options -i and -r: capture from an interface or replay files, not both');
  }
  // Evidence is never filtered or filed by a daemon's settings: replay takes nothing but the options and a file they name.
  const named = words.get(ACTION_ROWS.configuration.name)?.[0];
  const implicit = replay ? undefined : () => readImplicitConfFile(surroundings);
  const file = named === undefined ? implicit?.() : readNamedConfFile(named, surroundings);
  const layers = [fileLayer(file), replay ? new Map() : environmentLayer(surroundings.environment), optionLayer(words)];

  const { values, origins } = weigh(layers, { replay, cores: surroundings.cores });
  refuseConflicts(values, origins);
  return {
    action: asked(ACTION_ROWS.check.name) ? 'check' : 'run',
    settings: {
      ...values,
      fields: values.proc ? withOwnerColumns(values.fields) : values.fields,
      portsGiven: origins.ports !== 'default',
    },
    origins,
    file: file?.path,
  };
}

/** The effective values: of each option, what the last layer that has it says. Every value must be good, also one that loses. */
function weigh(layers: readonly Layer[], context: DefaultContext): { values: OptionValues; origins: Origins } {
  const values: Partial<Record<SettingName, unknown>> = {};
  const origins: Partial<Record<SettingName, string>> = {};
  for (const setting of SETTING_NAMES) {
    const row: Pick<SettingRow<unknown>, 'name' | 'accepts' | 'parse' | 'initial'> = SETTING_ROWS[setting];
    values[setting] = row.initial(context);
    origins[setting] = 'default';
    for (const layer of layers) {
      const given = layer.get(row.name);
      if (given === undefined) continue;
      const value = row.parse(given.words);
      if (value === undefined) {
        throw new UsageError(`${given.label}: cannot use ${shown(given.words.join(' '))}; wanted ${row.accepts}`);
      }
      values[setting] = value;
      origins[setting] = given.origin;
    }
  }
  return { values: values as OptionValues, origins: origins as Origins };
}

function optionLayer(words: ReadonlyMap<string, readonly string[]>): Layer {
  const layer = new Map<string, Given>();
  for (const [name, given] of words) layer.set(name, { words: given, origin: `option -${name}`, label: `option -${name}` });
  return layer;
}

function environmentLayer(environment: Surroundings['environment']): Layer {
  const layer = new Map<string, Given>();
  for (const [key, value] of Object.entries(environment)) {
    if (!key.startsWith(KEY_PREFIX) || value === undefined) continue;
    layer.set(optionOfKey(key, 'environment'), { words: [value], origin: `environment ${key}`, label: `environment ${key}` });
  }
  return layer;
}

function fileLayer(file: ConfFile | undefined): Layer {
  const layer = new Map<string, Given>();
  if (file === undefined) return layer;
  for (const { key, value, line } of parseAssignments(file.text, file.path)) {
    const origin = `${file.path} line ${line}`;
    layer.set(optionOfKey(key, origin), { words: [value], origin, label: `${origin}: ${key}` });
  }
  return layer;
}

/** The option that a key of environment or file sets. */
function optionOfKey(key: string, where: string): string {
  const rows = Object.values(SETTING_ROWS).filter((row) => row.key !== undefined);
  const found = rows.find((row) => row.key === key);
  if (found !== undefined) return found.name;
  const suffix = key.slice(KEY_PREFIX.length).toLowerCase();
  const near = rows.find((row) => row.name === suffix)?.key ?? nearestName(key.toUpperCase(), rows.map((row) => row.key ?? ''));
  const hint = near === undefined ? `known are ${rows.map((row) => row.key).join(', ')}` : `did you mean ${near}?`;
  throw new UsageError(`${where}: unknown key ${shown(key)}; ${hint}`);
}
