// -cpuprofile: V8's sampling profiler around the work of one thread, in the form Chrome DevTools opens.

import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { SourceError } from '../capture/source.js';

const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
const MODE = 0o640;

/**
 * Makes the file, so that one which cannot be written is known before the work and not after it.
 * @throws SourceError
 */
export function makeProfileFile(file: string): void {
  try {
    closeSync(openEmpty(file));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SourceError(`cannot write the CPU profile: ${why}; name another file with -cpuprofile`, { cause: error });
  }
}

/** Opens a regular file of one name, and empties it. Whoever else may write to its directory does not choose what root overwrites. */
function openEmpty(file: string): number {
  const fd = openSync(file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, MODE);
  const status = fstatSync(fd);
  if (status.isFile() && status.nlink === 1) {
    ftruncateSync(fd);
    return fd;
  }
  closeSync(fd);
  throw new Error(`${file} ${status.isFile() ? 'has other names (hard links)' : 'is not a regular file'}`);
}

/**
 * Runs `work` under the profiler and writes the profile when it is done, also when it throws.
 * @param file path of the .cpuprofile, overwritten
 */
export async function withCpuProfile(file: string, work: () => void | Promise<void>): Promise<void> {
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  try {
    await work();
  } finally {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    const fd = openEmpty(file);
    try {
      writeFileSync(fd, JSON.stringify(profile));
    } finally {
      closeSync(fd);
    }
  }
}
