// conformance.js DIR: runs DIR/check.mjs over DIR/corpus with bin/httplog, prints what it prints, and fails when a
// capture that httplog claims to understand is not right. Run from the project's root.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Manifest tags of the link layers that httplog does not decode yet: their captures are reported, not required. */
const NOT_YET: readonly string[] = ['pppoe', 'mpls', 'nflog', 'ppp'];

/** The line check.mjs writes for a capture that is not right: `NAME (TAG,TAG): N problem(s)`. */
const FAILED = /^(\S+) \(([^)]*)\): \d+ problem\(s\)$/;
const SCORE = /^\d+ of \d+ captures right, /;

/** What a run of check.mjs says: the closing line, and the names of the wrong captures, required or not. */
export interface Verdict {
  /** undefined: the check did not come to its end */
  readonly score: string | undefined;
  readonly required: readonly string[];
  readonly notYet: readonly string[];
}

/** Reads the standard output of check.mjs. */
export function judge(output: string): Verdict {
  const required: string[] = [];
  const notYet: string[] = [];
  let score: string | undefined;
  for (const line of output.split('\n')) {
    const [, name, tags] = FAILED.exec(line) ?? [];
    if (name !== undefined && tags !== undefined) {
      (tags.split(',').some((tag) => NOT_YET.includes(tag)) ? notYet : required).push(name);
    } else if (SCORE.test(line)) {
      score = line;
    }
  }
  return { score, required, notYet };
}

function main(directory: string): number {
  const run = spawnSync(process.execPath, [join(directory, 'check.mjs'), '--corpus', join(directory, 'corpus'),
    '--httplog', 'bin/httplog'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  process.stdout.write(run.stdout);
  const { score, required, notYet } = judge(run.stdout);
  if (score === undefined) {
    console.error(`conformance: ${directory}/check.mjs did not finish (exit code ${run.status ?? run.signal})`);
    return 1;
  }
  if (notYet.length > 0) console.log(`not required yet: ${notYet.join(', ')}`);
  if (required.length > 0) console.error(`conformance: required and wrong: ${required.join(', ')}`);
  return required.length > 0 ? 1 : 0;
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
