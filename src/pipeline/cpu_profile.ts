// -cpuprofile: V8's sampling profiler around the work of one thread, in the form Chrome DevTools opens.

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { SourceError } from '../capture/source.js';

/**
 * Makes the file, so that one which cannot be written is known before the work and not after it.
 * @throws SourceError
 */
export function makeProfileFile(file: string): void {
  try {
    closeSync(openSync(file, 'w'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SourceError(`cannot write the CPU profile: ${why}; name another file with -cpuprofile`, { cause: error });
  }
}

/**
 * Runs `work` under the profiler and writes the profile when it is done, also when it throws.
 * @param file path of the .cpuprofile, overwritten
 */
export async function withCpuProfile(file: string, work: () => void | Promise<void>): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  try {
    await work();
  } finally {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  }
}
