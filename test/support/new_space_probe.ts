// Loaded by Node into each thread of an httplog (NODE_OPTIONS): makes objects as years would, some of which live for a while, and says
// how large the thread's space for new objects became.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapSpaceStatistics } from 'node:v8';
import { threadId } from 'node:worker_threads';

/** The environment of an httplog whose threads are probed. @param directory gets a file a thread: bytes */
export function probed(directory: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${import.meta.url}`, TEST_NEW_SPACE: directory };
}

const OBJECTS = 1_000_000;
/** Of the latest ones: what lives makes the space grow. */
const KEPT = 1 << 16;

const into = process.env['TEST_NEW_SPACE'];
if (into !== undefined) {
  const kept: object[] = [];
  for (let made = 0; made < OBJECTS; made++) kept[made % KEPT] = { made };
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  writeFileSync(join(into, String(threadId)), String(space?.space_size));
}
