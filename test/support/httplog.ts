// The real command, bin/httplog, as a child of the test: beside it (live) or to its end (replay).

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandResult, PATIENCE_MS, runCommand, tryCommand, until } from './command.js';
import type { End } from './netns.js';
import { inNamespace } from './netns.js';

/** The project's root, from dist/test/support/. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export const HTTPLOG = join(ROOT, 'bin/httplog');

/** What is left of this process's environment: no setting of ours, and a zone in which the expected lines are written. */
export function cleanEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^_?HTTPLOG_/.test(name));
  return { ...Object.fromEntries(kept), TZ: 'UTC', ...more };
}

export interface ReplayOptions {
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

function withSettings(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const settings = Object.entries({ TZ: 'UTC', ...env }).map(([name, value]) => `${name}=${value ?? ''}`);
  return ['env', ...settings, HTTPLOG, ...args];
}

/** Runs the command to its end, whatever its exit status. */
export function httplog(args: readonly string[], { input = '', env = {}, timeoutMs = 120_000 }: ReplayOptions = {}): CommandResult {
  return tryCommand(withSettings(args, env), input, timeoutMs);
}

/** As httplog(), while the test goes on. */
export function httplogBeside(args: readonly string[], { input = '', env = {}, timeoutMs = 120_000 }: ReplayOptions = {}): Promise<CommandResult> {
  return runCommand(withSettings(args, env), input, timeoutMs);
}

export interface Ended {
  /** exit status; null when a signal ended it */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** a descriptor instead of a pipe that is read; `stalled`: a socket that is never read */
  readonly stdout?: number | 'stalled';
  /** a descriptor instead of a pipe that is read: then nothing it says is known */
  readonly stderr?: number;
  readonly stdin?: 'pipe' | number;
  /** put before the command inside its namespace: `setpriv …` */
  readonly prefix?: readonly string[];
}

/** A running httplog. Its process is the child itself: `ip netns exec` and the wrapper replace themselves. */
export class RunningHttplog {
  private out = '';
  private err = '';
  private readonly ended: Promise<[number | null, NodeJS.Signals | null]>;

  constructor(readonly child: ChildProcess, stalled: boolean) {
    if (!stalled) child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    // A reader that never reads would never see the end of its socket: there the process's own end has to do.
    this.ended = once(child, stalled ? 'exit' : 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  }

  get pid(): number {
    return this.child.pid!;
  }

  get stdout(): string {
    return this.out;
  }

  get stderr(): string {
    return this.err;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves once everything from now on is seen. @throws Error with what it said when it ended instead */
  async ready(): Promise<this> {
    await this.says(/^httplog: ready, /m);
    return this;
  }

  /** Waits for words on standard error. @throws Error with what it said when they do not come */
  async says(words: RegExp, timeoutMs = PATIENCE_MS): Promise<void> {
    await this.holds(`${words}`, () => words.test(this.err), timeoutMs);
  }

  /** Waits for a condition while it runs. */
  async holds(what: string, condition: () => boolean, timeoutMs = PATIENCE_MS): Promise<void> {
    try {
      await until(what, () => {
        if (condition()) return true;
        if (!this.isRunning) throw new Error(`httplog ended (${this.child.exitCode ?? this.child.signalCode}) before ${what}`);
        return false;
      }, timeoutMs);
    } catch (error) {
      throw new Error(`${(error as Error).message}; standard error: ${this.err}`, { cause: error });
    }
  }

  /** Sends the signal, if any, and waits for the end. */
  async end(signal?: NodeJS.Signals, timeoutMs = PATIENCE_MS): Promise<Ended> {
    if (signal !== undefined) this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    const [status, by] = await this.ended;
    clearTimeout(late);
    return { status, signal: by, stdout: this.out, stderr: this.err };
  }
}

const started = new Set<ChildProcess>();

/** Starts the command inside a namespace, or outside of any, from the root directory: no httplog.conf is found there. */
export function startHttplog(where: End | undefined, args: readonly string[], options: StartOptions = {}): RunningHttplog {
  const inside = [...(options.prefix ?? []), HTTPLOG, ...args];
  const [program, ...rest] = where === undefined ? inside : inNamespace(where, inside);
  const stalled = options.stdout === 'stalled';
  const stdout = typeof options.stdout === 'number' ? options.stdout : 'pipe';
  const child = spawn(program, rest, {
    cwd: '/',
    env: cleanEnvironment(options.env),
    stdio: [options.stdin ?? 'ignore', stdout, options.stderr ?? 'pipe'],
  });
  started.add(child);
  child.once('exit', () => started.delete(child));
  return new RunningHttplog(child, stalled);
}

/** Ends what a failed test left running. */
export function killStarted(): void {
  killAllBut(new Set());
}

function killAllBut(spared: ReadonlySet<ChildProcess>): void {
  for (const child of started) if (!spared.has(child)) child.kill('SIGKILL');
}

/** Runs `use` with a directory of its own that is gone afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T> | T): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-test-'));
  const before = new Set(started);
  try {
    return await use(directory);
  } finally {
    killAllBut(before); // after a failure one may still be writing there
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The objects of JSON lines. */
export function parseJsonLines(text: string): Record<string, unknown>[] {
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}
