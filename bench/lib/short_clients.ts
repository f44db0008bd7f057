// Clients that connect and are gone, with a ledger of their own: who they were, and between which ends they connected. They run here, so
// that the kernel's trace and process events have them; nginx runs in a namespace behind a veth pair, so that a captured connection has
// one local end, theirs.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { command, type Running, startCommand, until } from '../../test/support/command.js';
import { type HostLink, linkHost } from '../../test/support/host_link.js';
import { inNamespace, makeNetwork, type TestNetwork } from '../../test/support/netns.js';
import { writeNginxConfiguration } from './nginx_configuration.js';

export const PORT = 18_481;
const PYTHON = '/usr/bin/python3';
const CURL = '/usr/bin/curl';
/** Each is a thread's worth of fork(2) at most. */
const FORKERS = 2;
/** All addresses of it are the server's: ports come again within seconds, an address with a port hardly ever (four clients each). */
const SERVER_NET = '198.18.128.0/17';

/**
 * Forks RATE times a second for SECONDS, as each line of standard input says; prints how many children there were and how many failed. A
 * child connects, with `exchange` asks and reads the answer, closes, writes what it knows to the ledger by one write, and ends.
 */
const FORKER = `import os, socket, sys, time
port, number, exchange = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == 'exchange'
ledger, total = os.open(sys.argv[4], os.O_WRONLY | os.O_APPEND), 0
def child(to):
    status = 1
    try:
        s = socket.socket()
        s.connect((to, port))
        mine = s.getsockname()[1]
        if exchange:
            s.send(b'GET /items/4711?page=2 HTTP/1.0\\r\\nHost: www.example.test\\r\\n\\r\\n')
            while s.recv(4096): pass
        s.close()
        os.write(ledger, b'%d %s %d\\n' % (os.getpid(), to.encode(), mine))
        status = 0
    finally:
        os._exit(status)
print('ready', flush=True)
for line in iter(sys.stdin.readline, ''):
    rate, seconds = (float(word) for word in line.split())
    n = failed = running = 0
    start = time.monotonic()
    while True:
        elapsed = time.monotonic() - start
        if elapsed >= seconds and running == 0: break
        if elapsed >= seconds or running >= 64:
            failed += os.wait()[1] != 0
            running -= 1
            continue
        while running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0: break
            failed += status != 0
            running -= 1
        if n >= rate * elapsed:
            time.sleep(0.0005)
            continue
        part = total // 4
        if os.fork() == 0: child('198.18.%d.%d' % (128 + 64 * number + part // 250, 1 + part % 250))
        total += 1
        n += 1
        running += 1
    print(n, failed, flush=True)
`;
/** Until the time is over: one curl after the other, and its PID, known to the shell alone, behind its own words. */
const CURLS = `end=$((SECONDS + $2)); while [ $SECONDS -lt $end ]; do
  ${CURL} -s -o /dev/null -w '%{remote_ip} %{local_port} ' http://$1/items/4711?page=2 & wait $!; echo $!; done`;

export interface Client {
  readonly pid: number;
  readonly exe: string;
}

/** Clients by endsOf(). */
export type Ledger = Map<string, Client>;

export interface Load {
  readonly ledger: Ledger;
  /** a second */
  readonly rate: number;
  /** connections that did not come about */
  readonly failed: number;
  /** processors without work meanwhile, see idleCoresWhile() */
  readonly idleCores: number;
}

/** A connection, by what no two of one run have in common. */
export function endsOf(server: string, clientPort: number): string {
  return `${server} ${clientPort}`;
}

let usage: string | undefined;

/**
 * Idle is from now on what a control group leaves: on a machine with other work, that of processes that give way to those in the group.
 * @param path cpuacct.usage of a group that this process is in (cgroups(7), version 1): nanoseconds of CPU
 */
export function countUsage(path: string): void {
  usage = path;
}

function idleMs(): number {
  if (usage !== undefined) return performance.now() * cpus().length - Number(readFileSync(usage, 'latin1')) / 1e6;
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}

/** What becomes of the machine's idle time while something goes on, by /proc/stat unless countUsage() was called. */
export async function idleCoresWhile<T>(work: () => Promise<T>): Promise<[number, T]> {
  const [before, beganMs] = [idleMs(), performance.now()];
  const result = await work();
  return [(idleMs() - before) / (performance.now() - beganMs), result];
}

/** Where clients connect to. */
export class ShortServer {
  private constructor(private readonly network: TestNetwork, private readonly link: HostLink, private readonly nginx: Running) {}

  /** @throws Error without root */
  static async start(directory: string): Promise<ShortServer> {
    const configuration = writeNginxConfiguration({ directory, listen: `0.0.0.0:${PORT}`, connections: 8192, errorLog: '/dev/null' });
    const network = makeNetwork('hlbench');
    const link = linkHost(network.server);
    const { namespace } = network.server;
    command(['ip', '-n', namespace, 'route', 'add', 'local', SERVER_NET, 'dev', 'lo']);
    command(['ip', 'route', 'add', SERVER_NET, 'via', link.peer.ipv4, 'dev', link.device]);
    const nginx = startCommand(inNamespace(namespace, ['nginx', '-p', directory, '-e', 'stderr', '-c', configuration]));
    await until('nginx', () => command(inNamespace(namespace, ['ss', '-Hltn', `sport = :${PORT}`])) !== '');
    return new ShortServer(network, link, nginx);
  }

  /** The interface here that all of it passes. */
  get device(): string {
    return this.link.device;
  }

  /** One curl after the other from one shell, for so long. */
  async curls(seconds: number): Promise<Load> {
    const ledger: Ledger = new Map();
    const exe = realpathSync(CURL);
    const [idleCores] = await idleCoresWhile(async () => {
      const shell = spawn('bash', ['-c', CURLS, 'bash', `${this.link.peer.ipv4}:${PORT}`, String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
      for await (const line of createInterface(shell.stdout)) {
        const [server, port, pid] = line.split(' ');
        ledger.set(endsOf(server, Number(port)), { pid: Number(pid), exe });
      }
    });
    return { ledger, rate: ledger.size / seconds, failed: 0, idleCores };
  }

  async stop(): Promise<void> {
    await this.nginx.stop();
    this.link.close();
    this.network.close();
  }
}

/** Programs that fork clients at a given rate. */
export class Forkers {
  private readonly seen = new Set<string>();

  private constructor(private readonly children: readonly ChildProcess[], private readonly lines: readonly Interface[], private readonly path: string, private readonly exe: string) {}

  /** @param exchange whether a client asks and reads the answer before it closes */
  static async start(directory: string, exchange: boolean): Promise<Forkers> {
    const path = join(directory, 'ledger');
    closeSync(openSync(path, 'w'));
    const children = Array.from({ length: FORKERS }, (_, number) => spawn(
      PYTHON, ['-c', FORKER, String(PORT), String(number), exchange ? 'exchange' : '-', path], { stdio: ['pipe', 'pipe', 'inherit'] }));
    const lines = children.map(({ stdout }) => createInterface(stdout));
    await Promise.all(lines.map((each) => once(each, 'line')));
    return new Forkers(children, lines, path, realpathSync(`/proc/${children[0].pid}/exe`));
  }

  /**
   * @param rate clients a second, all forkers together
   * @throws Error when two connections had the same ends: nobody could tell what was told of which
   */
  async run(rate: number, seconds: number): Promise<Load> {
    writeFileSync(this.path, '');
    const [idleCores, counts] = await idleCoresWhile(() => Promise.all(this.children.map(async ({ stdin }, i) => {
      stdin?.write(`${rate / FORKERS} ${seconds}\n`);
      const [line] = await once(this.lines[i], 'line') as [string];
      return line.split(' ').map(Number);
    })));
    const ledger: Ledger = new Map();
    for (const line of readFileSync(this.path, 'latin1').split('\n')) {
      const [pid, server, port] = line.split(' ');
      if (port === undefined) continue;
      const ends = endsOf(server, Number(port));
      if (this.seen.has(ends)) throw new Error(`${ends} came twice`);
      this.seen.add(ends);
      ledger.set(ends, { pid: Number(pid), exe: this.exe });
    }
    const sum = (at: number): number => counts.reduce((all, count) => all + count[at], 0);
    return { ledger, rate: sum(0) / seconds, failed: sum(1), idleCores };
  }

  async stop(): Promise<void> {
    const ended = this.children.map((child) => once(child, 'close'));
    for (const { stdin } of this.children) stdin?.end();
    await Promise.all(ended);
  }
}
