// A directory held by descriptor: what is done to its entries is done in that very directory, whatever its path leads to meanwhile.
// Node has no unlinkat(2) and the like; /proc/self/fd/N/NAME is the same.

import { constants } from 'node:fs';
import { access, type FileHandle, lstat, open, readdir, rename, statfs, unlink } from 'node:fs/promises';
import { LogError } from './log_error.js';

/** What is known of a file without opening it. */
export interface EntryStatus {
  readonly isFile: boolean;
  /** bytes */
  readonly size: number;
  /** last change, milliseconds since 1970 with a fraction */
  readonly mtimeMs: number;
  readonly ino: number;
}

/** Room on a file system as df counts it: what is reserved for root is no room. */
export interface Room {
  /** bytes that may still be written */
  readonly freeBytes: number;
  /** of those and the used ones together */
  readonly totalBytes: number;
}

/** Methods reject with what the system says; names are those of entries, never paths. */
export class OpenDirectory {
  private constructor(private readonly handle: FileHandle) {}

  /** @throws LogError without /proc, else what the system says */
  static async open(path: string): Promise<OpenDirectory> {
    const directory = new OpenDirectory(await open(path, constants.O_RDONLY | constants.O_DIRECTORY));
    try {
      await access(directory.pathOf(''));
    } catch (error) {
      await directory.close();
      if (!isMissing(error)) throw error;
      throw new LogError(`cannot look after ${path}: /proc is not mounted; mount it, or switch -retain, -compress, -max_disk and -min_free off`, { cause: error });
    }
    return directory;
  }

  /** A path of the entry, good in every thread of this process while the directory is open. */
  pathOf(name: string): string {
    return `/proc/self/fd/${this.handle.fd}/${name}`;
  }

  /** Names of the regular files; symbolic links are none. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.pathOf(''), { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  /** @returns undefined when there is no such entry */
  async status(name: string): Promise<EntryStatus | undefined> {
    try {
      const status = await lstat(this.pathOf(name));
      return { isFile: status.isFile(), size: status.size, mtimeMs: status.mtimeMs, ino: status.ino };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Removes the entry when it is a regular file. @returns whether it was there */
  async remove(name: string): Promise<boolean> {
    if ((await this.status(name))?.isFile !== true) return false;
    try {
      // A link put there in between would itself go, not what it leads to.
      await unlink(this.pathOf(name));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(this.pathOf(from), this.pathOf(to));
  }

  /** Waits until the entries are on the disk. */
  async sync(): Promise<void> {
    await this.handle.sync();
  }

  async room(): Promise<Room> {
    const { bsize, blocks, bfree, bavail } = await statfs(this.pathOf(''));
    return { freeBytes: bavail * bsize, totalBytes: (blocks - bfree + bavail) * bsize };
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
