// httplog side by side with its peers, as ratios within one run (issue 4's targets). Needs root, and the peers installed: it says which
// Debian packages are missing and installs nothing.
//
//   sudo npm run bench -- --help

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { barChart } from './lib/chart.js';
import type { Standing } from './lib/contest.js';
import { measureGrowth } from './lib/growth.js';
import { ROOT } from './lib/httplog_command.js';
import { IDLE_SETTLE_SECONDS, liveTable, liveTargets, measureIdle, measureLive } from './lib/live.js';
import { type BenchOptions, readOptions, USAGE } from './lib/options.js';
import type { Contents } from './lib/pcap_prefix.js';
import { replayContest, replayTable, replayTargets } from './lib/replay.js';
import { Report, type Target, targetsTable } from './lib/report.js';
import { completePath, machine, missingPackages, versions } from './lib/surroundings.js';
import { Workshop } from './lib/workshop.js';

/** The capture whose replay is compared with tshark too, and drawn. */
const MAIN_MB = 1000;
/** Above this size fewer rounds tell enough. */
const LARGE_MB = 2000;
const LARGE_ROUNDS = 3;
const LIVE_MB = 100;
/** A few per cent are in question. */
const GROWTH_ROUNDS = 9;

class Comparison {
  private readonly report = new Report();
  private readonly targets: Target[] = [];
  private readonly workshop: Workshop;
  private chart = '';

  constructor(private readonly options: BenchOptions) {
    this.workshop = new Workshop(options.directory, Math.max(...options.sizesMb, LIVE_MB), options.keep);
  }

  async run(): Promise<void> {
    const { options, report } = this;
    const began = performance.now();
    process.once('exit', () => this.workshop.close());
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    try {
      report.add('# Performance');
      report.add(`Written by \`${['npm run bench --', ...process.argv.slice(2)].join(' ')}\` on ${new Date().toISOString().slice(0, 10)}. `
        + 'Medians of interleaved runs; ratios within this run count, not the figures by themselves.');
      report.add(`Machine: ${machine()}.\nPeers: ${versions()}.`);
      if (options.parts.includes('replay')) this.replay();
      if (options.parts.includes('growth')) this.growth();
      if (options.parts.includes('live')) await this.live();
      report.add('## Targets');
      report.table(targetsTable(this.targets));
    } finally {
      this.workshop.close();
    }
    console.log(`took ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
    if (options.write) this.write();
  }

  private replay(): void {
    const { options, report, workshop } = this;
    report.add('## Replay\n\nA capture of mixed real traffic (wrk and nginx) in the page cache, whole process, start-up included; '
      + 'httplog and httpry write their logs to files.');
    const ours: { capture: Contents; standing: Standing }[] = [];
    for (const megabytes of options.sizesMb) {
      const capture = workshop.traffic(megabytes);
      const isMain = megabytes === MAIN_MB;
      const rounds = megabytes > LARGE_MB ? Math.min(LARGE_ROUNDS, options.rounds) : options.rounds;
      const standings = replayContest(capture, rounds, isMain ? options.tsharkRounds : 0, workshop.scratch);
      const label = sizeName(capture.bytes);
      report.add(`### ${label}: ${capture.frames} packets of ${capture.averageFrameBytes.toFixed(0)} bytes, ${capture.messages} messages`);
      report.table(replayTable(standings));
      if (isMain) this.draw(label, standings);
      this.targets.push(...replayTargets(label, capture, standings));
      ours.push({ capture, standing: standings[0] });
      workshop.discard(capture);
    }
    report.add('### Growth with the file: `httplog -r FILE -d DIR`');
    report.table([
      ['file', 'wall s', 'ms a MB', 'peak MB'],
      ...ours.map(({ capture, standing }) => [sizeName(capture.bytes), (standing.wallMs / 1e3).toFixed(3),
        (standing.wallMs / (capture.bytes / 1e6)).toFixed(3), standing.peakMb.toFixed(0)]),
    ]);
  }

  private draw(label: string, standings: readonly Standing[]): void {
    const [base] = standings;
    const bars = standings.map(({ name, wallMs }, index) => ({ label: name, value: wallMs / base.wallMs, own: index === 0 }));
    this.chart = barChart(`Replay of ${label}: wall time, httplog = 1`, `${machine()}; shorter is better`, bars, ' ×');
    if (this.options.write) this.report.add('![Wall time of the replay, httplog = 1](performance.svg)');
  }

  private growth(): void {
    const { options, report, workshop } = this;
    const rounds = Math.max(options.rounds, GROWTH_ROUNDS);
    report.add(`## Growth\n\n\`httplog -cpu 1 -r FILE -d DIR\` on generated captures of ${options.frames} packets of one length; `
      + 'the cost of a capture of one packet is taken off. '
      + `Medians of ${rounds} runs.`);
    const growth = measureGrowth(options.frames, rounds, workshop.scratch);
    for (const { title, rows } of growth.tables) {
      report.add(`### ${title}`);
      report.table(rows);
    }
    this.targets.push(...growth.targets);
  }

  private async live(): Promise<void> {
    const { options, report, workshop } = this;
    report.add(`## Live\n\n\`tcpreplay --topspeed\` for ${options.seconds} s to each listener in turn over a veth pair, offloads off; `
      + 'CPU is user and system time of all threads of the listener.');
    const capture = workshop.traffic(LIVE_MB);
    const results = await measureLive(capture, options.seconds, workshop.scratch);
    report.table(liveTable(results));
    const idlePercent = await measureIdle(options.idleSeconds, workshop.scratch);
    report.add(`On an idle interface httplog takes ${idlePercent.toFixed(2)} % of a core (over ${options.idleSeconds} s, from ${IDLE_SETTLE_SECONDS} s after its start on).`);
    this.targets.push(...liveTargets(results, idlePercent));
  }

  private write(): void {
    writeFileSync(join(ROOT, 'docs/performance.md'), this.report.text);
    if (this.chart !== '') writeFileSync(join(ROOT, 'docs/performance.svg'), this.chart);
    console.log('written to docs/performance.md');
  }
}

function sizeName(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function fail(text: string): never {
  console.error(text);
  process.exit(2);
}

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(USAGE);
} else {
  completePath();
  const options = ((): BenchOptions => {
    try {
      return readOptions(process.argv.slice(2));
    } catch (error) {
      return fail(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    }
  })();
  const missing = missingPackages();
  if (missing.length > 0) fail(`bench: these Debian packages are missing: apt-get install ${missing.join(' ')}`);
  if (process.getuid?.() !== 0) fail('bench: makes network namespaces and captures in them: run it as root or with sudo');
  await new Comparison(options).run();
}
