// Breaks threads of a running httplog from outside, as a defect would: Node loads this into each of them (NODE_OPTIONS), and it
// stands in the way of what the thread calls. Each file in the directory of the plan breaks one thread once: its name says how.

import { readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread, MessagePort, workerData } from 'node:worker_threads';

/** What the thread does instead of its work. */
export type How = 'throw' | 'exit' | 'memory' | 'loop';

/** Where it does it. */
export type Where =
  /** a parsing worker, at the first frame of a batch */
  | 'batch'
  /** a parsing worker that has filled a block of lines, before and after it says so */
  | 'before-word' | 'after-word'
  /** the capture thread, as it looks around */
  | 'capture'
  /** the thread that finds processes (-proc), as it looks around */
  | 'owners';

/** The environment of an httplog whose threads can be broken. @param directory of tokens, see breakThread() */
export function breakable(where: Where, directory: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${import.meta.url}`, TEST_BREAK: JSON.stringify([where, directory]) };
}

let serial = 0;

/** One thread that comes by breaks, once. */
export function breakThread(directory: string, how: How): void {
  writeFileSync(join(directory, `${how}.${serial++}`), '');
}

const plan = process.env['TEST_BREAK'];
if (plan !== undefined && !isMainThread) standInTheWay(...(JSON.parse(plan) as [Where, string]));

function standInTheWay(where: Where, directory: string): void {
  const isCapture = typeof workerData === 'object' && workerData !== null && 'way' in workerData;
  const isOwners = typeof workerData === 'object' && workerData !== null && 'isSuccessor' in workerData;
  if (isOwners !== (where === 'owners')) return;
  const isBoth = typeof workerData === 'object' && workerData !== null && 'capture' in workerData;
  if (!isOwners && !isBoth && isCapture !== (where === 'capture')) return;
  const come = (): void => {
    const [token] = readdirSync(directory).sort();
    if (token === undefined || isWarmingUp()) return;
    try {
      unlinkSync(join(directory, token));
    } catch {
      return; // another thread was quicker
    }
    breakDown(token.split('.')[0] as How);
  };
  if (where === 'batch') {
    const { fill } = Float64Array.prototype;
    Float64Array.prototype.fill = function (this: Float64Array, ...args) {
      come();
      return fill.apply(this, args);
    };
  } else if (where === 'capture' || where === 'owners') {
    const now = performance.now.bind(performance);
    performance.now = () => {
      come();
      return now();
    };
  } else {
    const post = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (this: MessagePort, message: unknown, ...rest) {
      const isBlock = typeof message === 'number';
      if (isBlock && where === 'before-word') come();
      post.call(this, message, ...rest);
      if (isBlock && where === 'after-word') come();
    };
  }
}

/** A successor rehearses before its first batch: one that breaks then has no frames to lose. */
function isWarmingUp(): boolean {
  return new Error().stack?.includes('at warmUp ') ?? false;
}

function breakDown(how: How): void {
  if (how === 'throw') throw new Error('broken on purpose');
  if (how === 'exit') process.exit(3);
  const kept: unknown[] = [];
  for (;;) if (how === 'memory') kept.push(new Array<number>(1000).fill(kept.length));
}
