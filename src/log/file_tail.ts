// How a file that lines are appended to ends.

import type { FileAccess } from './file_access.js';
import { NEWLINE } from './lines.js';

/**
 * Whether what is appended would follow the beginning of a line, as a killed run leaves one. A tail that cannot be read is taken for that:
 * an empty line too many is better than two lines in one.
 * @param fd open for reading
 * @param sizeBytes of the file
 */
export async function endsInsideLine(files: FileAccess, fd: number, sizeBytes: number): Promise<boolean> {
  if (sizeBytes === 0) return false;
  const last = new Uint8Array(1);
  try {
    return (await files.read(fd, last, sizeBytes - 1)) !== 1 || last[0] !== NEWLINE;
  } catch {
    return true;
  }
}
