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
  /** the position of what is read next */
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
    const position = this.bytesRead;
    if (!this.beside || end - start < BESIDE_BYTES) return this.advance(this.readAt(into, start, end, position));
    return this.readBeside(into, start, end, position).then((got) => this.advance(got));
  }

  /**
   * Reads what is at a position of the file; `bytesRead` stays.
   * @param position passed over for an inherited descriptor, which is read from where it stands
   * @returns bytes read, 0 at the end of the file
   * @throws SourceError
   */
  readAt(into: Uint8Array, start: number, end: number, position: number): number {
    try {
      const fd = this.open();
      return fd === undefined ? 0 : readSync(fd, into, start, end - start, this.path === undefined ? null : position);
    } catch (error) {
      throw asSourceError(error, this.path ?? '-');
    }
  }

  /** As readAt(), in Node's thread pool. The file must not be closed meanwhile. */
  readBeside(into: Uint8Array, start: number, end: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      let fd: number | undefined;
      try {
        fd = this.open();
      } catch (error) {
        reject(asSourceError(error, this.path ?? '-'));
      }
      if (fd === undefined) resolve(0);
      else read(fd, into, start, end - start, this.path === undefined ? null : position, (error, got) => {
        if (error) reject(asSourceError(error, this.path ?? '-'));
        else resolve(got);
      });
    });
  }

  /** Whether a position can be read again: what an inherited descriptor has given is gone. */
  get isPositioned(): boolean {
    return this.path !== undefined;
  }

  close(): void {
    this.closed = true;
    this.park();
  }

  private advance(got: number): number {
    this.bytesRead += got;
    return got;
  }

  /** The descriptor, opened again where other files took their turn meanwhile; undefined when the source is closed. @throws what the system says */
  private open(): number | undefined {
    if (this.fd === undefined) {
      if (this.path === undefined || this.closed) return undefined;
      this.fd = openSync(this.path, 'r');
    }
    this.keepOpen();
    return this.fd;
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
