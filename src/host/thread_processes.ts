// From a thread to its process: by the events of threads that begin and end, and by /proc for those that were there before.

import { readFileSync } from 'node:fs';
import { PROC_EVENT, type ProcEvent } from './proc_event.js';
import type { Process, ProcessTable } from './process_table.js';

/** Threads remembered; of the others /proc is asked. */
const MOST_THREADS = 262_144;

export class ThreadProcesses {
  /** process by thread, of threads that were seen to begin */
  private readonly threads = new Map<number, number>();

  constructor(private readonly table: ProcessTable) {}

  /** Takes an event of a thread that is not its process's first. */
  heard({ what, pid, tgid }: ProcEvent): void {
    const { threads } = this;
    if (what === PROC_EVENT.EXIT) threads.delete(pid);
    if (what !== PROC_EVENT.FORK) return;
    if (threads.size >= MOST_THREADS) {
      const [oldest] = threads.keys();
      threads.delete(oldest);
    }
    threads.set(pid, tgid);
  }

  /**
   * The process of a thread.
   * @param threadId in the initial PID namespace
   * @param ns a moment that is not long ago, CLOCK_MONOTONIC
   * @returns undefined: it is gone, and was never seen
   */
  at(threadId: number, ns: bigint): Process | undefined {
    return this.table.at(threadId, ns) ?? this.table.at(this.threads.get(threadId) ?? processOfThread(threadId), ns);
  }
}

/** /proc has threads by their numbers, too, though it does not list them: the process that one belongs to; 0: it is gone. */
export function processOfThread(number: number): number {
  try {
    return Number(/^Tgid:\s*(\d+)$/m.exec(readFileSync(`/proc/${number}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
