// What httplog processes costs and whether it hears everything: idle, at a given rate of processes, at the highest rate that two
// spawners reach, over many events, with --clients also in
// front of so many clients of its Unix socket: 1,000 events a second for 30 s, does each hear every one? Needs root and python3.
//
//   npm run build && node dist/bench/processes.js [--rate 2000] [--seconds 30] [--flat-out 10] [--idle 20] [--events 0] [--clients 0]

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { until } from '../test/support/command.js';
import { HTTPLOG } from '../test/support/httplog.js';
import { writeTinyProgram } from '../test/support/tiny_program.js';
import { processCpuMs } from './lib/process_time.js';
import { markdownTable } from './lib/report.js';

/** Starts a program and waits for it as often as it is told, RATE times a second (0: as fast as it can); prints how often. */
const SPAWNER = `import os, sys, time
program, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
n = 0
start = time.monotonic()
while True:
    elapsed = time.monotonic() - start
    if elapsed >= seconds: break
    if rate and n >= rate * elapsed:
        time.sleep(0.0005)
        continue
    os.waitpid(os.posix_spawn(program, [program], {}), 0)
    n += 1
print(n)
`;
/** In the command line of a spawner. */
const MARK = 'import os, sys, time';
const SPAWNERS = 2;
const LF = 0x0a;
const READY_MS = 30_000;
/** Behind the last process: until its events have been written. */
const SETTLE_MS = 3000;

interface Watched {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly seen: { fork: number; exec: number; exit: number; lines: number; lost: number; unknown: number };
  stderr: string;
}

interface Measured {
  readonly name: string;
  readonly spawned: number;
  readonly seconds: number;
  readonly cpuPercent: number;
  readonly seen: Watched['seen'];
  readonly rssMb: number;
}

async function startWatching(program: string): Promise<Watched> {
  const child = spawn(HTTPLOG, ['processes', '-d', '-e', 'fork,exec,exit'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const seen = { fork: 0, exec: 0, exit: 0, lines: 0, lost: 0, unknown: 0 };
  const watched: Watched = { child, pid: child.pid ?? 0, seen, stderr: '' };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (watched.stderr += text));
  const parents = new Set<string>();
  let rest = '';
  // Only the spawners' children are counted, by the program and the parent: other processes of this host are no part of it.
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      seen.lines++;
      if (line.startsWith('{"event":"lost"')) seen.lost += Number(/\d+/.exec(line)?.[0]);
      else if (line.startsWith('{"event":"exec"')) {
        if (line.includes(program)) seen.exec++;
        else if (line.includes('"exe":"unknown"')) seen.unknown += parents.has(parentOf(line)) ? 1 : 0;
        if (line.includes(MARK)) parents.add(/"pid":(\d+)/.exec(line)?.[1] ?? '');
      } else if (parents.has(parentOf(line))) {
        if (line.startsWith('{"event":"fork"')) seen.fork++;
        else seen.exit++;
      }
    }
  });
  await until('ready', () => watched.stderr.includes('ready, events go'), READY_MS);
  return watched;
}

function parentOf(line: string): string {
  return /"ppid":(\d+)/.exec(line)?.[1] ?? '';
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

/** @param rate processes a second, all spawners together; 0: as many as they can */
async function drive(program: string, rate: number, seconds: number): Promise<number> {
  const spawners = Array.from({ length: SPAWNERS }, async () => {
    const python = spawn('/usr/bin/python3', ['-c', SPAWNER, program, String(rate / SPAWNERS), String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    python.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(python, 'close');
    return Number(text);
  });
  return (await Promise.all(spawners)).reduce((sum, count) => sum + count, 0);
}

async function measure(name: string, watched: Watched, program: string, rate: number | undefined, seconds: number): Promise<Measured> {
  const before = { ...watched.seen };
  const cpuBefore = processCpuMs(watched.pid);
  const beganMs = performance.now();
  let spawned = 0;
  if (rate === undefined) await sleep(seconds * 1000);
  else spawned = await drive(program, rate, seconds);
  const elapsed = (performance.now() - beganMs) / 1000;
  const cpuMs = processCpuMs(watched.pid) - cpuBefore;
  if (rate !== undefined) await sleep(SETTLE_MS);
  const entries = Object.entries(watched.seen).map(([key, value]) => [key, value - before[key as keyof typeof before]]);
  const seen = Object.fromEntries(entries) as Watched['seen'];
  return { name, spawned, seconds: elapsed, cpuPercent: cpuMs / elapsed / 10, seen, rssMb: residentMb(watched.pid) };
}

/** Three events a process: some 1,000 a second. */
const CLIENT_RATE = 334;

interface Served {
  readonly httplog: ChildProcess;
  readonly clients: readonly Socket[];
  /** what each client got */
  readonly heard: { events: number; lost: number }[];
}

async function startServing(path: string, count: number): Promise<Served> {
  const httplog = spawn(HTTPLOG, ['processes', '-s', path, '-c', String(count), '-e', 'fork,exec,exit'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  httplog.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await until('ready', () => stderr.includes('ready, events go'), READY_MS);
  const heard = Array.from({ length: count }, () => ({ events: 0, lost: 0 }));
  const clients = heard.map((own) => {
    const socket = connect(path);
    socket.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) own.events++;
      if (chunk.includes('{"event":"lost"')) own.lost++;
    });
    return socket;
  });
  await Promise.all(clients.map((client) => once(client, 'connect')));
  return { httplog, clients, heard };
}

/** Clients of the Unix socket: each should have heard the same, and all of it. */
async function measureClients(program: string, directory: string, count: number, seconds: number): Promise<string> {
  const { httplog, clients, heard } = await startServing(join(directory, 'processes.sock'), count);
  try {
    const pid = httplog.pid ?? 0;
    await sleep(1000);
    const cpuBefore = processCpuMs(pid);
    const beganMs = performance.now();
    const spawned = await drive(program, CLIENT_RATE, seconds);
    const elapsed = (performance.now() - beganMs) / 1000;
    const cpuMs = processCpuMs(pid) - cpuBefore;
    await sleep(SETTLE_MS);
    const events = heard.map((own) => own.events);
    return `${count} clients, ${spawned} processes in ${elapsed.toFixed(0)} s (${(3 * spawned / elapsed).toFixed(0)} events a second): `
      + `each client got ${Math.min(...events)} to ${Math.max(...events)} events (those of other processes among them), `
      + `${heard.reduce((sum, own) => sum + own.lost, 0)} told losses, ${(cpuMs / elapsed / 10).toFixed(2)} % of a core, ${residentMb(pid).toFixed(0)} MB`;
  } finally {
    httplog.kill('SIGTERM');
    clients.forEach((client) => client.destroy());
    await once(httplog, 'close');
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '2000' }, seconds: { type: 'string', default: '30' }, 'flat-out': { type: 'string', default: '10' },
      idle: { type: 'string', default: '20' }, events: { type: 'string', default: '0' },
      clients: { type: 'string', default: '0' },
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'httplog-bench-processes-'));
  const program = join(directory, 'tiny');
  writeTinyProgram(program, 0);
  const served = Number(values.clients) > 0 ? await measureClients(program, directory, Number(values.clients), Number(values.seconds)) : undefined;
  const watched = await startWatching(program);
  const rows: Measured[] = [];
  try {
    const run = async (name: string, rate: number | undefined, seconds: string): Promise<Measured | undefined> => {
      if (Number(seconds) <= 0) return undefined;
      const measured = await measure(name, watched, program, rate, Number(seconds));
      rows.push(measured);
      return measured;
    };
    await run('idle', undefined, values.idle);
    await run(`${values.rate} a second`, Number(values.rate), values.seconds);
    await run('as fast as they can', 0, values['flat-out']);
    for (let total = 0; total < Number(values.events);) total += (await run('as fast as they can', 0, '20'))?.seen.lines ?? Infinity;
  } finally {
    watched.child.kill('SIGTERM');
    await once(watched.child, 'close');
    rmSync(directory, { recursive: true });
  }
  console.log(`${cpus()[0].model}, ${cpus().length} processors, Node.js ${process.version}`);
  console.log(markdownTable([
    ['phase', 'processes', 'a second', 'fork', 'exec', 'exit', 'exec not read', 'told lost', 'CPU % of a core', 'RSS MB'],
    ...rows.map(({ name, spawned, seconds, cpuPercent, seen, rssMb }) => [
      name, String(spawned), (spawned / seconds).toFixed(0), ...[seen.fork, seen.exec, seen.exit, seen.unknown, seen.lost].map(String),
      cpuPercent.toFixed(2), rssMb.toFixed(0),
    ]),
  ]));
  if (served !== undefined) console.log(`${served}\n`);
  console.log(watched.stderr);
}

void main();
