// A child has a copy of every descriptor of its parent from its fork until its exec, where it is one that begins another program. On a
// busy machine that is long enough for the parent to answer and to close: then that child alone holds a connection it has nothing to do
// with. What it will become nobody can know, so what it holds says nothing until it has begun its program, or goes on without one.

import { monotonicNs, sleptNs } from './clocks.js';
import type { ProcessFiles, ProcessStat } from './process_files.js';
import { TICK_NS, type ProcessTable } from './process_table.js';

/** Who has begun no program for so long, and waits for something, was not forked to begin one. */
const SETTLED_NS = 250e6;
/** The same of one that always runs, or that never gets to: it may be starved. */
const RUNNING_SETTLED_NS = 5e9;
/** Its number in every PID namespace; what has lost its parent is its child. */
const INIT = 1;

export class ForkCopies {
  constructor(private readonly table: ProcessTable, private readonly files: ProcessFiles) {}

  /**
   * Which sockets of a process may be mere copies of its parent's.
   * @param before read before its descriptors, and
   * @param after behind them: of the same process
   * @returns those that were made before this moment, CLOCK_MONOTONIC, nanoseconds; -Infinity: none
   */
  until(pid: number, before: ProcessStat, after: ProcessStat): number {
    const forkedNs = this.forkedNs(pid, before.startTicks);
    const ageNs = Number(monotonicNs()) - forkedNs;
    if (ageNs >= RUNNING_SETTLED_NS || (ageNs >= SETTLED_NS && !before.isRunnable && !after.isRunnable)) return -Infinity;
    return this.hasExecuted(pid, before, after) ? -Infinity : forkedNs;
  }

  /** When it was forked, at the latest. */
  private forkedNs(pid: number, startTicks: number): number {
    const known = this.table.get(pid);
    if (known?.startNs !== undefined && known.startTicks === startTicks) return Number(known.startNs);
    return Number(BigInt(startTicks + 1) * TICK_NS - sleptNs());
  }

  /**
   * Whether it has begun a program of its own before its descriptors were read. Those that close on exec are closed before the program has its
   * arguments (begin_new_exec() of linux/fs/exec.c, then setup_arg_pages()), and a child has them in the place of its parent's until then.
   */
  private hasExecuted(pid: number, before: ProcessStat, after: ProcessStat): boolean {
    const { argStart, ppid } = before;
    if (argStart === 0 || after.argStart !== argStart || ppid <= INIT) return false;
    if (this.table.get(pid)?.image.isInherited(pid, argStart) === true) return false;
    const parent = this.files.stat(ppid)?.argStart ?? 0;
    return parent !== 0 && parent !== argStart;
  }
}
