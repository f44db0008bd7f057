// Bytes of a regular file: synchronous reads, 4 MiB a call, straight into the ring. The files of a replay can be many and all
// overlap in time, so that they are read in turns; only the last OPEN_FILES of them keep their descriptor.

import { closeSync, openSync, readSync } from 'node:fs';

import { asSourceError, type ByteSource } from './byte_source.js';

/** Most descriptors kept open between turns. */
const OPEN_FILES = 128;

/** The files that have a descriptor and could be opened again, least recently read first. */
const openFiles = new Set<FileByteSource>();

export class FileByteSource implements ByteSource {
  bytesRead = 0;
  readonly cutOff = false;

  /**
   * @param fd an open descriptor; from now on owned by this source
   * @param path to open it again when many files take turns; undefined where that is not possible (standard input)
   * @param bytesTotal its size, 0 where unknown
   */
  constructor(
    private fd: number | undefined,
    private path: string | undefined,
    readonly bytesTotal: number,
  ) {
    this.keepOpen();
  }

  read(into: Uint8Array, start: number, end: number): number {
    try {
      if (this.fd === undefined) {
        if (this.path === undefined) return 0;
        this.fd = openSync(this.path, 'r');
      }
      this.keepOpen();
      // By position where the descriptor may have been closed in between, else from where the descriptor stands.
      const position = this.path === undefined ? null : this.bytesRead;
      const got = readSync(this.fd, into, start, end - start, position);
      this.bytesRead += got;
      return got;
    } catch (error) {
      throw asSourceError(error, this.path ?? '-');
    }
  }

  close(): void {
    this.path = undefined;
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
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }
}
