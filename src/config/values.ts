// From the text of an option's value to the value. Every parser takes any text and gives undefined for what it does not
// accept; the option table says in words what that is.

import { headerNames } from '../record/header_fields.js';
import { parseColumns } from '../record/tsv_columns.js';
import { parseNetwork } from './network.js';
import { type Tunnel, TUNNELS } from '../wire/encap.js';
import type { CaptureChoice, LogLevel, Network, OutputFormat, PortRange } from './settings.js';

const SWITCH_WORDS: Readonly<Record<string, boolean>> = {
  on: true, true: true, yes: true, t: true, 1: true,
  off: false, false: false, no: false, f: false, 0: false,
};

export const OUTPUT_FORMATS: readonly OutputFormat[] = ['text', 'tsv', 'json', 'ecs'];
export const CAPTURE_CHOICES: readonly CaptureChoice[] = ['auto', 'afpacket', 'libpcap'];
/** The gravest first. */
export const LOG_LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

const NO_HEADERS = 'none';

const MOST_INTERFACE_NAME_CHARACTERS = 127; // ALTIFNAMSIZ - 1, linux/if.h

/** on or off, with the words Go's flag package and configuration files are used to, in any case. */
export function parseSwitch(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return Object.hasOwn(SWITCH_WORDS, word) ? SWITCH_WORDS[word] : undefined;
}

export function showSwitch(on: boolean): string {
  return on ? 'on' : 'off';
}

/** A decimal integer from `least` to `most`. */
export function parseInteger(text: string, least: number, most: number): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const value = Number(text) + 0; // -0 is 0
  return Number.isSafeInteger(value) && value >= least && value <= most ? value : undefined;
}

/** Any text that is not blank. */
export function parseText(text: string): string | undefined {
  return text.trim() === '' ? undefined : text;
}

/** The name or number of a user; whether there is one is for the run to say. Root is none to give up root for. */
export function parseUser(text: string): string | undefined {
  return /^[^\s:/\p{C}]+$/u.test(text) && text !== 'root' && !/^0+$/.test(text) ? text : undefined;
}

/** File names, each of them not empty; at least one. */
export function parseFiles(words: readonly string[]): readonly string[] | undefined {
  return words.length > 0 && !words.includes('') ? words : undefined;
}

/** Interface names from a comma list, each once; `any` alone. Whether they exist is for the capture to say. */
export function parseInterfaces(text: string): readonly string[] | undefined {
  const names = [...new Set(listItems(text))];
  const allowed = (name: string): boolean => /^[^\s/\p{C}]+$/u.test(name) && name.length <= MOST_INTERFACE_NAME_CHARACTERS;
  if (!names.every(allowed) || (names.includes('any') && names.length > 1)) return undefined;
  return names;
}

/** Ports 1 to 65535 and ranges of them, from a comma list. */
export function parsePorts(text: string): readonly PortRange[] | undefined {
  const ranges: PortRange[] = [];
  for (const item of listItems(text)) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item);
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first < 1 || last > 65535 || last < first) return undefined;
    ranges.push({ first, last });
  }
  return ranges;
}

export function formatPorts(ranges: readonly PortRange[]): string {
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** Addresses and networks from a comma list. */
export function parseNetworks(text: string): readonly Network[] | undefined {
  const networks: Network[] = [];
  for (const item of listItems(text)) {
    const network = parseNetwork(item);
    if (network === undefined) return undefined;
    networks.push(network);
  }
  return networks;
}

/** Columns of tsv from a comma list; `all` stands for every one of them. */
export function parseFields(text: string): readonly string[] | undefined {
  return parseColumns(listItems(text));
}

/** Names of header fields from a comma list; `none` for none. */
export function parseHeaders(text: string): readonly string[] | undefined {
  return text.trim() === NO_HEADERS ? [] : headerNames(listItems(text));
}

/** Names of tunnels from a comma list, or `all`. */
export function parseTunnels(text: string): readonly Tunnel[] | undefined {
  if (text.trim() === 'all') return TUNNELS;
  const names = new Set(listItems(text));
  const tunnels = TUNNELS.filter((tunnel) => names.has(tunnel));
  return tunnels.length === names.size ? tunnels : undefined;
}

export function formatTunnels(tunnels: readonly Tunnel[]): string {
  return tunnels.length === TUNNELS.length ? 'all' : tunnels.join(',');
}

function listItems(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}
