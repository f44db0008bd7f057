// What -proc costs a packet: live runs with and without it in turn, over the same connections at the same pace. nginx serves, a
// client in Python asks (bench/lib/paced_http.ts), both over loopback, so that both ends of every connection have an owner that is found.
// CPU is that of all threads of httplog while messages pass, from /proc/PID/task/*/schedstat. Needs root, nginx and python3.
//
//   npm run build && node dist/bench/proc.js [--messages 50000] [--connections 1000] [--seconds 3] [--rounds 5] [--format text]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { until } from '../test/support/command.js';
import { median } from './lib/contest.js';
import { HTTPLOG } from './lib/httplog_command.js';
import { PacedHttp } from './lib/paced_http.js';
import { type ThreadTime, threadTimes } from './lib/process_time.js';
import { atMost, markdownTable, targetsTable } from './lib/report.js';
import { machine } from './lib/surroundings.js';

const PORT = 18_480;
const LIMIT_PERCENT = 15;
const READY_MS = 30_000;
/** A run at the start makes caches warm and is not counted. */
const WARM_SECONDS = 1;

interface Run {
  readonly packets: number;
  readonly dropped: number;
  readonly messages: number;
  readonly records: number;
  /** records that name a process */
  readonly owned: number;
  /** of a packet, all threads together */
  readonly cpuNs: number;
  /** of that the thread that finds owners, known by its niceness */
  readonly ownerNs: number;
  readonly ownerMs: number;
  readonly seconds: number;
}

interface Way {
  readonly name: string;
  readonly options: readonly string[];
}

function usedSince(before: readonly ThreadTime[], after: readonly ThreadTime[], counts: (thread: ThreadTime) => boolean = () => true): number {
  const earlier = new Map(before.map(({ id, cpuMs }) => [id, cpuMs]));
  return after.filter(counts).reduce((sum, { id, cpuMs }) => sum + cpuMs - (earlier.get(id) ?? 0), 0);
}

/** Records of a log directory; with `says`, those whose line holds it. */
function records(directory: string, says?: RegExp): number {
  return readdirSync(directory).filter((name) => /\.(log|json|tsv)$/.test(name))
    .flatMap((name) => readFileSync(join(directory, name), 'latin1').split('\n'))
    .filter((line) => line !== '' && !line.startsWith('#') && (says === undefined || says.test(line))).length;
}

class Comparison {
  private readonly directory = mkdtempSync(join(tmpdir(), 'httplog-bench-proc-'));
  private readonly logs = join(this.directory, 'logs');

  constructor(private readonly format: string, private readonly seconds: number) {
    writeFileSync(join(this.directory, 'empty.conf'), '');
  }

  async run(messages: number, connections: number, rounds: number): Promise<Map<Way, Run[]>> {
    const http = await PacedHttp.start(this.directory, PORT, connections, messages / 2);
    try {
      await http.send(WARM_SECONDS);
      const ways: Way[] = [{ name: 'without', options: [] }, { name: '-proc', options: ['-proc'] }];
      const runs = new Map<Way, Run[]>(ways.map((way) => [way, []]));
      for (let round = 0; round < rounds; round++) {
        // The first of a round is another one each time.
        for (const way of round % 2 === 0 ? ways : [...ways].reverse()) runs.get(way)?.push(await this.measure(http, way.options));
      }
      return runs;
    } finally {
      await http.stop();
      rmSync(this.directory, { recursive: true });
    }
  }

  private async measure(http: PacedHttp, options: readonly string[]): Promise<Run> {
    rmSync(this.logs, { recursive: true, force: true });
    mkdirSync(this.logs);
    const argv = ['-conf', join(this.directory, 'empty.conf'), '-i', 'lo', '-p', String(PORT), '-o', this.format, '-d', this.logs, ...options];
    const httplog = spawn(HTTPLOG, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    httplog.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    try {
      await until('httplog to be ready', () => said.includes('ready, records go'), READY_MS);
      const pid = httplog.pid ?? 0;
      const before = threadTimes(pid);
      const sent = await http.send(this.seconds);
      await until('all records', () => records(this.logs) >= 2 * sent.requests || httplog.exitCode !== null, READY_MS).catch(() => undefined);
      const after = threadTimes(pid);
      httplog.kill('SIGTERM');
      await once(httplog, 'close');
      const totals = /: (\d+) received = .*? (\d+) dropped by the kernel/.exec(said);
      if (totals === null) throw new Error(`no totals in: ${said}`);
      const packets = Number(totals[1]);
      const ownerMs = usedSince(before, after, ({ nice }) => nice < 0);
      return {
        packets, dropped: Number(totals[2]), messages: 2 * sent.requests, records: records(this.logs),
        owned: records(this.logs, /[ "]pid"?[=:]\d/), cpuNs: usedSince(before, after) * 1e6 / packets, ownerNs: ownerMs * 1e6 / packets, ownerMs,
        seconds: this.seconds,
      };
    } finally {
      httplog.kill('SIGKILL');
    }
  }
}

function row({ name }: Way, runs: readonly Run[]): string[] {
  const of = (value: (run: Run) => number, digits = 0): string => median(runs.map(value)).toFixed(digits);
  const all = (value: (run: Run) => number): number => runs.reduce((sum, run) => sum + value(run), 0);
  return [name, of(({ messages, seconds }) => messages / seconds), of(({ packets, seconds }) => packets / seconds), String(all(({ dropped }) => dropped)),
    `${all((run) => run.records)} of ${all(({ messages }) => messages)}`, String(all(({ owned }) => owned)),
    of(({ cpuNs }) => cpuNs), runs.map(({ cpuNs }) => cpuNs.toFixed(0)).join(' '), of(({ ownerNs }) => ownerNs, 1)];
}

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '50000' }, connections: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' }, format: { type: 'string', default: 'text' },
  },
});
const comparison = new Comparison(values.format, Number(values.seconds));
const runs = [...await comparison.run(Number(values.messages), Number(values.connections), Number(values.rounds))];
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine()}; ${values.connections} connections, -o ${values.format}\n`);
console.log(markdownTable([
  ['run', 'messages/s', 'packets/s', 'dropped', 'records of messages', 'with a process', 'CPU ns a packet', 'each', 'of that, owner thread'],
  ...runs.map(([way, of]) => row(way, of)),
]));
const [without, withProc] = runs.map(([, of]) => median(of.map(({ cpuNs }) => cpuNs)));
console.log(`\n${markdownTable(targetsTable([atMost('CPU a packet with -proc beyond that without', 100 * (withProc / without - 1), LIMIT_PERCENT, ' %', 1)]))}`);
