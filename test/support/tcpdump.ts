// tcpdump as the reference: what it writes is what was on the wire.

import { startCommand, until } from './command.js';
import type { End } from './netns.js';
import { inNamespace } from './netns.js';

/** What tcpdump says on SIGUSR1, and on more lines at its end. */
const COUNTS = /(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped by kernel/g;

export interface CaptureOptions {
  /** instead of the end's own: `lo`, `any` */
  readonly device?: string;
  /** more options, such as `-s 96` */
  readonly options?: readonly string[];
  /** BPF expression; default `tcp` */
  readonly filter?: string;
}

export interface Capture {
  /** Waits for the frames that the kernel has by now, ends tcpdump and returns what the kernel dropped in front of it. */
  stop(): Promise<{ readonly dropped: number }>;
}

/** Starts tcpdump on an end, writing to `file`; resolves once it captures. */
export async function startCapture(end: End, file: string, options: CaptureOptions = {}): Promise<Capture> {
  // Of a packet on lo the kernel counts the copy that goes out, too, which tcpdump leaves out.
  const copies = (options.device ?? end.device) === 'lo' ? 2 : 1;
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
      const before = running.stderr().length;
      await until('tcpdump to have written what the kernel has', () => {
        if (running.child.exitCode !== null) return true; // `-c` frames are enough for it
        running.child.kill('SIGUSR1');
        const [captured, received, lost] = ([...running.stderr().slice(before).matchAll(COUNTS)].at(-1) ?? []).slice(1).map(Number);
        return captured * copies + lost >= received;
      });
      await running.stop('SIGINT');
      return { dropped: Number([...running.stderr().matchAll(/(\d+) packets? dropped by kernel/g)].at(-1)?.[1] ?? 0) };
    },
  };
}
