// What httplog tells of short-lived clients: by `httplog connections`, or by the records of -proc. It writes to a file that is read when
// it has ended, so that reading takes no time from what is measured.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../test/support/command.js';
import { HTTPLOG } from './httplog_command.js';
import { endsOf } from './short_clients.js';

/** Behind the last client: until all of it was looked for. */
const SETTLE_MS = 2000;
const UNKNOWN = 'unknown';

/** Undefined is what was not known. */
interface Told {
  readonly pid: number | undefined;
  readonly exe: string | undefined;
}

type Line = Readonly<Record<string, unknown>>;

export interface Observation {
  /** by endsOf() of the connection, in order */
  readonly told: Map<string, Told[]>;
  /** what it said of losses and of what it could not find */
  readonly said: string;
}

export class Observer {
  private child: ChildProcess | undefined;
  private said = '';
  private readonly output: string;

  private constructor(
    directory: string, readonly name: string, readonly needsExchange: boolean, private readonly argv: readonly string[],
    /** the server's address and the client's port */
    private readonly ends: (line: Line) => [unknown, unknown] | undefined,
  ) {
    this.output = join(directory, 'told');
  }

  /** Events of the clients' ends. */
  static connections(directory: string, port: number): Observer {
    const argv = ['connections', '-p', 'tcp', '-o', 'json', '-rport', String(port)];
    return new Observer(directory, 'httplog connections', false, argv, (line) => (
      line['event'] === 'established' && line['direction'] === 'out' ? [line['raddr'], line['lport']] : undefined));
  }

  /** Records of requests and of their answers. */
  static records(directory: string, port: number, device: string): Observer {
    const configuration = join(directory, 'empty.conf');
    writeFileSync(configuration, '');
    const argv = ['-conf', configuration, '-i', device, '-p', String(port), '-proc', '-o', 'json', '-d', '-'];
    return new Observer(directory, '-proc', true, argv, (line) => (
      line['dport'] === port ? [line['dst'], line['sport']] : line['sport'] === port ? [line['src'], line['dport']] : undefined));
  }

  async begin(): Promise<void> {
    this.said = '';
    const output = openSync(this.output, 'w');
    this.child = spawn(HTTPLOG, this.argv, { stdio: ['ignore', output, 'pipe'] });
    closeSync(output);
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    await until('httplog to be ready', () => this.said.includes('ready, ') || this.child?.exitCode !== null);
    if (this.child.exitCode !== null) throw new Error(`httplog ended: ${this.said}`);
  }

  /** When the measurement failed: nothing is left behind. Without effect once it has ended. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'close');
  }

  async end(): Promise<Observation> {
    const { child } = this;
    if (child === undefined) throw new Error('end() goes behind begin()');
    await sleep(SETTLE_MS);
    child.kill('SIGTERM');
    await once(child, 'close');
    const told = new Map<string, Told[]>();
    for (const text of readFileSync(this.output, 'utf8').split('\n')) {
      if (text === '') continue;
      const line = JSON.parse(text) as Line;
      const ends = this.ends(line);
      if (ends === undefined) continue;
      const key = endsOf(ends[0] as string, ends[1] as number);
      const known = told.get(key);
      const one = { pid: line['pid'] as number | undefined, exe: line['exe'] === UNKNOWN ? undefined : line['exe'] as string | undefined };
      if (known === undefined) told.set(key, [one]);
      else known.push(one);
    }
    return { told, said: this.said.split('\n').filter((line) => /lost|processes:|received/.test(line)).join('\n') };
  }
}
