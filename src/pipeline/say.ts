// The operational log: one-liners on standard error (the journal, under systemd).

import { escapeUnprintable } from '../config/usage_error.js';

/** Writes `httplog: ` and the text as one line; whatever file or interface names hold, it stays one line of plain text. */
export function say(text: string): void {
  process.stderr.write(`httplog: ${escapeUnprintable(text)}\n`);
}
