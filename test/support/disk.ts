// A file system of a test's own, which can fill up and become read-only.

import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.js';
import { killStarted, withDirectory } from './httplog.js';

/** Runs `use` with a directory that is a tmpfs of so many KiB. */
export async function withDisk(sizeKib: number, use: (directory: string) => Promise<void>): Promise<void> {
  await withDirectory(async (parent) => {
    const directory = join(parent, 'disk');
    mkdirSync(directory);
    command(['mount', '-t', 'tmpfs', '-o', `size=${sizeKib}k`, 'tmpfs', directory]);
    try {
      await use(directory);
    } finally {
      killStarted();
      command(['umount', '-l', directory]);
    }
  });
}

/** Bytes of a file that the program under test may remove or rename at any moment: 0 while it is not there. */
export const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
