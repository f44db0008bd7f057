// With -rotate SIZE: which part of a period is written. After a start that is the last one in the directory.

import { readdir } from 'node:fs/promises';
import { parseLogFileName } from './file_names.js';

/** More than a directory in use has; beyond it the directory is read again. */
const MOST_SERIES = 10_000;

export class PartNumbers {
  /** the part to write by series; undefined: the directory has to be read */
  private last: Map<string, number> | undefined;

  /** @param series of parseLogFileName() @returns the part to go on with, from 1 */
  async current(directory: string, series: string): Promise<number> {
    this.last ??= await readParts(directory);
    return this.last.get(series) ?? 1;
  }

  /** A part was begun. */
  begin(series: string, part: number): void {
    if ((this.last?.size ?? 0) >= MOST_SERIES) this.last = undefined;
    this.last?.set(series, part);
  }

  /** Somebody may have moved files: the next question reads the directory. */
  forget(): void {
    this.last = undefined;
  }
}

/** A directory that cannot be read says so when the file is opened: until then it has no parts. */
async function readParts(directory: string): Promise<Map<string, number>> {
  const last = new Map<string, number>();
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    const file = parseLogFileName(name);
    if (file === undefined || file.part === 0) continue;
    // A compressed part is done with.
    const part = file.compressed ? file.part + 1 : file.part;
    if (part > (last.get(file.series) ?? 0)) last.set(file.series, part);
  }
  return last;
}
