// Short-lived clients: how many connections carry the right process, in `httplog connections` and in the records of -proc. curl again
// and again from one shell; and forks that connect and end at once, faster and faster until half a core is idle, then at that rate.
// --usage counts as idle what a control group leaves (lib/short_clients.ts): for a machine with other work, together with chrt -f.
// With --snapshot: what the list of so many sockets with their processes takes, beside `ss -tanp`. Needs root, nginx, curl, python3.
//
//   npm run build && node dist/bench/connections.js [--seconds 8] [--idle 0.5] [--only proc|connections] [--usage FILE]
//   npm run build && node dist/bench/connections.js --snapshot 50000 [--rounds 5]

import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { atLeast, atMost, markdownTable, targetsTable } from './lib/report.js';
import { countUsage, Forkers, idleCoresWhile, type Ledger, type Load, PORT, ShortServer } from './lib/short_clients.js';
import { compareSnapshots } from './lib/snapshot.js';
import { type Observation, Observer } from './lib/told_clients.js';
import { machine } from './lib/surroundings.js';

const LEAST_PERCENT = 99.5;
const SNAPSHOT_MOST_S = 0.5;
/** The ramp: begins at, and grows by. */
const FIRST_RATE = 200;
const STEP = 1.3;
const STEP_SECONDS = 1;
/** Below this part of what was asked for, the forkers are at their end. */
const REACHED = 0.95;
/** What the machine does by itself: looked at so long, and waited for to be less than this, but not for ever. */
const QUIET_MS = 1000;
const QUIET_CORES = 0.15;
const QUIET_PATIENCE_MS = 40_000;

interface Judged extends Load {
  readonly name: string;
  readonly command: string;
  readonly idleBefore: number;
  readonly connections: number;
  readonly right: number;
  readonly pidOnly: number;
  readonly unknown: number;
  readonly wrong: number;
  readonly missing: number;
  readonly said: string;
}

/** What was told of a connection: the worst of all that was told counts. */
function judge(ledger: Ledger, told: Observation['told']): Pick<Judged, 'right' | 'pidOnly' | 'unknown' | 'wrong' | 'missing'> {
  const counts = { right: 0, pidOnly: 0, unknown: 0, wrong: 0, missing: 0 };
  for (const [ends, { pid, exe }] of ledger) {
    const all = told.get(ends) ?? [];
    if (all.length === 0) counts.missing++;
    else if (all.some((one) => (one.pid !== undefined && one.pid !== pid) || (one.exe !== undefined && one.exe !== exe))) counts.wrong++;
    else if (all.some((one) => one.pid === undefined)) counts.unknown++;
    else if (all.some((one) => one.exe === undefined)) counts.pidOnly++;
    else counts.right++;
  }
  return counts;
}

/** The rate that leaves `idle` cores, while httplog observes. */
async function ramp(forkers: Forkers, idle: number): Promise<number> {
  let [below, belowIdle] = [0, Infinity];
  for (let rate = FIRST_RATE; ; rate *= STEP) {
    const load = await forkers.run(rate, STEP_SECONDS);
    if (load.rate < REACHED * rate) return load.rate;
    if (load.idleCores > idle) {
      [below, belowIdle] = [rate, load.idleCores];
      continue;
    }
    if (below === 0) throw new Error(`${load.idleCores.toFixed(2)} cores are idle at ${rate} clients a second: the machine has other work`);
    return below + (rate - below) * (belowIdle - idle) / (belowIdle - load.idleCores);
  }
}

/** @returns cores that were idle when other work was over, or when that was waited for in vain */
async function quiet(): Promise<number> {
  const deadlineMs = performance.now() + QUIET_PATIENCE_MS;
  for (;;) {
    const [idle] = await idleCoresWhile(() => sleep(QUIET_MS));
    if (idle > cpus().length - QUIET_CORES || performance.now() > deadlineMs) return idle;
  }
}

async function measure(observer: Observer, directory: string, server: ShortServer, by: 'curl' | 'forks', seconds: number, idle: number): Promise<Judged> {
  const idleBefore = await quiet();
  await observer.begin();
  let load: Load;
  if (by === 'curl') {
    load = await server.curls(seconds);
  } else {
    const forkers = await Forkers.start(directory, observer.needsExchange);
    try {
      const rate = await ramp(forkers, idle);
      load = await forkers.run(rate, seconds);
    } finally {
      await forkers.stop();
    }
  }
  const { told, said } = await observer.end();
  return { ...load, idleBefore, name: by, command: observer.name, connections: load.ledger.size, ...judge(load.ledger, told), said };
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' }, idle: { type: 'string', default: '0.5' },
    snapshot: { type: 'string', default: '0' }, rounds: { type: 'string', default: '5' }, only: { type: 'string', default: '' },
    usage: { type: 'string' },
  },
});
if (values.usage !== undefined) countUsage(values.usage);
console.log(`${new Date().toISOString().slice(0, 10)}, ${machine()}\n`);
if (Number(values.snapshot) > 0) {
  const { rows, seconds } = await compareSnapshots(Number(values.snapshot), Number(values.rounds));
  console.log(markdownTable(rows));
  console.log(`\n${markdownTable(targetsTable([atMost('snapshot of all sockets', seconds, SNAPSHOT_MOST_S, ' s')]))}`);
} else {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-bench-connections-'));
  const server = await ShortServer.start(directory);
  const judged: Judged[] = [];
  try {
    for (const observer of [Observer.connections(directory, PORT), Observer.records(directory, PORT, server.device)]) {
      if (!observer.name.includes(values.only)) continue;
      try {
        for (const by of ['curl', 'forks'] as const) judged.push(await measure(observer, directory, server, by, Number(values.seconds), Number(values.idle)));
      } finally {
        await observer.stop();
      }
    }
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true });
  }
  const percent = ({ right, connections }: Judged): number => 100 * right / connections;
  console.log(markdownTable([
    ['clients', 'told by', 'a second', 'cores idle', 'before', 'connections', 'right', 'PID without exe', 'unknown', 'wrong', 'not told', 'not connected'],
    ...judged.map((each) => [
      each.name, each.command, each.rate.toFixed(0), each.idleCores.toFixed(2), each.idleBefore.toFixed(2),
      ...[each.connections, each.right, each.pidOnly, each.unknown, each.wrong, each.missing, each.failed].map(String),
    ]),
  ]));
  console.log(`\n${markdownTable(targetsTable(judged.flatMap((each) => [
    atLeast(`${each.name}, ${each.command}: right PID and exe`, percent(each), LEAST_PERCENT, ' %'),
    atMost(`${each.name}, ${each.command}: wrong`, each.wrong, 0, '', 0),
  ])))}`);
  for (const { name, command, said } of judged) console.log(`\n${name}, ${command}:\n${said}`);
}
