// Whether a descriptor is a terminal, without what Node loads for that where there cannot be one (a third of a stream library and the
// network, some milliseconds of each start).

import { fstatSync } from 'node:fs';

/** @returns false for a descriptor that is closed, too */
export function isTerminal(fd: number): boolean {
  try {
    if (!fstatSync(fd).isCharacterDevice()) return false;
  } catch {
    return false;
  }
  return process.getBuiltinModule('node:tty').isatty(fd);
}
