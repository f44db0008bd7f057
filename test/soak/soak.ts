// Mixed load on three httplogs, with faults in random order, for as long as wanted. One writes files that are rotated from outside, one
// keeps its files in bounds by itself, one writes to a pipe.

import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NOBODY, readableProgram } from '../support/as_user.js';
import { command, tryCommand, until } from '../support/command.js';
import { HTTPLOG } from '../support/httplog.js';
import { type End, inNamespace, makeNetwork } from '../support/netns.js';
import { SeededRandom } from '../support/random.js';
import { startNginx } from '../support/servers.js';
import { BoundedFiles, BOUNDS } from './bounded_files.js';
import { FAULTS, type Fault, type Scene } from './faults.js';
import { startFrames, startRequests } from './load.js';
import { RecordFiles } from './record_files.js';
import { RecordPipe } from './record_pipe.js';
import { complaint, METRICS_PORT } from './telemetry.js';
import { type Check, memoryCheck, outputChecks, totalsChecks } from './verdict.js';
import { Watched } from './watched.js';

const DISK_MIB = 64;
/** What the names of all log files have in them. */
const LOG_DISK = 'httplog-soak-disk-';
const SAMPLE_MS = 500;
/** A fault is looked for to be over this long. */
const HEAL_MS = 60_000;
/** Between two faults, at most; less in a short soak. */
const CALM_MS = 3000;
/** Longer than any soak stays behind its time. */
const SPARE_S = 600;

/** Each may be this process's; what ends it by a signal is the network's own handler. */
const ENDS = ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface SoakOptions {
  /** what the load runs for; the faults of a round that has begun are all made */
  readonly seconds: number;
  readonly seed: number;
  /** told as it goes, a line each */
  readonly say: (line: string) => void;
}

export interface SoakOutcome {
  readonly seconds: number;
  readonly requests: number;
  readonly checks: readonly Check[];
  /** how often each fault was made, and how long it took httplog at most to be well again, ms */
  readonly faults: ReadonlyMap<string, { readonly times: number; readonly worstMs: number }>;
  readonly processes: readonly Watched[];
}

/** @throws Error when something does not even start, or does not recover from a fault */
export async function soak({ seconds, seed, say }: SoakOptions): Promise<SoakOutcome> {
  const random = new SeededRandom(seed);
  const disk = mkdtempSync(join(tmpdir(), LOG_DISK));
  const network = makeNetwork('soak', 2);
  const program = readableProgram();
  const watched: Watched[] = [];
  const undo: (() => unknown)[] = [];
  const unmount = (): void => void tryCommand(['umount', '-l', disk]);
  for (const end of ENDS) process.once(end, unmount);
  try {
    command(['mount', '-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=755`, 'tmpfs', disk]);
    const [directory, boundedDirectory] = ['log', 'bounded'].map((name) => {
      const path = join(disk, name);
      mkdirSync(path, 0o750);
      chownSync(path, NOBODY, NOBODY);
      return path;
    });
    const nginx = await startNginx(network.server, [80]);
    undo.push(() => nginx.stop());

    const pipe = new RecordPipe();
    const run = (args: readonly string[]): string[] => inNamespace(network.server, [...program.prefix(), HTTPLOG, ...args]);
    const filing = new Watched('files', run(['-i', 'eth0,eth1', '-cpu', '2', '-u', 'nobody', '-log_split', '-o', 'json', '-d', directory, '-metrics', String(METRICS_PORT)]));
    watched.push(filing);
    const bounding = new Watched('bounded', run(['-i', 'eth0', '-sample', '4', '-u', 'nobody', '-o', 'json', '-d', boundedDirectory, ...BOUNDS]));
    watched.push(bounding);
    const piping = new Watched('pipe', run(['-i', 'eth0', '-d', '-']), (chunk) => pipe.take(chunk));
    watched.push(piping);
    for (const httplog of watched) await httplog.ready();

    const files = new RecordFiles(directory);
    const requests = startRequests(network.client, network.server, Math.ceil(seconds) + SPARE_S);
    undo.push(() => requests.stop());
    const frames = startFrames(network.links[1].leaf, random);
    undo.push(() => frames.stop());
    const bounded = new BoundedFiles(boundedDirectory);
    const scene: Scene = { filing, piping, bounding, files, bounded, disk, directory, spare: network.links[1], random };
    const { faults, checks } = await misuse(scene, seconds, say);

    const completed = await requests.stop();
    await frames.stop();
    for (const httplog of watched) await httplog.stop();
    files.finish();
    pipe.finish();
    for (const httplog of watched) checks.push(...totalsChecks(httplog), memoryCheck(httplog.name, httplog.samples));
    checks.push(...outputChecks(filing, files), ...outputChecks(piping, pipe), ...bounded.checks(bounding));
    checks.push(...[filing, piping].map((httplog) => requestCheck(httplog, completed)));
    return { seconds: filing.samples.at(-1)?.atS ?? 0, requests: completed, checks, faults, processes: watched };
  } finally {
    for (const httplog of watched) httplog.kill();
    for (const step of undo.reverse()) await step();
    network.close();
    program.remove();
    unmount();
    for (const end of ENDS) process.off(end, unmount);
    rmSync(disk, { recursive: true, force: true });
  }
}

/** One fault after the other, every one of them once a round in an order of its own, until the time is over. */
async function misuse(scene: Scene, seconds: number, say: (line: string) => void):
Promise<{ faults: Map<string, { times: number; worstMs: number }>; checks: Check[] }> {
  const { filing, piping, bounding, files, bounded, random, spare } = scene;
  const all = [filing, piping, bounding];
  const faults = new Map<string, { times: number; worstMs: number }>();
  const sampler = setInterval(() => {
    all.forEach((httplog) => httplog.sample());
    bounded.sample();
  }, SAMPLE_MS);
  try {
    await untilWritten(scene);
    await files.rotate(filing);
    await untilWritten(scene);
    const before = all.map(holdings);
    const changed: (string | undefined)[] = [];
    let unwell: string | undefined;
    const startedMs = performance.now();
    do {
      for (const fault of shuffled(FAULTS, random)) {
        await sleep(random.below(1 + Math.min(CALM_MS, seconds * 10)));
        const tookMs = await endure(fault, scene);
        for (const [at, httplog] of all.entries()) changed[at] ??= await change(httplog, before[at], fault);
        unwell ??= await ailment(spare.hub, fault);
        await files.rotate(filing);
        const { times, worstMs } = faults.get(fault.name) ?? { times: 0, worstMs: 0 };
        faults.set(fault.name, { times: times + 1, worstMs: Math.max(worstMs, tookMs) });
        const [main] = filing.samples.slice(-1);
        say(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(6)} s  ${fault.name}: written again after ${tookMs.toFixed(0)} ms; `
          + `${files.lines} lines, ${(main.residentKiB / 1024).toFixed(0)} MiB, ${main.descriptors} descriptors, ${main.threads} threads`);
        if (performance.now() - startedMs > seconds * 1000 && faults.size === FAULTS.length) break;
      }
    } while (performance.now() - startedMs < seconds * 1000);
    const checks = all.map(({ name }, at): Check => ({
      what: `${name}: descriptors and threads as before, after every fault`, seen: changed[at] ?? before[at].text, holds: changed[at] === undefined,
    }));
    checks.push({ what: `${filing.name}: healthy, with metrics that add up, after every fault`, seen: unwell ?? 'yes', holds: unwell === undefined });
    return { faults, checks };
  } finally {
    clearInterval(sampler);
  }
}

/** @returns how long it took from the end of the fault until records were written again, ms */
async function endure(fault: Fault, scene: Scene): Promise<number> {
  await fault.happen(scene);
  const mendedMs = performance.now();
  await untilWritten(scene);
  return performance.now() - mendedMs;
}

/** Waits until all write, of every interface, and nothing is lost any more. */
async function untilWritten({ filing, piping, bounding }: Scene): Promise<void> {
  for (const httplog of [filing, piping, bounding]) {
    const { linesWritten, sources } = await httplog.totals();
    let lost = NaN;
    await httplog.reaches('records of every interface, written', (report) => {
      const losing = report.linesLost !== lost;
      lost = report.linesLost;
      return !losing && report.linesWritten > linesWritten && report.sources.every(({ parsed }, at) => parsed > sources[at].parsed);
    });
  }
}

/** What a process holds: of the log files only whether there are any, as they are opened by their first line. */
function holdings(httplog: Watched): { readonly descriptors: number; readonly threads: number; readonly text: string } {
  const descriptors = httplog.openFiles().filter((name) => !name.includes(LOG_DISK)).length;
  httplog.sample();
  const threads = httplog.samples.at(-1)?.threads ?? 0;
  return { descriptors, threads, text: `${descriptors} beside log files, ${threads} threads` };
}

/** @returns what is not as it was, even after a while; undefined: all is */
async function change(httplog: Watched, before: ReturnType<typeof holdings>, fault: Fault): Promise<string | undefined> {
  let now = before;
  try {
    await until('the same', () => {
      now = holdings(httplog);
      return now.text === before.text;
    }, HEAL_MS);
    return undefined;
  } catch {
    return `${now.text} after ${fault.name}, ${before.text} at first`;
  }
}

/** @returns what the metrics of `filing` complain of even after a while; undefined: nothing */
async function ailment(where: End, fault: Fault): Promise<string | undefined> {
  let last: string | undefined;
  try {
    await until('its health', () => {
      last = complaint(where);
      return last === undefined;
    }, HEAL_MS);
    return undefined;
  } catch {
    return `after ${fault.name}: ${last}`;
  }
}

/** Each request that wrk had an answer to was captured, or is among what the kernel dropped. */
function requestCheck({ name, latest }: Watched, completed: number): Check {
  const eth0 = latest?.sources.find((source) => source.name === 'eth0');
  const [records, dropped] = [eth0?.records['CQ'] ?? 0, eth0?.dropped ?? 0];
  return { what: `${name}: requests answered are recorded or dropped`, seen: `${completed} requests, ${records} recorded, ${dropped} frames dropped`, holds: completed > 0 && records + dropped >= completed };
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}
