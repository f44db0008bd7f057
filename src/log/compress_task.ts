// What the compressing thread does (workers/compress.ts): one file into one .gz beside it, not yet under its name. Synchronous and at the
// lowest priority: neither Node's thread pool, which the log is written through, nor the capture waits for it.
//
// The file is compressed in pieces, each a gzip member of its own (RFC 1952, section 2.2: members may be concatenated; zcat and every
// library read them as one).

import { closeSync, constants, fchmodSync, fchownSync, fstatSync, fsyncSync, futimesSync, openSync, readSync, type Stats, writeSync } from 'node:fs';
import { constants as osConstants, setPriority } from 'node:os';
import { gzipSync } from 'node:zlib';

const PIECE_BYTES = 1 << 20;
const PERMISSION_BITS = 0o777;
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

export interface CompressTask {
  /** the file to compress; stays as it is */
  readonly source: string;
  /** the file to make: must not be there */
  readonly target: string;
  /** a .gz that what is compressed goes behind; undefined: none */
  readonly before: string | undefined;
}

/** The source as it was compressed. */
export interface CompressedSource {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

/** What the thread answers: an error crosses as its code and words. */
export type CompressAnswer =
  | { readonly source: CompressedSource }
  | { readonly code: string; readonly message: string };

/** Lowest priority for this thread alone: Linux counts niceness by thread. */
export function giveWay(): void {
  try {
    setPriority(osConstants.priority.PRIORITY_LOW);
  } catch {
    // A sandbox may forbid it (systemd's @resources): then at the common priority.
  }
}

/**
 * Makes the target, on the disk when it returns, with the source's times, mode and, where this process may, owner.
 * @throws what the system says; the target may then be there, unfinished
 */
export function compressFile({ source, target, before }: CompressTask): CompressedSource {
  return withFile(source, O_RDONLY, (input) => withFile(target, O_WRONLY | O_CREAT | O_EXCL, (output) => {
    const status = fstatSync(input);
    if (!status.isFile()) throw new Error('it is not a regular file');
    if (before !== undefined) withFile(before, O_RDONLY, (earlier) => copy(earlier, output, (piece) => piece));
    // An empty file is one empty member.
    if (copy(input, output, (piece) => gzipSync(piece)) === 0) writeAll(output, gzipSync(''));
    takeOver(output, status);
    fsyncSync(output);
    const { size, mtimeMs, ino } = status;
    return { size, mtimeMs, ino };
  }));
}

/** @returns bytes read */
function copy(from: number, to: number, change: (piece: Uint8Array) => Uint8Array): number {
  const piece = new Uint8Array(PIECE_BYTES);
  let total = 0;
  for (;;) {
    const bytes = readSync(from, piece, 0, PIECE_BYTES, null);
    if (bytes === 0) return total;
    writeAll(to, change(piece.subarray(0, bytes)));
    total += bytes;
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

function takeOver(fd: number, { uid, gid, mode, atimeMs, mtimeMs }: Stats): void {
  try {
    fchownSync(fd, uid, gid);
  } catch {
    // Without root the file is this user's.
  }
  fchmodSync(fd, mode & PERMISSION_BITS);
  futimesSync(fd, atimeMs / 1000, mtimeMs / 1000);
}

function withFile<T>(path: string, flags: number, use: (fd: number) => T): T {
  const fd = openSync(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
