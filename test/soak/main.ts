// scripts/soak [-o REPORT.md] MINUTES [SEED]

import { writeFileSync } from 'node:fs';
import { renderReport } from './report.js';
import { soak } from './soak.js';

const USAGE = 'usage: scripts/soak [-o REPORT.md] MINUTES [SEED]';
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(argv: readonly string[]): Promise<number> {
  const args = [...argv];
  const file = args[0] === '-o' ? args.splice(0, 2)[1] : undefined;
  const [minutes = NaN, seed = Date.now() % 2 ** 32] = args.map(Number);
  if (args.length > 2 || !(minutes > 0) || !Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  say(`soak: ${minutes} minutes, seed ${seed}`);
  const outcome = await soak({ seconds: minutes * 60, seed, say });
  const report = renderReport(outcome, seed);
  say(`\n${report}`);
  if (file !== undefined) writeFileSync(file, report);
  return outcome.checks.every(({ holds }) => holds) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`soak: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
