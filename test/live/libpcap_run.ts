// Starts libpcap_driver in a network namespace and talks with it.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CaptureWay } from '../../src/capture/live_handle.js';
import type { CaptureMessage } from '../../src/capture/messages.js';
import { PATIENCE_MS } from '../support/command.js';
import { inNamespace } from '../support/netns.js';
import type { DriverLook, DriverResult, DriverTask } from './libpcap_driver.js';

const DRIVER = fileURLToPath(new URL('libpcap_driver.js', import.meta.url));

export interface CaptureRun {
  readonly pid: number;
  readonly messages: CaptureMessage[];
  /** Waits for a message, also one that came already. */
  message(wanted: (message: CaptureMessage) => boolean): Promise<CaptureMessage>;
  ready(): Promise<void>;
  /** Waits until what has come so far is as wanted. @returns that */
  holds(what: string, wanted: (look: DriverLook) => boolean): Promise<DriverLook>;
  /** Asks for the stop. @returns what the ring and the board held at the end */
  stop(request?: 'drain' | 'abandon'): Promise<DriverResult>;
  /** Waits for the end without asking for it. */
  end(): Promise<DriverResult>;
}

const DEFAULTS: DriverTask = {
  interfaces: ['eth0'],
  promiscuous: true,
  snaplen: 1560,
  bufferMiB: 8,
  capture: 'auto',
  ports: [{ first: 80, last: 80 }],
  filter: '',
  count: -1,
  localGiven: undefined,
};

/** startCapture() with one way of capture. */
export function captureThrough(capture: CaptureWay): typeof startCapture {
  return (namespace, task = {}, prefix = []) => startCapture(namespace, { capture, ...task }, prefix);
}

/** @param task what differs from: eth0, port 80, snaplen 1560, 8 MiB, no end */
export function startCapture(namespace: string, task: Partial<DriverTask> = {}, prefix: readonly string[] = []): CaptureRun {
  const argv = [...prefix, process.execPath, DRIVER, JSON.stringify({ ...DEFAULTS, ...task })];
  const [program, ...args] = namespace === '' ? argv : inNamespace(namespace, argv);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  return new Run(child);
}

type Line = CaptureMessage | (DriverLook & { type: 'look' }) | (DriverResult & { type: 'result' }) | { type: 'crash'; text: string };

class Run implements CaptureRun {
  readonly messages: CaptureMessage[] = [];
  private result: DriverResult | undefined;
  private looked: DriverLook | undefined;
  private failure: string | undefined;
  private wake: () => void = () => undefined;

  readonly pid: number;

  constructor(private readonly child: ChildProcess) {
    this.pid = child.pid ?? -1;
    if (child.stdout === null) throw new Error('no pipe');
    createInterface({ input: child.stdout }).on('line', (text) => this.take(JSON.parse(text) as Line));
    child.on('exit', (code, signal) => {
      if (code !== 0) this.failure ??= `the driver ended with ${code ?? signal}`;
      this.wake();
    });
    child.stdin?.on('error', () => undefined); // it ended by itself
  }

  private take(line: Line): void {
    if (line.type === 'result') this.result = line;
    else if (line.type === 'look') this.looked = line;
    else if (line.type === 'crash') this.failure = line.text;
    else this.messages.push(line);
    this.wake();
  }

  /** Waits until `look` finds something. */
  private async until<T>(what: string, look: () => T | undefined): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.failure !== undefined) throw new Error(this.failure);
      if (Date.now() > deadline) {
        this.child.kill('SIGKILL');
        throw new Error(`no ${what} in ${PATIENCE_MS} ms; so far: ${JSON.stringify(this.messages)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  message(wanted: (message: CaptureMessage) => boolean): Promise<CaptureMessage> {
    return this.until(`message ${String(wanted)}`, () => this.messages.find(wanted));
  }

  async ready(): Promise<void> {
    await this.message((message) => message.type === 'ready');
  }

  async holds(what: string, wanted: (look: DriverLook) => boolean): Promise<DriverLook> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      this.looked = undefined;
      this.child.stdin?.write('look\n');
      const look = await this.until('look', () => this.looked);
      if (wanted(look)) return look;
      if (Date.now() > deadline) throw new Error(`no ${what} in ${PATIENCE_MS} ms; at last: ${JSON.stringify(look)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async stop(request: 'drain' | 'abandon' = 'drain'): Promise<DriverResult> {
    this.child.stdin?.write(`${request}\n`);
    return this.end();
  }

  end(): Promise<DriverResult> {
    return this.until('result', () => this.result);
  }
}
