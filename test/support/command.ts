// Running the programs that the live tests and the fixture maker drive.

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const OUTPUT_LIMIT_BYTES = 256 << 20;
/** How long anything may take that has to happen: a loaded machine takes its time, and nothing is judged by it. */
export const PATIENCE_MS = 60_000;

export interface CommandResult {
  /** exit status; -1 when a signal ended it */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, whatever its exit status. Output is read as UTF-8.
 * @throws Error when it cannot be started or outlives `timeoutMs`
 */
export function tryCommand(argv: readonly string[], input: string | Uint8Array = '', timeoutMs = 120_000): CommandResult {
  const [program = '', ...args] = argv;
  const ended = spawnSync(program, args, { input, timeout: timeoutMs, maxBuffer: OUTPUT_LIMIT_BYTES });
  if (ended.error) {
    throw new Error(`${argv.join(' ')}: ${ended.error.message}`);
  }
  return { status: ended.status ?? -1, stdout: ended.stdout.toString(), stderr: ended.stderr.toString() };
}

/**
 * As tryCommand(), while the test goes on.
 * @throws Error when it cannot be started or outlives `timeoutMs`
 */
export async function runCommand(argv: readonly string[], input: string | Uint8Array = '', timeoutMs = 120_000): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL' });
  const texts = [child.stdout, child.stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  });
  child.stdin.on('error', () => undefined); // it ended without reading
  child.stdin.end(input);
  const [status, signal] = await once(child, 'close') as [number | null, string | null];
  if (signal === 'SIGKILL') throw new Error(`${argv.join(' ')}: killed, after ${timeoutMs} ms at the latest`);
  const [stdout, stderr] = texts.map((chunks) => Buffer.concat(chunks).toString());
  return { status: status ?? -1, stdout, stderr };
}

/**
 * Runs a program that has to succeed.
 * @returns its standard output
 * @throws Error with its standard error when it exits with anything but 0
 */
export function command(argv: readonly string[], input: string | Uint8Array = '', timeoutMs = 120_000): string {
  const result = tryCommand(argv, input, timeoutMs);
  if (result.status !== 0) {
    throw new Error(`${argv.join(' ')}: exit ${result.status}: ${result.stderr.trim()}`);
  }
  return result.stdout;
}

/** A program that runs beside the test until stop(). */
export interface Running {
  readonly child: ChildProcess;
  /** everything it wrote to standard error so far */
  stderr(): string;
  /** Sends the signal if it still runs and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program without waiting for it, with `input` as its standard input; its standard output is dropped. */
export function startCommand(argv: readonly string[], input = ''): Running {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin.on('error', () => undefined); // it ended without reading
  child.stdin.end(input);
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.on('error', (error) => {
    text += error.message;
  });
  const ended = once(child, 'close').catch(() => undefined);
  return {
    child,
    stderr: () => text,
    async stop(signal: NodeJS.Signals = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
      }
      await ended;
    },
  };
}

/**
 * Asks again every few milliseconds until the answer is yes.
 * @throws Error that names `what` after `timeoutMs`
 */
export async function until(what: string, answer: () => boolean | Promise<boolean>, timeoutMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await answer())) {
    if (performance.now() > deadline) {
      throw new Error(`gave up after ${timeoutMs} ms waiting for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
