// scripts/fuzz [SECONDS [SEED]]: fuzzes for that long (default 60) from that seed (default: another one each time).
// scripts/fuzz -r FILE…: tries files, such as those a finding left behind.

import { readFileSync } from 'node:fs';
import { fuzz } from './fuzz.js';
import { Harness } from './harness.js';

const USAGE = 'usage: scripts/fuzz [SECONDS [SEED]], or scripts/fuzz -r FILE…';
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function tryFiles(files: readonly string[]): Promise<void> {
  const harness = new Harness();
  try {
    for (const file of files) {
      await harness.try(readFileSync(file));
      say(`${file}: nothing found`);
    }
  } finally {
    harness.close();
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === '-r' && args.length > 1) {
    await tryFiles(args.slice(1));
    return 0;
  }
  const [seconds = 60, seed = Date.now() % 2 ** 32] = args.map(Number);
  if (args.length > 2 || !(seconds > 0) || !Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  say(`fuzz: seed ${seed}, ${seconds} s`);
  const { captures, frames, records } = await fuzz(seconds, seed);
  say(`fuzz: ${captures} captures with ${frames} frames and ${records} records, nothing found`);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`fuzz: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
  process.exitCode = 1;
}
