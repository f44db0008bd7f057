// Runs a command to its end and says exactly what it cost: wait4(2) gives its processor time and peak memory, not a clock beside it.
//
// The command must not be Node's own child: between fork and exec a child shares Node's memory, and Linux carries that peak over into
// ru_maxrss. So a shell starts it and leaves; this process, a subreaper by then, becomes its parent. It stops itself before exec,
// so that the time begins when everything is ready.

import { spawnSync } from 'node:child_process';
import koffi from 'koffi';

const library = koffi.load(null);
const prctl = library.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)');
const wait4 = library.func('int wait4(int, _Out_ int *, int, void *)');
const PR_SET_CHILD_SUBREAPER = 36;
const WUNTRACED = 2;

/** struct rusage of 64-bit Linux, as words of eight bytes: ru_utime, ru_stime (seconds, microseconds), ru_maxrss (KiB), … */
const RUSAGE_WORDS = 18;
const USER_TIME = 0;
const SYSTEM_TIME = 2;
const MAX_RSS = 4;

const LAUNCHER = 'sh -c \'kill -STOP $$; exec "$@"\' sh "$@" >"$OUT" 2>"$ERR" </dev/null & echo $!';

export interface Cost {
  readonly wallMs: number;
  /** user and system time of the process and its threads, with the children it waited for */
  readonly cpuMs: number;
  readonly peakMb: number;
}

/**
 * @param out file for its standard output
 * @param err file for its standard error
 * @throws Error when it ends with anything but 0
 */
export function measuredRun(argv: readonly string[], out: string, err: string): Cost {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const launcher = spawnSync('sh', ['-c', LAUNCHER, 'sh', ...argv], {
    env: { ...process.env, OUT: out, ERR: err }, encoding: 'utf8',
  });
  const pid = Number(launcher.stdout);
  const usage = new BigInt64Array(RUSAGE_WORDS);
  const status = [0];
  if (launcher.status !== 0 || !(pid > 0) || wait4(pid, status, WUNTRACED, usage) !== pid) {
    throw new Error(`${argv.join(' ')}: could not be started`);
  }
  const began = performance.now();
  process.kill(pid, 'SIGCONT');
  wait4(pid, status, 0, usage);
  const wallMs = performance.now() - began;
  if (status[0] !== 0) throw new Error(`${argv.join(' ')}: ended with status 0x${status[0].toString(16)}, its words are in ${err}`);
  const milliseconds = (at: number): number => Number(usage[at]) * 1e3 + Number(usage[at + 1]) / 1e3;
  return { wallMs, cpuMs: milliseconds(USER_TIME) + milliseconds(SYSTEM_TIME), peakMb: Number(usage[MAX_RSS]) * 1024 / 1e6 };
}
