// conformance.js DIR: runs DIR/check.mjs over DIR/corpus with bin/httplog, without and with its tunnels opened; prints the score of both
// runs, of one that is not clean what check.mjs says, and then fails. Run from the project's root.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The line check.mjs writes for a capture that is not right: `NAME (TAG,TAG): N problem(s)`. */
const FAILED = /^(\S+) \([^)]*\): \d+ problem\(s\)$/;
const SCORE = /^\d+ of \d+ captures right, /;

/** The two ways of looking at the corpus: more arguments of check.mjs. */
const RUNS = [
  { name: 'without -decap', options: [] },
  { name: 'with -decap all', options: ['--tunnels'] },
] as const;

/** What a run of check.mjs says. */
export interface Verdict {
  /** the closing line; undefined: the check did not come to its end */
  readonly score: string | undefined;
  /** names of the captures that are not right */
  readonly wrong: readonly string[];
}

/** Reads the standard output of check.mjs. */
export function judge(output: string): Verdict {
  const lines = output.split('\n');
  const wrong = lines.flatMap((line) => FAILED.exec(line)?.slice(1) ?? []);
  return { score: lines.find((line) => SCORE.test(line)), wrong };
}

/** @returns the score to print, or undefined when something is not right */
function check(directory: string, { name, options }: (typeof RUNS)[number]): string | undefined {
  const run = spawnSync(process.execPath, [join(directory, 'check.mjs'), '--corpus', join(directory, 'corpus'),
    '--httplog', 'bin/httplog', ...options], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  const { score, wrong } = judge(run.stdout);
  if (score === undefined || wrong.length > 0 || run.status !== 0) {
    process.stdout.write(run.stdout);
    if (score === undefined) console.error(`conformance, ${name}: ${directory}/check.mjs did not finish (exit code ${run.status ?? run.signal})`);
    else console.error(`conformance, ${name}: wrong: ${wrong.join(', ')}`);
    return undefined;
  }
  return `${name}: ${score}`;
}

function main(directory: string): number {
  const scores = RUNS.map((run) => check(directory, run));
  for (const score of scores) if (score !== undefined) console.log(score);
  return scores.includes(undefined) ? 1 : 0;
}

const [, script, directory] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  if (directory === undefined) {
    console.error('usage: conformance.js DIR, the folder with check.mjs and corpus/');
    process.exitCode = 2;
  } else {
    process.exitCode = main(directory);
  }
}
