// Programs of which each keeps one processor busy, beside each other.

import { availableParallelism } from 'node:os';

/**
 * Begins the jobs in their order, as many at a time as there are processors.
 * @returns what becomes of each; a failure is told to who awaits it, and to nobody else
 */
export function beside<T>(jobs: readonly (() => Promise<T>)[]): Promise<T>[] {
  let free = availableParallelism();
  const waiting: (() => void)[] = [];
  return jobs.map((job) => {
    const ended = (async () => {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await job();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    })();
    ended.catch(() => undefined);
    return ended;
  });
}
