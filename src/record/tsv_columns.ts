// The columns of the tsv format: their names, Zeek's types, and what a user may ask for (-fields).

import { headerNames } from './header_fields.js';

/** Numbers of the columns; METHOD to CONTENT_TYPE are in the order of VALUE (values.ts). */
export const COLUMN = {
  TS: 0, FRAME: 1, IFACE: 2, KIND: 3, SRC: 4, SPORT: 5, DST: 6, DPORT: 7,
  METHOD: 8, TARGET: 9, VERSION: 10, HOST: 11, USER_AGENT: 12, STATUS: 13, REASON: 14, CONTENT_LENGTH: 15, CONTENT_TYPE: 16,
  TRUNCATED: 17, MALFORMED: 18, VLAN: 19, ENCAP: 20, COMMUNITY_ID: 21, REDACTED: 22,
  ORIG_H: 23, ORIG_P: 24, RESP_H: 25, RESP_P: 26,
  PID: 27, PPID: 28, EXE: 29, USER: 30, CONTAINER: 31, GUID: 32, PROC_VIA: 33, PROC_SHARED: 34,
  /** the first header field; the others follow */
  FIRST_HEADER: 35,
} as const;

/**
 * By number: the keys of json, but for the time; only when named, the client and the server as Zeek's conn.log has them; with -proc, the
 * process.
 */
const COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['ts', 'time'], ['frame', 'count'], ['iface', 'string'], ['kind', 'enum'],
  ['src', 'addr'], ['sport', 'port'], ['dst', 'addr'], ['dport', 'port'],
  ['method', 'string'], ['target', 'string'], ['version', 'string'], ['host', 'string'], ['user_agent', 'string'],
  ['status', 'count'], ['reason', 'string'], ['content_length', 'count'], ['content_type', 'string'],
  ['truncated', 'bool'], ['malformed', 'bool'],
  ['vlan', 'vector[count]'], ['encap', 'vector[string]'], ['community_id', 'string'], ['redacted', 'bool'],
  ['id.orig_h', 'addr'], ['id.orig_p', 'port'], ['id.resp_h', 'addr'], ['id.resp_p', 'port'],
  ['pid', 'count'], ['ppid', 'count'], ['exe', 'string'], ['user', 'string'], ['container', 'string'], ['guid', 'string'],
  ['proc_via', 'enum'], ['proc_shared', 'count'],
];

/** Every column but those that say the same in other words. */
export const ALL_COLUMNS: readonly string[] = COLUMNS.slice(0, COLUMN.ORIG_H).map(([name]) => name);
/** Those of -proc. */
const OWNER_COLUMNS: readonly string[] = COLUMNS.slice(COLUMN.PID).map(([name]) => name);
/** What a user may name, beside header fields. */
export const COLUMN_NAMES: readonly string[] = COLUMNS.map(([name]) => name);

/** Before the name of a header field, as in the path of json: `headers.referer`. */
const HEADER = 'headers.';
const ALL = 'all';

/**
 * From a user's list to column names: `all` stands for its columns, names of header fields become lower case, repetitions go.
 * @returns undefined when one is unknown
 */
export function parseColumns(items: readonly string[]): readonly string[] | undefined {
  const headers = headerNames(items.filter(isHeader).map(headerOf));
  if (headers === undefined) return undefined;
  if (!items.every((item) => item === ALL || isHeader(item) || COLUMN_NAMES.includes(item))) return undefined;
  return [...new Set(items.flatMap((item) => {
    if (item === ALL) return ALL_COLUMNS;
    return isHeader(item) ? HEADER + headerOf(item).toLowerCase() : item;
  }))];
}

/** The columns of a run with -proc: behind `all` stand those of the process. */
export function withOwnerColumns(columns: readonly string[]): readonly string[] {
  if (!hasAll(columns)) return columns;
  const rest = columns.slice(ALL_COLUMNS.length).filter((name) => !OWNER_COLUMNS.includes(name));
  return [...ALL_COLUMNS, ...OWNER_COLUMNS, ...rest];
}

/** The first of the columns that goes with -proc alone. */
export function firstOwnerColumn(columns: readonly string[]): string | undefined {
  return columns.find((name) => OWNER_COLUMNS.includes(name));
}

function hasAll(columns: readonly string[]): boolean {
  return ALL_COLUMNS.every((name, at) => columns[at] === name);
}

/** The list as a user would write it. */
export function formatColumns(columns: readonly string[]): string {
  return (hasAll(columns) ? [ALL, ...columns.slice(ALL_COLUMNS.length)] : columns).join(',');
}

/** The header fields among the columns: the order in which records keep them. */
export function headersOfColumns(columns: readonly string[]): readonly string[] {
  return columns.filter(isHeader).map(headerOf);
}

/** The number of each column. */
export function columnNumbers(columns: readonly string[]): readonly number[] {
  const headers = headersOfColumns(columns);
  return columns.map((name) => (isHeader(name) ? COLUMN.FIRST_HEADER + headers.indexOf(headerOf(name)) : COLUMN_NAMES.indexOf(name)));
}

/** Zeek's name for what a column holds. */
export function columnType(name: string): string {
  return COLUMNS.find(([known]) => known === name)?.[1] ?? 'string';
}

function isHeader(item: string): boolean {
  return item.startsWith(HEADER);
}

function headerOf(item: string): string {
  return item.slice(HEADER.length);
}
