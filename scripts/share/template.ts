// The shell code of a completion stands in a file of its own, checked as such; what follows from the option table goes into its
// marked places.

import { readFileSync } from 'node:fs';
import type { OptionRow } from '../../src/config/option.js';

/** How names of captures end. */
export const CAPTURE_SUFFIXES = ['pcap', 'pcapng', 'cap', 'dmp', 'gz'] as const;

/**
 * The text of scripts/share/NAME with what stands for its `#MARKS#`.
 * @throws Error when the file has no such mark
 */
export function fillTemplate(name: string, marks: Readonly<Record<string, string>>): string {
  // From dist/scripts/share/: the compiler copies no shell code.
  let text = readFileSync(new URL(`../../../scripts/share/${name}`, import.meta.url), 'utf8');
  for (const [mark, value] of Object.entries(marks)) {
    if (!text.includes(`#${mark}#`)) throw new Error(`${name} has no #${mark}#`);
    text = text.replaceAll(`#${mark}#`, () => value);
  }
  return text;
}

/** Every name of the option, without dashes. */
export function namesOf(row: OptionRow): readonly string[] {
  return [row.name, ...(row.aliases ?? [])];
}

/** The text as one word of bash and zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
