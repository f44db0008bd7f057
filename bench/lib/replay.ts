// Replay of one capture: the shipped command against httpry, tshark and merely reading the file.

import { join } from 'node:path';
import { contest, type Contestant, type Standing } from './contest.js';
import { expectLines, HTTPLOG } from './httplog_command.js';
import type { Contents } from './pcap_prefix.js';
import { atMost, type Target } from './report.js';

/** What somebody would ask tshark for to get such a log. */
const TSHARK_FIELDS = ['frame.time_epoch', 'ip.src', 'tcp.srcport', 'ip.dst', 'tcp.dstport', 'http.request.method', 'http.request.uri',
  'http.host', 'http.user_agent', 'http.response.code', 'http.response.phrase', 'http.content_length_header', 'http.content_type'];

/** Bytes by which issue 4 sets its targets: 100 KB, 1 GB, 3.5 GB. */
const SIZE = { SMALL: 1e6, LARGE: 1e9, HUGE: 3e9 } as const;

const NAME = {
  HTTPLOG: 'httplog -r FILE -d DIR',
  ONE_WORKER: 'httplog -cpu 1 -r FILE -d DIR',
  TWO_WORKERS: 'httplog -cpu 2 -r FILE -d DIR',
  HTTPRY: 'httpry -r FILE -o OUT',
  TSHARK: 'tshark -r FILE -Y http -T fields …',
  CAT: 'cat FILE',
} as const;

/** @param tsharkRounds 0 leaves tshark out: it takes a minute where the others take a second */
export function replayContest(capture: Contents, rounds: number, tsharkRounds: number, directory: string): Standing[] {
  const { path } = capture;
  const check = (own: string): void => expectLines(own, capture.messages);
  const httplog = (...options: string[]) => (own: string): string[] => [HTTPLOG, ...options, '-r', path, '-d', own];
  const contestants: Contestant[] = [
    { name: NAME.HTTPLOG, argv: httplog(), check },
    { name: NAME.HTTPRY, argv: (own) => ['httpry', '-q', '-r', path, '-o', join(own, 'httpry.out')] },
    { name: NAME.ONE_WORKER, argv: httplog('-cpu', '1'), check },
    { name: NAME.TWO_WORKERS, argv: httplog('-cpu', '2'), check },
    { name: NAME.CAT, argv: () => ['cat', path] },
  ];
  if (tsharkRounds > 0) {
    const fields = TSHARK_FIELDS.flatMap((field) => ['-e', field]);
    contestants.push({ name: NAME.TSHARK, argv: () => ['tshark', '-n', '-r', path, '-Y', 'http', '-T', 'fields', ...fields], rounds: tsharkRounds });
  }
  contest([{ name: 'into the page cache', argv: () => ['cat', path] }], 1, directory);
  return contest(contestants, rounds, directory);
}

/** The table of a replay: costs, and wall time over that of httplog with its default options. */
export function replayTable(standings: readonly Standing[]): string[][] {
  const base = standingOf(standings, NAME.HTTPLOG);
  return [
    ['command', 'wall s', 'user+sys s', 'peak MB', 'wall, httplog = 1', 'runs'],
    ...standings.map(({ name, wallMs, cpuMs, peakMb, rounds }) => [
      `\`${name}\``, (wallMs / 1e3).toFixed(3), (cpuMs / 1e3).toFixed(3), peakMb.toFixed(0), (wallMs / base.wallMs).toFixed(2), String(rounds)]),
  ];
}

/** Wall time of httplog over that of a peer; NaN when the peer did not run. */
function ratioTo(standings: readonly Standing[], peer: string): number {
  const found = standings.find(({ name }) => name === peer);
  return found === undefined ? NaN : standingOf(standings, NAME.HTTPLOG).wallMs / found.wallMs;
}

/**
 * The replay targets of issue 4 that a capture of this size has.
 * @param label the size as the report calls it
 */
export function replayTargets(label: string, capture: Contents, standings: readonly Standing[]): Target[] {
  const base = standingOf(standings, NAME.HTTPLOG);
  const targets = [atMost(`${label}: peak memory`, base.peakMb, 150, ' MB', 0)];
  if (capture.bytes < SIZE.SMALL) targets.push(atMost(`${label}: wall time`, base.wallMs / 1e3, 0.25, ' s'));
  if (capture.bytes >= SIZE.LARGE && capture.bytes < SIZE.HUGE) {
    targets.push(atMost(`${label}: wall time over httpry's`, ratioTo(standings, NAME.HTTPRY), 0.6, ''));
  }
  if (capture.bytes >= SIZE.HUGE) {
    targets.push(atMost(`${label}: wall time over httpry's`, ratioTo(standings, NAME.HTTPRY), 0.4, ''));
    targets.push(atMost(`${label}: wall time over cat's`, ratioTo(standings, NAME.CAT), 4, ''));
  }
  const toTshark = ratioTo(standings, NAME.TSHARK);
  if (!Number.isNaN(toTshark)) targets.push(atMost(`${label}: wall time over tshark's`, toTshark, 1 / 40, '', 4));
  return targets;
}

function standingOf(standings: readonly Standing[], wanted: string): Standing {
  const found = standings.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`${wanted} did not run`);
  return found;
}
