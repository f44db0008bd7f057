// Commands against each other: run in turn, A B C A B C, so that what disturbs the machine disturbs all alike; medians count.

import { join } from 'node:path';
import { mkdirSync, rmSync } from 'node:fs';
import { measuredRun, type Cost } from './measured_run.js';

export interface Contestant {
  readonly name: string;
  /** @param directory an empty folder for what it writes */
  readonly argv: (directory: string) => readonly string[];
  /** rounds it takes part in; default all (one that takes minutes need not) */
  readonly rounds?: number;
  /** looks at what the run wrote; throws when it is not what it should be */
  readonly check?: (directory: string) => void;
}

export interface Standing extends Cost {
  readonly name: string;
  readonly rounds: number;
}

/** @param directory a scratch folder; @returns the median of each cost, in the order of the contestants */
export function contest(contestants: readonly Contestant[], rounds: number, directory: string): Standing[] {
  const costs = contestants.map((): Cost[] => []);
  for (let round = 0; round < rounds; round++) {
    contestants.forEach((contestant, index) => {
      if (round >= (contestant.rounds ?? rounds)) return;
      const own = join(directory, 'run');
      rmSync(own, { recursive: true, force: true });
      mkdirSync(own);
      costs[index].push(measuredRun(contestant.argv(own), '/dev/null', join(directory, 'stderr')));
      contestant.check?.(own);
    });
  }
  rmSync(join(directory, 'run'), { recursive: true, force: true });
  return contestants.map(({ name }, index) => ({
    name,
    rounds: costs[index].length,
    wallMs: median(costs[index].map(({ wallMs }) => wallMs)),
    cpuMs: median(costs[index].map(({ cpuMs }) => cpuMs)),
    peakMb: median(costs[index].map(({ peakMb }) => peakMb)),
  }));
}

/** The middle of the values; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
