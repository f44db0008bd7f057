// How the cost of a packet grows with the number of flows and with the share of messages: generated captures, shipped command.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { contest, type Contestant } from './contest.js';
import { writeGenerated, type GeneratedOptions } from './generated.js';
import { expectLines, HTTPLOG } from './httplog_command.js';
import { atLeast, atMost, type Target } from './report.js';

const FLOWS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000] as const;
const SHARES = [0, 0.01, 0.05, 0.125, 0.25, 0.5, 1] as const;
const USUAL_SHARE = 0.125;
const USUAL_FLOWS = 1000;
const FRAME_BYTES = 300;
const FLATNESS = 0.1;

interface Point {
  readonly label: string;
  readonly frames: number;
  readonly messages: number;
  /** above what a capture of one packet costs: start-up is not the packets' */
  readonly wallNs: number;
  readonly cpuNs: number;
}

export interface Growth {
  readonly tables: readonly { readonly title: string; readonly rows: string[][] }[];
  readonly targets: readonly Target[];
}

/** @param frames frames of each capture; fewer than a million leave out the points with more flows than that */
export function measureGrowth(frames: number, rounds: number, directory: string): Growth {
  const flows = measureCurve(FLOWS.filter((count) => count <= frames).map((count) => (
    { label: `${count} flows`, options: { frames, flows: count, messageShare: USUAL_SHARE, frameBytes: FRAME_BYTES } })), rounds, directory);
  const shares = measureCurve(SHARES.map((share) => (
    { label: `${share * 100} % messages`, options: { frames, flows: USUAL_FLOWS, messageShare: share, frameBytes: FRAME_BYTES } })), rounds, directory);
  const full = shares[shares.length - 1];
  const spread = (points: readonly Point[]): number => {
    const costs = points.map(({ cpuNs }) => cpuNs);
    return Math.max(...costs) / Math.min(...costs) - 1;
  };
  return {
    tables: [
      { title: `By flows, ${USUAL_SHARE * 100} % messages`, rows: curveTable(flows) },
      { title: `By share of messages, ${USUAL_FLOWS} flows`, rows: curveTable(shares) },
    ],
    targets: [
      atMost('spread of CPU a packet over all numbers of flows', spread(flows) * 100, FLATNESS * 100, ' %', 1),
      atLeast('100 % messages: text records a second of CPU (all threads)', 1e3 / full.cpuNs, 1.5, ' million'),
      atLeast('100 % messages: text records a second of wall time, one worker', 1e3 / full.wallNs, 1.5, ' million'),
    ],
  };
}

function measureCurve(
  points: readonly { label: string; options: GeneratedOptions }[], rounds: number, directory: string,
): Point[] {
  const files = points.map(({ options }, index) => ({ path: join(directory, `growth-${index}.pcap`), options }));
  const empty = { path: join(directory, 'growth-empty.pcap'), options: { ...points[0].options, frames: 1, flows: 1, messageShare: 0 } };
  try {
    const messages = [empty, ...files].map(({ path, options }) => writeGenerated(path, options));
    const contestants = [empty, ...files].map(({ path }, index): Contestant => ({
      name: path,
      argv: (own) => [HTTPLOG, '-cpu', '1', '-r', path, '-d', own],
      ...(messages[index] === 0 ? {} : { check: (own: string) => expectLines(own, messages[index]) }),
    }));
    const [startUp, ...costs] = contest(contestants, rounds, directory);
    return costs.map(({ wallMs, cpuMs }, index) => {
      const { frames } = points[index].options;
      return {
        label: points[index].label,
        frames,
        messages: messages[index + 1],
        wallNs: (wallMs - startUp.wallMs) * 1e6 / frames,
        cpuNs: (cpuMs - startUp.cpuMs) * 1e6 / frames,
      };
    });
  } finally {
    for (const { path } of [empty, ...files]) rmSync(path, { force: true });
  }
}

function curveTable(points: readonly Point[]): string[][] {
  return [
    ['capture', 'packets', 'messages', 'wall ns a packet', 'CPU ns a packet'],
    ...points.map(({ label, frames, messages, wallNs, cpuNs }) => (
      [label, String(frames), String(messages), wallNs.toFixed(0), cpuNs.toFixed(0)])),
  ];
}
