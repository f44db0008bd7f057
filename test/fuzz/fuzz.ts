// The fuzzer: captures made from a seed number, one after the other, until the time is over or something is found.

import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '../support/random.js';
import { nextCapture } from './captures.js';
import { Harness } from './harness.js';
import { loadSeeds } from './seeds.js';

export interface FuzzReport {
  readonly captures: number;
  readonly frames: number;
  readonly records: number;
}

/** What was found, with the file that shows it and the command that shows it again. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** @param seed 0 to 2^32 - 1 @throws Finding */
export async function fuzz(seconds: number, seed: number): Promise<FuzzReport> {
  const seeds = loadSeeds();
  const random = new SeededRandom(seed);
  const harness = new Harness();
  const deadlineMs = performance.now() + seconds * 1000;
  let captures = 0;
  try {
    for (; performance.now() < deadlineMs; captures++) {
      const capture = nextCapture(random, seeds);
      try {
        await harness.try(capture);
      } catch (error) {
        throw finding(error, capture, seed, captures);
      }
    }
    return { captures, frames: harness.frames, records: harness.records };
  } finally {
    harness.close();
  }
}

function finding(error: unknown, capture: Uint8Array, seed: number, number: number): Finding {
  const path = join(tmpdir(), `httplog-fuzz-${seed}-${number}.capture`);
  writeFileSync(path, capture);
  const what = error instanceof Error ? error.stack ?? error.message : String(error);
  return new Finding(`capture ${number} of seed ${seed}: ${what}\nto see it again: scripts/fuzz -r ${path}`, { cause: error });
}
