// Opens what -r names: finds out what kind of thing it is and says plainly why it cannot be read.

import { closeSync, constants, fstatSync, openSync, statSync, type Stats } from 'node:fs';

import { isTerminal } from '../host/terminal.js';
import { asSourceError, displayName, type ByteSource, type Stopping } from './byte_source.js';
import { FileByteSource } from './byte_source_file.js';
import { PipeByteSource, waitForWriter } from './byte_source_pipe.js';
import { SourceError } from './source.js';

/**
 * Opens a file given with -r: a path, or `-` for standard input.
 * @param beside large reads of regular files leave this thread free meanwhile
 * @throws SourceError with one line that says what to do
 */
export async function openBytes(file: string, stopping: Stopping, beside = false): Promise<ByteSource> {
  const inherited = inheritedDescriptor(file);
  const fd = inherited ?? open(file);
  try {
    const stats = fstatSync(fd);
    if (stats.isFile()) {
      // A file that was handed over as a descriptor is read from where it stands, and cannot be opened again by name.
      return new FileByteSource(fd, inherited === undefined ? file : undefined, stats.size, beside);
    }
    const name = displayName(file);
    refuseOthers(name, fd, stats);
    if (stats.isCharacterDevice()) return new FileByteSource(fd, inherited === undefined ? file : undefined, 0, false);
    const first = inherited === undefined && stats.isFIFO() ? await waitForWriter(fd, stopping) : undefined;
    return new PipeByteSource(fd, name, first);
  } catch (error) {
    if (inherited === undefined) closeSync(fd);
    throw asSourceError(error, file);
  }
}

/** Whether a file can be opened a second time, so that its first frame's time can be looked up before its turn comes. */
export function isRereadable(file: string): boolean {
  return inheritedDescriptor(file) === undefined && (statSync(file, { throwIfNoEntry: false })?.isFile() ?? false);
}

/**
 * `-` and the names under which a shell passes an open descriptor. They are not opened again: a socket cannot be, a pipe
 * whose writer is gone already would look like a FIFO that waits for one.
 */
function inheritedDescriptor(file: string): number | undefined {
  if (file === '-' || file === '/dev/stdin') return 0;
  const match = /^\/(?:dev|proc\/self)\/fd\/(\d{1,9})$/.exec(file);
  return match === null ? undefined : Number(match[1]);
}

function open(file: string): number {
  try {
    // Without O_NONBLOCK, opening a FIFO would block the whole thread until somebody writes to it.
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw asSourceError(error, file);
  }
}

function refuseOthers(name: string, fd: number, stats: Stats): void {
  if (stats.isDirectory()) throw new SourceError(`${name}: is a directory; give the capture files in it`);
  if (isTerminal(fd)) throw new SourceError(`${name}: is a terminal; pipe a capture into it, as in tcpdump -w - | httplog -r -`);
  if (stats.isBlockDevice()) throw new SourceError(`${name}: is a block device, not a capture file`);
}
