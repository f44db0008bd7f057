// The few file operations the log needs, as an interface: tests put short writes and full disks behind it.

import * as fs from 'node:fs';
import { promisify } from 'node:util';

export interface FileStatus {
  /** bytes */
  readonly size: number;
  /** whose it is */
  readonly uid: number;
  /** names the file has; 0: it was deleted */
  readonly nlink: number;
  /** what tells it from every other file */
  readonly ino: number;
  readonly dev: number;
  isFile(): boolean;
}

/** Each call is one system call and rejects with what the system said (`code` ENOSPC, EAGAIN, …). */
export interface FileAccess {
  open(path: string, flags: number, mode: number): Promise<number>;
  /** @returns bytes written: fewer than there are is no error */
  write(fd: number, parts: readonly Uint8Array[]): Promise<number>;
  /** @returns bytes read: fewer than asked for is no error */
  read(fd: number, bytes: Uint8Array, position: number): Promise<number>;
  fstat(fd: number): Promise<FileStatus>;
  /** of what has the name, be it a symbolic link */
  lstat(path: string): Promise<FileStatus>;
  ftruncate(fd: number, sizeBytes: number): Promise<void>;
  close(fd: number): Promise<void>;
}

const open = promisify(fs.open);
const write = promisify(fs.write);
const writev = promisify(fs.writev);
const read = promisify(fs.read);
const fstat = promisify(fs.fstat);
const lstat = promisify(fs.lstat);
const ftruncate = promisify(fs.ftruncate);
const close = promisify(fs.close);

/** The real ones, off the main thread. libuv adds O_CLOEXEC to every open; views of shared memory are written in place. */
export const systemFiles: FileAccess = {
  open: (path, flags, mode) => open(path, flags, mode),
  write: async (fd, parts) => {
    const { bytesWritten } = parts.length === 1 ? await write(fd, parts[0]) : await writev(fd, parts);
    return bytesWritten;
  },
  read: async (fd, bytes, position) => (await read(fd, bytes, 0, bytes.length, position)).bytesRead,
  fstat: (fd) => fstat(fd),
  lstat: (path) => lstat(path),
  ftruncate: (fd, sizeBytes) => ftruncate(fd, sizeBytes),
  close: (fd) => close(fd),
};
