// A thread that parses, from its start to its end: a piscina of one, so that it can be replaced and the others go on.

import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { stuckError, watchForStuck } from './stuck_watch.js';
import type { ParseTask } from './tasks.js';

const WORKER = new URL('../../workers/parse.js', import.meta.url).href;
/**
 * JavaScript objects of a worker take a few MiB: its frames and lines lie in shared memory. One that grows without end is to die
 * before the machine suffers.
 */
const HEAP_MIB = 256;
/** The port closes with its thread. */
const CLOSE_MS = 5000;

export interface ThreadCalls {
  /** the thread has passed a block: its number among its own */
  passed(block: number): void;
  /** batch that the thread works on while it waits for nobody, undefined: none */
  workingOn(): number | undefined;
}

/**
 * Runs a task in a new thread. When this settles the thread is gone and has passed its last block.
 * @throws what the thread broke with
 */
export async function runParserThread(task: Omit<ParseTask, 'port'>, { passed, workingOn }: ThreadCalls): Promise<void> {
  const { Piscina } = await import('piscina');
  const pool = new Piscina({
    filename: WORKER,
    minThreads: 1,
    maxThreads: 1,
    recordTiming: false,
    // A profile grows as long as the run lasts.
    ...(task.cpuProfile === '' ? { resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB } } : {}),
  });
  const { port1, port2 } = new MessageChannel();
  port1.on('message', passed);
  const closed = once(port1, 'close');
  const watch = watchForStuck(workingOn, () => void pool.destroy());
  try {
    await pool.run({ ...task, port: port2 } satisfies ParseTask, { transferList: [port2] });
  } catch (error) {
    throw watch.stuck ? stuckError() : error;
  } finally {
    watch.end();
    await pool.destroy();
    // Behind the last message.
    await Promise.race([closed, sleep(CLOSE_MS, undefined, { ref: false })]);
    port1.close();
  }
}
