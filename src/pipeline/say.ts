// The operational log: one-liners on standard error (the journal, under systemd).

import { escapeUnprintable } from '../config/usage_error.js';

/** Errors whose message is written for the user: by name, as they may come from a module that was never loaded here. */
const FOR_USERS = new Set(['LogError', 'SourceError', 'ClosedOutputError', 'NetlinkError', 'PrivilegeError']);

/** Writes `httplog: ` and the text as one line; whatever file or interface names hold, it stays one line of plain text. */
export function say(text: string): void {
  process.stderr.write(`httplog: ${escapeUnprintable(text)}\n`);
}

/** Says what went wrong. */
export function sayError(error: unknown): void {
  say(describeError(error));
}

/** Errors that are not meant for users carry where they come from. */
export function describeError(error: unknown): string {
  if (error instanceof Error && FOR_USERS.has(error.name)) return error.message;
  return `internal error, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
