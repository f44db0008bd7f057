// What a process runs, and how sure that is: the kernel tells that a process began a program, not which one. We read /proc a
// moment later, when it may already run the next one.

import type { ContainerIds } from './container_id.js';
import { monotonicNs } from './clocks.js';
import { MOST_CMDLINE_BYTES, type ProcessFiles, type ProcessStat } from './process_files.js';

/** An image read less than this before the process began the next one may be that next one. */
const DOUBT_NS = 10_000_000n;
const SHORT_CMDLINE_BYTES = 256;
const NOTHING = new Uint8Array(0);

/** A program with its arguments. Children share that of their parent until they exec. */
export class ProcessImage {
  /** entries of the table that have it */
  holders = 0;
  /** bytes it had when the table took it */
  keptBytes = 0;
  /** an image read so late that it stands and falls with this one */
  private doubtful: ProcessImage | undefined;

  /**
   * @param exe path of the program, as /proc/PID/exe shows it; undefined: not known, or a kernel thread
   * @param cmdline arguments, each ended by NUL; none for a kernel thread; undefined: not known
   * @param isCut there are more of them
   * @param owner process it was read from
   * @param readNs when, CLOCK_MONOTONIC
   * @param stack where its arguments begin, on the stack: nearly every image has its own place; 0: not known
   */
  constructor(
    public exe: Uint8Array | undefined,
    public cmdline: Uint8Array | undefined,
    public isCut: boolean,
    private readonly owner: number,
    private readonly readNs: bigint,
    private readonly stack: number,
  ) {}

  /** Bytes it keeps. */
  get bytes(): number {
    return (this.exe?.length ?? 0) + (this.cmdline?.length ?? 0);
  }

  /** Keeps the beginning of the arguments alone. */
  shorten(): void {
    if (this.cmdline === undefined || this.cmdline.length <= SHORT_CMDLINE_BYTES) return;
    this.cmdline = this.cmdline.slice(0, SHORT_CMDLINE_BYTES);
    this.isCut = true;
  }

  /**
   * The process has begun the next image: forgets what was read when that had begun already, or may have.
   * @param pid the process
   * @param ns when the next one had begun, CLOCK_MONOTONIC: its loading was before
   * @param next what was read for it
   */
  endedBy(pid: number, ns: bigint, next: ProcessImage): void {
    // What was inherited was read from the parent, which goes on with it.
    if (this.owner !== pid || this.readNs < ns - DOUBT_NS) return;
    if (this.readNs >= ns || this.stack === 0 || this.stack === next.stack) this.forget();
    else next.doubtful = this;
  }

  /** An event that would have ended it may have been lost: forgets what was read at that moment (CLOCK_MONOTONIC) or later. */
  doubtedSince(ns: bigint): void {
    if (this.readNs >= ns) this.forget();
  }

  /** Whether it was read, and a process with its arguments there runs it. */
  isAt(stack: number): boolean {
    return this.exe !== undefined && this.stack === stack;
  }

  /** Whether a process with its arguments there has it from its parent: it has not begun a program of its own. */
  isInherited(pid: number, stack: number): boolean {
    return this.owner !== pid && this.stack === stack && stack !== 0;
  }

  private forget(): void {
    this.exe = undefined;
    this.cmdline = undefined;
    this.doubtful?.forget();
    this.doubtful = undefined;
  }
}

/** What is said of programs that could not be read. */
export const UNKNOWN_IMAGE = new ProcessImage(undefined, undefined, false, 0, 0n, 0);

/** What /proc says of a process at one moment. */
export interface Reading {
  readonly image: ProcessImage;
  /** undefined: it is gone */
  readonly stat: ProcessStat | undefined;
  readonly cwd: Uint8Array | undefined;
  readonly container: Uint8Array | undefined;
}

/** Reads what a process runs, and where. */
export function readImage(pid: number, files: ProcessFiles, containers: ContainerIds): Reading {
  const exe = files.exe(pid);
  let cmdline = files.cmdline(pid);
  const cwd = files.cwd(pid);
  const cgroup = files.cgroup(pid);
  const container = cgroup === undefined ? undefined : containers.of(cgroup);
  // Last, because it vouches for what was read before: where the stack is another image's, so may the rest be.
  const stat = files.stat(pid);
  if (stat === undefined) return { image: UNKNOWN_IMAGE, stat, cwd, container };
  if (cmdline?.length === 0 && stat.argStart !== 0) cmdline = emptyOrLoading(pid, files, stat.argStart);
  return { image: imageOf(pid, exe, cmdline, stat), stat, cwd, container };
}

/** No arguments were there before the program had its stack: they may have come with it, and are read again. */
function emptyOrLoading(pid: number, files: ProcessFiles, stack: number): Uint8Array | undefined {
  const cmdline = files.cmdline(pid);
  return files.stat(pid)?.argStart === stack ? cmdline : undefined;
}

function imageOf(pid: number, exe: Uint8Array | undefined, cmdline: Uint8Array | undefined, stat: ProcessStat): ProcessImage {
  const readNs = monotonicNs();
  const { isKernelThread, argStart } = stat;
  if (isKernelThread) return new ProcessImage(undefined, NOTHING, false, pid, readNs, 0);
  // A program that we may look into and that has no stack has ended, or the next one is just being loaded.
  if (exe !== undefined && argStart === 0) return new ProcessImage(undefined, undefined, false, pid, readNs, 0);
  // No arguments at all are believed of a program that is there alone.
  if (cmdline?.length === 0 && argStart === 0) return new ProcessImage(exe, undefined, false, pid, readNs, 0);
  const isCut = cmdline !== undefined && cmdline.length > MOST_CMDLINE_BYTES;
  return new ProcessImage(exe, isCut ? cmdline.subarray(0, MOST_CMDLINE_BYTES) : cmdline, isCut, pid, readNs, argStart);
}
