// The operational log: one-liners with a level on standard error. Where they go decides how they look:
//
//   a terminal, a pipe       httplog: warning: eth0: the interface went down; …        (info has no word; replay: also in a file)
//   a file, live             2026-11-21T19:42:57.123Z httplog[4711] warning: eth0: the interface went down; …
//   the journal              <4>eth0: the interface went down; …                       (sd-daemon(3); the journal has time and name)

import { fstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLevel } from '../config/settings.js';
import { escapeUnprintable } from '../config/usage_error.js';
import { LOG_LEVELS } from '../config/values.js';
import { errorCode, systemLogError } from '../log/log_error.js';
import { MessageLimit } from './message_limit.js';
import { MessageOutput } from './message_output.js';

/** Errors whose message is written for the user: by name, as they may come from a module that was never loaded here. */
const FOR_USERS = new Set(['LogError', 'SourceError', 'ClosedOutputError', 'NetlinkError', 'PrivilegeError', 'EndpointError', 'ProcConnectorError', 'SockDiagError', 'SynWatchError', 'TraceError']);

/** Wherever it is met, down to loading a module, there is something to do about it. */
const OUT_OF_FILES = new Set(['EMFILE', 'ENFILE']);

const STDERR = 2;
/** How long the end of the program waits for a reader of its last words. */
const LAST_WORDS_MS = 1_000;
/** Severities of syslog(3), as sd-daemon(3) wants them in front of a line. */
const SEVERITY = { error: 3, warn: 4, info: 6, debug: 7 } as const satisfies Record<LogLevel, number>;
const WORD = { error: 'error', warn: 'warning', info: 'info', debug: 'debug' } as const satisfies Record<LogLevel, string>;

/** How a line looks. */
export type MessageStyle = 'plain' | 'file' | 'journal';

/** What standard error is. @param journalStream JOURNAL_STREAM of the environment: device and inode of the journal's socket */
function styleOf(fd: number, journalStream: string | undefined): MessageStyle {
  try {
    const status = fstatSync(fd);
    if (journalStream === `${status.dev}:${status.ino}`) return 'journal';
    return status.isFile() ? 'file' : 'plain';
  } catch {
    return 'plain';
  }
}

const detected = styleOf(STDERR, process.env['JOURNAL_STREAM']);
/** Until the settings are known nobody can tell whether this is a replay, whose words have no time. */
let style: MessageStyle = detected === 'journal' ? 'journal' : 'plain';
let least = LOG_LEVELS.indexOf('info');

/** Lines said since the start by level, and those that were not: the limit kept them back, or nobody read. */
export const messagesSaid: Record<LogLevel | 'suppressed', number> = { error: 0, warn: 0, info: 0, debug: 0, suppressed: 0 };

const limit = new MessageLimit((text, level, times) => {
  say(`${times} more like this in the last minute, not shown: ${text}`, level);
});

const output = new MessageOutput(STDERR, (lines) => {
  say(`${lines} messages before this one were lost: nobody read standard error`, 'warn');
});

/** How a run wants its messages. @param times lines of a file begin with their time: a live capture's do */
export function configureMessages(level: LogLevel, times: boolean): void {
  least = LOG_LEVELS.indexOf(level);
  if (detected === 'file') style = times ? 'file' : 'plain';
}

/** Whether messages of this level are shown. */
export function isSaid(level: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= least;
}

/** Writes the text as one line; whatever file or interface names hold, it stays one line of plain text. */
export function say(text: string, level: LogLevel = 'info'): void {
  write(text, level, level === 'info' ? '' : `${WORD[level]}: `);
}

/**
 * Says something that may happen again and again: a few of a kind a minute are shown.
 * @param form what messages of its kind have in common, figures aside; default: all of the text
 */
export function sayLimited(text: string, level: LogLevel, form?: string): void {
  if (!isSaid(level)) return;
  if (limit.allows(text, level, performance.now(), form)) say(text, level);
  else messagesSaid.suppressed++;
}

/** Says how often what the limit kept back was said; at the end of a run. */
export function flushMessages(): void {
  limit.flush();
}

/** Waits until what was said is read, a second at most. @returns whether it is */
export function lastWords(): Promise<boolean> {
  return Promise.race([output.written().then(() => true), sleep(LAST_WORDS_MS, false, { ref: false })]);
}

/** Says in one line why the program ends without having done its job: in the form every Unix tool has for it. */
export function sayFailure(text: string): void {
  write(text, 'error', '');
}

/** Says what went wrong. */
export function sayError(error: unknown): void {
  sayFailure(describeError(error));
}

/** Errors that are not meant for users carry where they come from. */
export function describeError(error: unknown): string {
  if (error instanceof Error && FOR_USERS.has(error.name)) return error.message;
  if (OUT_OF_FILES.has(errorCode(error))) return systemLogError('cannot go on', error).message;
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_INIT_FAILED') {
    return `cannot start a thread: ${error.message}; raise the limits of open files (ulimit -n) and of processes (ulimit -u)`;
  }
  return `internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function write(text: string, level: LogLevel, word: string): void {
  if (!isSaid(level)) return;
  const taken = output.put(`${beginning(level, word)}${escapeUnprintable(text)}\n`);
  messagesSaid[taken ? level : 'suppressed']++;
}

function beginning(level: LogLevel, word: string): string {
  if (style === 'journal') return `<${SEVERITY[level]}>`;
  if (style === 'file') return `${new Date().toISOString()} httplog[${process.pid}] ${WORD[level]}: `;
  return `httplog: ${word}`;
}
