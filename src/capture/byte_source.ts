// Where the bytes of a capture file come from: a regular file, a pipe, a socket, or any of them through gzip. Readers ask for
// bytes straight into the ring's memory and never learn which it is.

import { SourceError } from './source.js';

/** What ByteSource.read() may answer beside a number of bytes. */
export const READ = {
  END: 0,
  /** nothing has arrived for a while: publish what there is and ask again */
  NOTHING: -1,
} as const;

export interface ByteSource {
  /** bytes of the file itself read so far: of a .gz the compressed ones */
  readonly bytesRead: number;
  /** size of the file, 0 where unknown */
  readonly bytesTotal: number;
  /** after READ.END: the data ends before its own end mark (.gz) */
  readonly cutOff: boolean;
  /**
   * Reads some bytes to `into`, from `start` (inclusive) up to `end` (exclusive, above `start`).
   * @returns how many, from 1, or one of READ; waits a tenth of a second at most where bytes have to arrive
   * @throws SourceError when the source cannot go on
   */
  read(into: Uint8Array, start: number, end: number): number | Promise<number>;
  /** Frees what it holds. Safe to call twice. */
  close(): void;
}

/** Whether the run was asked to stop: ends the wait for a FIFO's writer. */
export type Stopping = () => boolean;

/** How messages name a file: `-` is standard input. */
export function displayName(file: string): string {
  return file === '-' ? 'standard input' : file;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file; check the path',
  EACCES: 'permission denied; make it readable for this user or use sudo',
  EPERM: 'permission denied; make it readable for this user or use sudo',
  ENOTDIR: 'a part of the path is not a directory; check the path',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
  ENFILE: 'too many open files in the system',
  EBADF: 'is not open for reading',
  ENXIO: 'cannot be opened: a socket, or a device that is not there',
  EIO: 'input/output error; check the disk and the kernel log',
};

/** An error of the operating system as one line for the user; a SourceError stays what it is. */
export function asSourceError(error: unknown, file: string): SourceError {
  if (error instanceof SourceError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new SourceError(`${displayName(file)}: ${REASONS[code] ?? (error as Error).message}`);
}
