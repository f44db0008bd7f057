// An httplog under watch: its totals as it prints them, and what the kernel knows of its process.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { until } from '../support/command.js';
import { cleanEnvironment } from '../support/httplog.js';
import { type PrintedReport, readReports } from '../support/totals.js';

/** A loaded machine takes its time. */
const PATIENCE_MS = 60_000;
const END_MS = 60_000;
/** The line that ends a report. */
const LAST_OF_REPORT = /^httplog: \d+ lines? and \d+ bytes? written, /;
const MOST_WORDS = 1000;

/** What /proc says at one moment. */
export interface Sample {
  /** since the start, seconds */
  readonly atS: number;
  readonly residentKiB: number;
  readonly threads: number;
  readonly descriptors: number;
}

export class Watched {
  readonly samples: Sample[] = [];
  /** what it said, the latest lines */
  readonly words: string[] = [];
  /** reports whose equations held; one that does not makes `broken` */
  reports = 0;
  latest: PrintedReport | undefined;
  /** what was wrong with a report */
  broken: string | undefined;
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown>;
  private readonly startedMs = performance.now();
  private rest = '';
  private pending: string[] = [];

  /** @param argv the whole command; its process must become httplog by exec alone */
  constructor(readonly name: string, argv: readonly string[], onOutput?: (chunk: Buffer) => void) {
    const [program = '', ...args] = argv;
    this.child = spawn(program, args, { cwd: '/', env: cleanEnvironment(), stdio: ['ignore', onOutput === undefined ? 'ignore' : 'pipe', 'pipe'] });
    this.ended = once(this.child, 'close');
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => this.hear(text));
    if (onOutput !== undefined) this.child.stdout?.on('data', onOutput);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** How it ended: an exit status, or a signal; undefined while it runs. */
  get end(): number | string | undefined {
    return this.child.exitCode ?? this.child.signalCode ?? undefined;
  }

  async ready(): Promise<void> {
    await this.holds('ready', () => this.words.some((line) => line.startsWith('httplog: ready, ')));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Stops or goes on reading its standard output. */
  set reading(on: boolean) {
    if (on) this.child.stdout?.resume();
    else this.child.stdout?.pause();
  }

  /** The totals of now. */
  async totals(): Promise<PrintedReport> {
    const before = this.reports;
    this.signal('SIGUSR2');
    await this.holds('the totals', () => this.reports > before || this.broken !== undefined);
    if (this.latest === undefined) throw new Error(`${this.name}: ${this.broken ?? 'no totals'}`);
    return this.latest;
  }

  /** Asks for the totals until they are as wanted. */
  async reaches(what: string, condition: (report: PrintedReport) => boolean): Promise<PrintedReport> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const report = await this.totals();
      if (condition(report)) return report;
      if (performance.now() > deadline) throw new Error(`${this.name}: gave up waiting for ${what}; it last said: ${this.words.slice(-5).join(' | ')}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async holds(what: string, condition: () => boolean): Promise<void> {
    await until(`${this.name}: ${what}`, () => {
      if (condition()) return true;
      if (!this.isRunning) throw new Error(`${this.name} ended (${String(this.end)}) before ${what}: ${this.words.slice(-5).join(' | ')}`);
      return false;
    }, PATIENCE_MS);
  }

  /** Looks at the process, and remembers. */
  sample(): void {
    if (!this.isRunning) return;
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
    const descriptors = readdirSync(`/proc/${this.pid}/fd`).length;
    this.samples.push({ atS: (performance.now() - this.startedMs) / 1000, residentKiB: field('VmRSS'), threads: field('Threads'), descriptors });
  }

  /** What its descriptors lead to. */
  openFiles(): string[] {
    return readdirSync(`/proc/${this.pid}/fd`).flatMap((number) => {
      try {
        return [readlinkSync(`/proc/${this.pid}/fd/${number}`)];
      } catch {
        return []; // closed meanwhile
      }
    });
  }

  /** Ends it as an operator does, and waits. */
  async stop(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const late = setTimeout(() => this.signal('SIGKILL'), END_MS);
    await this.over();
    clearTimeout(late);
  }

  /** Waits for its end and for its last word. */
  async over(): Promise<void> {
    await this.ended;
  }

  kill(): void {
    this.signal('SIGKILL');
  }

  private hear(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      this.pending.push(line);
      if (LAST_OF_REPORT.test(line)) this.readReport(this.pending.splice(0));
      else this.words.push(line);
    }
    if (this.pending.length > MOST_WORDS) this.pending.splice(0, this.pending.length - MOST_WORDS);
    if (this.words.length > MOST_WORDS) this.words.splice(0, this.words.length - MOST_WORDS);
  }

  private readReport(lines: readonly string[]): void {
    try {
      const [report] = readReports(`${lines.join('\n')}\n`);
      const before = this.latest;
      if (before !== undefined && report.linesWritten < before.linesWritten) throw new Error(`lines written fell from ${before.linesWritten} to ${report.linesWritten}`);
      for (const [at, source] of report.sources.entries()) {
        const former = before?.sources[at];
        if (former !== undefined && former.name === source.name && source.parsed < former.parsed) throw new Error(`${source.name}: parsed fell from ${former.parsed} to ${source.parsed}`);
      }
      this.latest = report;
      this.reports++;
    } catch (error) {
      this.broken ??= `a report does not add up: ${(error as Error).message}`;
    }
  }
}
