// The shipped command, and what it says of itself.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '../../test/support/command.js';

/** The project's folder, from dist/bench/lib/. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const HTTPLOG = join(ROOT, 'bin/httplog');

/** Whether this build knows the option, such as `-capture`. */
export function knowsOption(option: string): boolean {
  return new RegExp(`(^|\\s)${option}\\b`, 'm').test(command([HTTPLOG, '-h']));
}

/** Lines in the log files of a directory. */
export function linesLogged(directory: string): number {
  let lines = 0;
  for (const name of readdirSync(directory)) {
    if (!name.endsWith('.log')) continue;
    const bytes = readFileSync(join(directory, name));
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  }
  return lines;
}

/** @throws Error when there are not `expected` lines: a benchmark of work that was not done measures nothing */
export function expectLines(directory: string, expected: number): void {
  const lines = linesLogged(directory);
  if (lines !== expected) throw new Error(`httplog logged ${lines} records of ${expected}`);
}
