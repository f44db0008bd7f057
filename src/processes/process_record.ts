// An event with what was known of its process at that moment.

import type { ProcessEventName } from '../config/processes_settings.js';
import type { ProcessImage } from '../host/process_image.js';

export interface ProcessRecord {
  readonly name: ProcessEventName;
  /** thread it happened to (fork: the new one) */
  readonly pid: number;
  /** its process: the same number, unless the thread is one of several */
  readonly tgid: number;
  /** CLOCK_MONOTONIC */
  readonly timeNs: bigint;
  /** fork, exit, coredump: process of the parent; ptrace: of the tracer, 0 when it let go */
  readonly otherPid: number;
  /** uid, gid: the new numbers */
  readonly realId: number;
  readonly effectiveId: number;
  /** exit: as wait(2) gives it */
  readonly exitCode: number;
  /** comm: the new name; else empty */
  readonly comm: Uint8Array;
  // of the process; undefined: not known
  readonly ppid: number | undefined;
  readonly isKernelThread: boolean;
  /** what it runs; what doubt takes from it later is missing here, too */
  readonly image: ProcessImage;
  readonly cwd: Uint8Array | undefined;
  readonly uid: number | undefined;
  readonly guid: string | undefined;
  readonly container: Uint8Array | undefined;
  /** when it was forked, CLOCK_MONOTONIC; of one older than this run to a hundredth of a second */
  readonly startNs: bigint | undefined;
  /** that is exact */
  readonly startIsExact: boolean;
}

/** Formats that records are written in. */
export interface ProcessFormatter {
  /** Most bytes write() may take. */
  bound(record: ProcessRecord): number;
  /** Writes the line, its LF too. @returns the offset behind */
  write(out: Uint8Array, at: number, record: ProcessRecord): number;
}
