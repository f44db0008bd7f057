// A file system of a test's own, which can fill up and become read-only.

import { mkdirSync } from 'node:fs';
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
