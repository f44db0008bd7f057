// The options of `npm run bench`.

import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run bench -- [options]

  --only PARTS      of replay,growth,live; all by default
  --sizes LIST      sizes of the replayed captures in MB        (0.1,10,100,1000,3500)
  --rounds N        rounds of everything but tshark             (5; 3 of captures over 2000 MB, 9 or more of growth)
  --tshark N        rounds of tshark on the 1000 MB capture     (1; 0 leaves it out)
  --frames N        frames of each generated capture            (2000000)
  --seconds N       tcpreplay's time for each listener          (60)
  --idle N          seconds on an idle interface                (20)
  --dir DIR         where captures are made                     (the temporary directory)
  --keep            keep the captures in DIR for the next time, and use those that are there
  --write           write docs/performance.md and docs/performance.svg
`;

export const PARTS = ['replay', 'growth', 'live'] as const;
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  readonly parts: readonly Part[];
  readonly sizesMb: readonly number[];
  readonly rounds: number;
  readonly tsharkRounds: number;
  readonly frames: number;
  readonly seconds: number;
  readonly idleSeconds: number;
  readonly directory: string;
  readonly keep: boolean;
  readonly write: boolean;
}

/** @throws Error that says what is accepted */
export function readOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string', default: PARTS.join(',') },
      sizes: { type: 'string', default: '0.1,10,100,1000,3500' },
      rounds: { type: 'string', default: '5' },
      tshark: { type: 'string', default: '1' },
      frames: { type: 'string', default: '2000000' },
      seconds: { type: 'string', default: '60' },
      idle: { type: 'string', default: '20' },
      dir: { type: 'string', default: tmpdir() },
      keep: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  return {
    parts: values.only.split(',').map(partOf),
    sizesMb: values.sizes.split(',').map((size) => numberOf('--sizes', size, Number.MIN_VALUE)).sort((left, right) => left - right),
    rounds: numberOf('--rounds', values.rounds, 1),
    tsharkRounds: numberOf('--tshark', values.tshark, 0),
    frames: numberOf('--frames', values.frames, 1),
    seconds: numberOf('--seconds', values.seconds, 1),
    idleSeconds: numberOf('--idle', values.idle, 1),
    directory: values.dir,
    keep: values.keep,
    write: values.write,
  };
}

function partOf(name: string): Part {
  const part = PARTS.find((known) => known === name);
  if (part === undefined) throw new Error(`--only: ${name} is none of ${PARTS.join(', ')}`);
  return part;
}

function numberOf(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text === '' || !(value >= least)) throw new Error(`${option}: "${text}" is no number from ${least} on`);
  return value;
}
