// -cpuprofile: V8's sampling profiler around the work of one thread, in the form Chrome DevTools opens.

import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

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
