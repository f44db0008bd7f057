// The list of many sockets with their processes: `httplog connections` from its start until it is ready, and `ss -tanp`. Processes hold
// both ends of connections over loopback. What a start takes without them is measured before they are there.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { median } from './contest.js';
import { HTTPLOG } from './httplog_command.js';

/** Of one process, some below what an ordinary limit of descriptors leaves. */
const MOST_SOCKETS = 5000;
/** Connects COUNT times to itself at 127.1.0.NUMBER, keeps both ends, and says so; ends with its standard input. */
const HOLDER = `import socket, sys
number, count = int(sys.argv[1]), int(sys.argv[2])
listener = socket.socket()
listener.bind(('127.1.0.%d' % number, 0))
listener.listen(1024)
ends = []
for _ in range(count):
    end = socket.create_connection(listener.getsockname())
    ends += [end, listener.accept()[0]]
print(len(ends) + 1, flush=True)
sys.stdin.read()
`;

interface Listing {
  /** httplog: until it is ready, when it knows all; ss: until it has written all */
  readonly seconds: number;
  /** until all is written and the command has ended; httplog is told to end when it is ready */
  readonly endedSeconds: number;
  /** sockets of the holders, and how many of them with the right process */
  readonly listed: number;
  readonly owned: number;
}

/** Processes that hold sockets, by their addresses. */
class Holders {
  private constructor(private readonly children: ReadonlyMap<string, ChildProcess>, readonly sockets: number) {}

  static async start(sockets: number): Promise<Holders> {
    const count = Math.ceil(sockets / MOST_SOCKETS);
    const children = new Map(Array.from({ length: count }, (_, i) => {
      const pairs = Math.ceil(sockets / count / 2);
      return [`127.1.0.${i + 1}`, spawn('/usr/bin/python3', ['-c', HOLDER, String(i + 1), String(pairs)], { stdio: ['pipe', 'pipe', 'inherit'] })];
    }));
    const held = await Promise.all([...children.values()].map(async ({ stdout }) => {
      const lines = createInterface(stdout);
      const first = await Promise.race([once(lines, 'line'), once(lines, 'close')]) as [string | undefined];
      if (first[0] === undefined) throw new Error('a process could not open its sockets');
      return Number(first[0]);
    }));
    return new Holders(children, held.reduce((sum, each) => sum + each, 0));
  }

  /** PID of whoever has the sockets of a server's address; either end of a connection has it. */
  pidOf(...addresses: readonly (string | undefined)[]): number | undefined {
    for (const address of addresses) {
      const child = address === undefined ? undefined : this.children.get(address);
      if (child !== undefined) return child.pid;
    }
    return undefined;
  }

  async stop(): Promise<void> {
    const ended = [...this.children.values()].map((child) => once(child, 'close'));
    for (const child of this.children.values()) child.stdin?.end();
    await Promise.all(ended);
  }
}

async function listedByHttplog(output: string, holders: Holders | undefined): Promise<Listing> {
  const file = openSync(output, 'w');
  const beganMs = performance.now();
  const httplog = spawn(HTTPLOG, ['connections', '-p', 'tcp', '-o', 'json'], { stdio: ['ignore', file, 'pipe'] });
  closeSync(file);
  let said = '';
  const readyMs = await new Promise<number>((resolve, reject) => {
    httplog.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('ready, ')) resolve(performance.now());
    });
    httplog.once('close', () => reject(new Error(`httplog ended: ${said}`)));
  });
  httplog.kill('SIGTERM');
  await once(httplog, 'close');
  const endedSeconds = (performance.now() - beganMs) / 1000;
  let [listed, owned] = [0, 0];
  for (const text of readFileSync(output, 'utf8').split('\n')) {
    if (holders === undefined || !text.includes('"127.1.0.')) continue;
    const line = JSON.parse(text) as { laddr: string; raddr?: string; pid?: number; old?: boolean };
    if (line.old !== true) continue;
    listed++;
    if (line.pid === holders.pidOf(line.laddr, line.raddr)) owned++;
  }
  return { seconds: (readyMs - beganMs) / 1000, endedSeconds, listed, owned };
}

async function listedBySs(output: string, holders: Holders | undefined): Promise<Listing> {
  const file = openSync(output, 'w');
  const beganMs = performance.now();
  const ss = spawn('ss', ['-tanp'], { stdio: ['ignore', file, 'inherit'] });
  closeSync(file);
  await once(ss, 'close');
  const seconds = (performance.now() - beganMs) / 1000;
  let [listed, owned] = [0, 0];
  for (const line of readFileSync(output, 'latin1').split('\n')) {
    if (holders === undefined || !line.includes(' 127.1.0.')) continue;
    listed++;
    const [, , , local, remote] = line.split(/\s+/);
    const pid = holders.pidOf(...[local, remote].map((end) => end.split(':')[0]));
    if (line.includes(`pid=${pid},`)) owned++;
  }
  return { seconds, endedSeconds: seconds, listed, owned };
}

/**
 * Runs both in turn.
 * @returns a table, and what httplog takes beyond a start without the sockets: medians
 */
export async function compareSnapshots(sockets: number, rounds: number): Promise<{ rows: string[][]; seconds: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-bench-snapshot-'));
  const output = join(directory, 'listed');
  const ways = [['httplog connections', listedByHttplog], ['ss -tanp', listedBySs]] as const;
  try {
    const without = new Map<string, Listing[]>(ways.map(([name]) => [name, []]));
    const withSockets = new Map<string, Listing[]>(ways.map(([name]) => [name, []]));
    const runs = async (into: Map<string, Listing[]>, holders: Holders | undefined): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        for (const [name, list] of ways) into.get(name)?.push(await list(output, holders));
      }
    };
    await runs(without, undefined);
    const holders = await Holders.start(sockets);
    try {
      await runs(withSockets, holders);
    } finally {
      await holders.stop();
    }
    const each = (of: Map<string, Listing[]>, name: string, what: 'seconds' | 'endedSeconds'): number[] => (of.get(name) ?? []).map((one) => one[what]);
    const beyond = (name: string, what: 'seconds' | 'endedSeconds'): number => median(each(withSockets, name, what)) - median(each(without, name, what));
    const least = (name: string, what: (one: Listing) => number): string => String(Math.min(...(withSockets.get(name) ?? []).map(what)));
    const rows = ways.map(([name]) => [
      name, String(holders.sockets), least(name, ({ listed }) => listed), least(name, ({ owned }) => owned),
      each(withSockets, name, 'seconds').map((one) => one.toFixed(2)).join(' '), median(each(without, name, 'seconds')).toFixed(2),
      beyond(name, 'seconds').toFixed(2), beyond(name, 'endedSeconds').toFixed(2),
    ]);
    const head = ['command', 'sockets', 'listed', 'right process', 'seconds', 'without them', 'for the sockets', 'written, too'];
    return { rows: [head, ...rows], seconds: beyond(ways[0][0], 'seconds') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
