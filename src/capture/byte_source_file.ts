// Bytes of a regular file: reads straight into the ring, synchronous, or beside this thread where it has other work meanwhile. The files of a replay can be many and all
// overlap in time, so that they are read in turns; only the last OPEN_FILES of them keep their descriptor.

import { closeSync, openSync, read, readSync } from 'node:fs';

import { asSourceError, type ByteSource } from './byte_source.js';

/** Most descriptors kept open between turns. */
const OPEN_FILES = 128;

/** Less is copied faster than another thread is woken. */
const BESIDE_BYTES = 256 << 10;

/** The files that have a descriptor and could be opened again, least recently read first. */
const openFiles = new Set<FileByteSource>();

export class FileByteSource implements ByteSource {
  bytesRead = 0;
  readonly cutOff = false;
  private closed = false;

  /**
   * @param fd an open descriptor
   * @param path to open it again when many files take turns: `fd` is then this source's to close. Undefined for an inherited
   *   descriptor (standard input), which is read from where it stands and left open.
   * @param bytesTotal its size, 0 where unknown
   * @param beside large reads happen in Node's thread pool
   */
  constructor(
    private fd: number | undefined,
    private readonly path: string | undefined,
    readonly bytesTotal: number,
    private readonly beside: boolean,
  ) {
    this.keepOpen();
  }

  read(into: Uint8Array, start: number, end: number): number | Promise<number> {
    try {
      if (this.fd === undefined) {
        if (this.path === undefined || this.closed) return 0;
        this.fd = openSync(this.path, 'r');
      }
      this.keepOpen();
      // By position, because the descriptor may have been closed in between.
      const position = this.path === undefined ? null : this.bytesRead;
      if (this.beside && end - start >= BESIDE_BYTES) return this.readBeside(this.fd, into, start, end - start, position);
      const got = readSync(this.fd, into, start, end - start, position);
      this.bytesRead += got;
      return got;
    } catch (error) {
      throw asSourceError(error, this.path ?? '-');
    }
  }

  private readBeside(fd: number, into: Uint8Array, start: number, length: number, position: number | null): Promise<number> {
    return new Promise((resolve, reject) => {
      read(fd, into, start, length, position, (error, got) => {
        if (error) {
          reject(asSourceError(error, this.path ?? '-'));
          return;
        }
        this.bytesRead += got;
        resolve(got);
      });
    });
  }

  close(): void {
    this.closed = true;
    this.park();
  }

  private keepOpen(): void {
    if (this.path === undefined) return;
    openFiles.delete(this);
    openFiles.add(this);
    if (openFiles.size <= OPEN_FILES) return;
    for (const leastRecent of openFiles) {
      leastRecent.park();
      return;
    }
  }

  private park(): void {
    openFiles.delete(this);
    if (this.fd !== undefined && this.path !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }
}
