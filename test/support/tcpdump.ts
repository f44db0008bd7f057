// tcpdump as the reference: what it writes is what was on the wire.

import { setTimeout as sleep } from 'node:timers/promises';
import { startCommand, until } from './command.js';
import type { End } from './netns.js';
import { inNamespace } from './netns.js';

/** Long enough for the last frames to get from the kernel to tcpdump, which has no way to tell. */
const SETTLE_MS = 200;

export interface CaptureOptions {
  /** instead of the end's own: `lo`, `any` */
  readonly device?: string;
  /** more options, such as `-s 96` */
  readonly options?: readonly string[];
  /** BPF expression; default `tcp` */
  readonly filter?: string;
}

export interface Capture {
  /** Waits for the last frames, ends tcpdump and returns what the kernel dropped in front of it. */
  stop(): Promise<{ readonly dropped: number }>;
}

/** Starts tcpdump on an end, writing to `file`; resolves once it captures. */
export async function startCapture(end: End, file: string, options: CaptureOptions = {}): Promise<Capture> {
  // -Z root: it would otherwise give up root and could not write beside the caller's files
  const running = startCommand(inNamespace(end, ['tcpdump', '-n', '-U', '--immediate-mode', '-Z', 'root',
    '-i', options.device ?? end.device, '-w', file, ...(options.options ?? []), options.filter ?? 'tcp']));
  await until('tcpdump to listen', () => {
    if (running.child.exitCode !== null) {
      throw new Error(`tcpdump: ${running.stderr().trim()}`);
    }
    return running.stderr().includes('listening on');
  });
  return {
    async stop() {
      await sleep(SETTLE_MS);
      await running.stop('SIGINT');
      return { dropped: Number(/(\d+) packets? dropped by kernel/.exec(running.stderr())?.[1] ?? 0) };
    },
  };
}
