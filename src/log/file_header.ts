// Lines that a file of records begins with, in formats that need them: written when a file is new, and again where the last ones
// in it describe other columns.

import type { FileAccess } from './file_access.js';

export interface FileHeader {
  /** The lines, as of now. */
  begin(now: Date): string;
  /** the last of them, which say what the columns are: the same in every header of these columns */
  readonly columns: string;
}

/** How far back a header is looked for. Beyond that it is repeated, which readers take for what it is. */
const LOOK_BACK_BYTES = 1 << 20;

/**
 * Whether the last header in a file is this one.
 * @param sizeBytes of the file
 * @throws what the system says to reading
 */
export async function endsUnder(header: FileHeader, files: FileAccess, fd: number, sizeBytes: number): Promise<boolean> {
  const bytes = new Uint8Array(Math.min(sizeBytes, LOOK_BACK_BYTES));
  const from = sizeBytes - bytes.length;
  for (let read = 0; read < bytes.length;) {
    const taken = await files.read(fd, bytes.subarray(read), from + read);
    if (taken === 0) return false; // it was truncated meanwhile
    read += taken;
  }
  // No record can hold these bytes at the beginning of a line.
  const marker = header.columns.slice(0, header.columns.indexOf('\t') + 1);
  const text = `${from === 0 ? '\n' : ''}${Buffer.from(bytes.buffer).toString('latin1')}`;
  const at = text.lastIndexOf(`\n${marker}`);
  return at >= 0 && text.startsWith(header.columns, at + 1);
}
