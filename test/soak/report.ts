// A soak's outcome for people.

import { cpus, release } from 'node:os';
import { version } from '../../src/config/version.js';
import type { SoakOutcome } from './soak.js';

/** @returns Markdown, its last line ended */
export function renderReport(outcome: SoakOutcome, seed: number): string {
  const { seconds, requests, checks, faults, processes } = outcome;
  const kept = checks.filter(({ holds }) => holds).length;
  return [
    '# Soak',
    '',
    `${new Date().toISOString().slice(0, 10)}, httplog ${version()}, Node.js ${process.versions.node}, Linux ${release()}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}): `
    + `${(seconds / 60).toFixed(1)} minutes, seed ${seed}, ${requests} requests, ${kept} of ${checks.length} checks hold.`,
    '',
    '| check | seen | |',
    '|---|---|---|',
    ...checks.map(({ what, seen, holds }) => `| ${what} | ${seen.replaceAll('|', '\\|')} | ${holds ? 'holds' : '**violated**'} |`),
    '',
    '| fault | times | longest until records were written again, ms |',
    '|---|---|---|',
    ...[...faults].map(([name, { times, worstMs }]) => `| ${name} | ${times} | ${worstMs.toFixed(0)} |`),
    '',
    '| memory, MiB | at 1/3 | at 2/3 | at the end |',
    '|---|---|---|---|',
    ...processes.map(({ name, samples }) => `| ${name} | ${[1, 2, 3].map((third) => ((samples[Math.floor((samples.length - 1) * third / 3)]?.residentKiB ?? 0) / 1024).toFixed(0)).join(' | ')} |`),
    '',
  ].join('\n');
}
