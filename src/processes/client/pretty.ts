// An event as a line for people:
//
//   21:04:05.123 exec     4711 root     sleep 10
//   21:04:15.130 exit     4711 root     exit status 0, lived 10.0 s: sleep 10
//   21:04:15.131 lost  3 events
//
// What a process calls itself comes from whoever started it: nothing of it can command the terminal.

import { escapeUnprintable } from '../../config/usage_error.js';

export interface Look {
  /** colours as ECMA-48 has them */
  readonly colour: boolean;
  /** longer lines are cut; undefined: none is */
  readonly columns: number | undefined;
}

const COLOURS: Readonly<Record<string, string>> = { exec: '32', fork: '34', exit: '33', lost: '1;31', ptrace: '35', coredump: '31' };
const DIM = '2';
const EVENT_WIDTH = 8;
const PID_WIDTH = 7;
const USER_WIDTH = 8;
const CUT_MARK = '…';
/** Already in a column, or of no use to a person. */
const IN_COLUMNS = new Set(['event', 'time', 'pid', 'child_pid', 'user', 'uid', 'guid']);

type Event = Readonly<Record<string, unknown>>;

/** @param line one line, its end left out @returns the line to show, its end left out */
export function renderEvent(line: string, look: Look): string {
  const event = parse(line);
  const name = event?.['event'];
  if (event === undefined || typeof name !== 'string') return fit([{ text: plain(line) }], look);
  const parts: Part[] = [];
  const time = clockTime(event['time']);
  if (time !== undefined) parts.push({ text: `${time} `, colour: DIM });
  parts.push({ text: `${cell(name).padEnd(EVENT_WIDTH)} `, colour: COLOURS[name] });
  if (name === 'lost') return fit([...parts, { text: `${cell(event['count'])} events`, colour: COLOURS['lost'] }], look);
  const pid = cell(event['pid'] ?? event['child_pid']);
  const user = cell(event['user'] ?? '-');
  return fit([...parts, { text: `${pid.padStart(PID_WIDTH)} ${user.padEnd(USER_WIDTH)} ` }, { text: describe(name, event) }], look);
}

function parse(line: string): Event | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Event : undefined;
  } catch {
    return undefined;
  }
}

function describe(name: string, event: Event): string {
  const cmdline = cell(event['cmdline'] ?? event['exe'] ?? '').trimEnd();
  switch (name) {
    case 'exec': return cmdline;
    case 'fork': return `child of ${cell(event['parent_pid'])}${cmdline === '' ? '' : `: ${cmdline}`}`;
    case 'exit': return `${howItEnded(event)}${cmdline === '' ? '' : `: ${cmdline}`}`;
    default: return Object.entries(event).filter(([field]) => !IN_COLUMNS.has(field)).map(([field, value]) => `${cell(field)}=${cell(value)}`).join(' ');
  }
}

function howItEnded(event: Event): string {
  const { signal, status, exit_code: code, duration_ms: durationMs } = event;
  let words = `exit code ${cell(code)}`;
  if (signal !== undefined && signal !== null && signal !== 0 && signal !== '') words = `signal ${cell(signal)}`;
  else if (typeof status === 'number') words = `exit status ${status}`;
  return typeof durationMs === 'number' ? `${words}, lived ${duration(durationMs)}` : words;
}

function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

/** The local time of day; undefined where the event has none. */
function clockTime(time: unknown): string | undefined {
  const at = typeof time === 'string' || typeof time === 'number' ? new Date(time) : undefined;
  if (at === undefined || Number.isNaN(at.getTime())) return undefined;
  const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${hours}:${minutes}:${seconds}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function cell(value: unknown): string {
  return plain(typeof value === 'string' ? value : JSON.stringify(value) ?? '-');
}

/** What cannot be printed as `\xHH`. The backslash stays: people read regular expressions here, and take nothing back from it. */
function plain(text: string): string {
  return text.split('\\').map(escapeUnprintable).join('\\');
}

interface Part {
  readonly text: string;
  readonly colour?: string | undefined;
}

/** Puts the parts together, cut to the columns there are. */
function fit(parts: readonly Part[], { colour, columns = Infinity }: Look): string {
  let room = columns;
  let line = '';
  for (const part of parts) {
    if (room <= 0) break;
    const characters = [...part.text];
    const text = characters.length > room ? `${characters.slice(0, room - 1).join('')}${CUT_MARK}` : part.text;
    room -= Math.min(characters.length, room);
    line += colour && part.colour !== undefined ? `\u001b[${part.colour}m${text}\u001b[0m` : text;
  }
  return line.trimEnd();
}
