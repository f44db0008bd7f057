// The processes of this host: filled from /proc, kept by events. What a process inherits by fork it has; what could not be read
// is undefined, never a guess. Numbers of processes come again: a process is its number and its start.

import { monotonicNs, sleptNs } from './clocks.js';
import { ContainerIds } from './container_id.js';
import { ProcessFiles, processNumbers } from './process_files.js';
import { ProcessGuids } from './process_guid.js';
import { UNKNOWN_IMAGE, readImage, type ProcessImage } from './process_image.js';

export interface Process {
  readonly pid: number;
  /** field 22 of /proc/PID/stat; of one that was gone too soon to be read, the clock of its fork */
  readonly startTicks: number;
  /** when it was forked, CLOCK_MONOTONIC; undefined: before we looked */
  readonly startNs: bigint | undefined;
  readonly isKernelThread: boolean;
  /** the parent at its fork or last exec, or when it was read; 0: none; undefined: not known */
  ppid: number | undefined;
  image: ProcessImage;
  /** working directory at its last fork or exec, or when it was read; undefined: not known */
  cwd: Uint8Array | undefined;
  /** real and effective user; undefined: not known */
  realUid: number | undefined;
  uid: number | undefined;
  /** the container engine's name for where it is, empty when it is in none; undefined: not known */
  container: Uint8Array | undefined;
  /** UUID that names it for ever (process_guid.ts); undefined: its start is not known */
  readonly guid: string | undefined;
}

export interface ProcessTableOptions {
  /** entries kept; processes beyond that are read for every event that needs them; default 262144 */
  readonly most?: number;
  /** default: /proc */
  readonly files?: ProcessFiles;
}

const MOST_PROCESSES = 262_144;
/** USER_HZ, the ticks of /proc/PID/stat: 100 a second on every platform Node.js runs on. */
export const TICK_NS = 10_000_000n;
/** Images are kept in full until they take this much; after that the command lines of further ones are cut short. */
const MOST_IMAGE_BYTES = 64 << 20;
/** Processes that ended, for those who hear of their doings late. */
const MOST_ENDED = 1024;

export class ProcessTable implements Iterable<Process> {
  /** counts the changes of who is in the table and of what they run */
  generation = 0;
  /** processes that found no room */
  overflow = 0;
  private readonly files: ProcessFiles;
  private readonly most: number;
  private readonly processes = new Map<number, Process>();
  /** a ring: the oldest is overwritten */
  private readonly ended: { readonly process: Process; readonly endNs: bigint }[] = [];
  private nextEnded = 0;
  private imageBytes = 0;
  private readonly containers = new ContainerIds();
  private readonly guids = new ProcessGuids();

  constructor({ most = MOST_PROCESSES, files = new ProcessFiles() }: ProcessTableOptions = {}) {
    this.most = most;
    this.files = files;
  }

  get size(): number {
    return this.processes.size;
  }

  /** In no order. */
  [Symbol.iterator](): IterableIterator<Process> {
    return this.processes.values();
  }

  /** The process that has the number now, as far as the table knows. */
  get(pid: number): Process | undefined {
    return this.processes.get(pid);
  }

  /** The same; one that is not in the table is read from /proc. */
  find(pid: number): Process | undefined {
    return this.processes.get(pid) ?? this.put(this.readWhole(pid, undefined));
  }

  /** The process that had the number at a moment (CLOCK_MONOTONIC), be it one of those that ended last. */
  at(pid: number, ns: bigint): Process | undefined {
    const living = this.processes.get(pid);
    if (living !== undefined && (living.startNs === undefined || living.startNs <= ns)) return living;
    return this.ended.find(({ process, endNs }) => (
      process.pid === pid && endNs >= ns && (process.startNs === undefined || process.startNs <= ns)))?.process;
  }

  /** Compares with /proc: who is new there comes in, who is gone leaves, who runs another program by now is read again. Takes some 50 µs a new process, 10 µs a known one. */
  scan(): void {
    const beganNs = monotonicNs();
    const present = new Set<number>();
    for (const pid of processNumbers()) {
      present.add(pid);
      const known = this.processes.get(pid);
      const stat = known && this.files.stat(pid);
      if (known === undefined || stat?.startTicks !== known.startTicks) this.put(this.readWhole(pid, undefined));
      else if (!known.isKernelThread && stat.argStart !== 0 && !known.image.isAt(stat.argStart)) this.readAgain(known);
    }
    for (const [pid, { startNs }] of this.processes) {
      if (!present.has(pid) && (startNs === undefined || startNs < beganNs)) this.exited(pid, beganNs);
    }
  }

  /**
   * A process was forked: it has what its parent has.
   * @param ns when, CLOCK_MONOTONIC
   */
  forked(pid: number, ppid: number, ns: bigint): Process {
    const parent = this.processes.get(ppid);
    const stat = this.files.stat(pid);
    const isThere = stat !== undefined && this.hasStartedBy(stat.startTicks, ns);
    let child = parent === undefined && isThere ? this.readWhole(pid, ns) : undefined;
    child ??= this.make({
      pid, ppid,
      startTicks: isThere ? stat.startTicks : ticksAt(ns),
      startNs: ns,
      isKernelThread: parent?.isKernelThread ?? false,
      image: parent?.image ?? UNKNOWN_IMAGE,
      // The parent's may have changed since it was read.
      cwd: isThere ? this.files.cwd(pid) : undefined,
      realUid: parent?.realUid,
      uid: parent?.uid,
      container: parent?.container,
    });
    this.put(child);
    return child;
  }

  /**
   * A process began a program: reads what.
   * @param ns when it had begun, CLOCK_MONOTONIC
   */
  executed(pid: number, ns: bigint): Process {
    const { image, stat, cwd, container } = readImage(pid, this.files, this.containers);
    const isThere = stat !== undefined && this.hasStartedBy(stat.startTicks, ns);
    const known = this.processes.get(pid);
    if (known === undefined) {
      return (isThere ? this.put(this.readWhole(pid, undefined)) : undefined) ?? this.unknown(pid);
    }
    const isIt = isThere && stat.startTicks === known.startTicks;
    known.image.endedBy(pid, ns, image);
    this.setImage(known, isIt ? image : UNKNOWN_IMAGE);
    known.cwd = isIt ? cwd : undefined;
    // A process that is being reaped has no parent any more.
    if (isIt && stat.ppid !== 0) known.ppid = stat.ppid;
    // Where it is it stays, unless it is moved.
    if (isIt && container !== undefined) known.container = container;
    this.generation++;
    return known;
  }

  /** A process ended. @returns what was known of it */
  exited(pid: number, ns: bigint): Process | undefined {
    const process = this.processes.get(pid);
    if (process === undefined) return undefined;
    this.processes.delete(pid);
    this.release(process.image);
    this.ended[this.nextEnded] = { process, endNs: ns };
    this.nextEnded = (this.nextEnded + 1) % MOST_ENDED;
    this.generation++;
    return process;
  }

  /** A process ended at a moment before the table was filled: whoever has the number now may be another one. */
  endedBy(pid: number, ns: bigint): void {
    const process = this.processes.get(pid);
    if (process !== undefined && this.hasStartedBy(process.startTicks, ns)) this.exited(pid, ns);
  }

  /** A process runs as another user from now on. */
  becameUser(pid: number, realUid: number, uid: number): Process | undefined {
    const process = this.find(pid);
    if (process !== undefined) {
      process.realUid = realUid;
      process.uid = uid;
    }
    return process;
  }

  private put(process: Process | undefined): Process | undefined {
    if (process === undefined) return undefined;
    const before = this.processes.get(process.pid);
    if (before !== undefined) this.release(before.image);
    else if (this.processes.size >= this.most) {
      this.overflow++;
      return process;
    }
    this.hold(process.image);
    this.processes.set(process.pid, process);
    this.generation++;
    return process;
  }

  private setImage(process: Process, image: ProcessImage): void {
    if (this.processes.get(process.pid) === process) {
      this.release(process.image);
      this.hold(image);
    }
    process.image = image;
  }

  private hold(image: ProcessImage): void {
    if (image === UNKNOWN_IMAGE) return;
    if (image.holders++ > 0) return;
    if (this.imageBytes > MOST_IMAGE_BYTES) image.shorten();
    image.keptBytes = image.bytes;
    this.imageBytes += image.keptBytes;
  }

  private release(image: ProcessImage): void {
    if (image === UNKNOWN_IMAGE || --image.holders > 0) return;
    this.imageBytes -= image.keptBytes;
  }

  /** Whether a process with that start is older than the moment: who has the number now may have got it later. */
  private hasStartedBy(startTicks: number, ns: bigint): boolean {
    return startTicks <= ticksAt(ns);
  }

  /** Its exec was not heard. */
  private readAgain(process: Process): void {
    const now = this.readWhole(process.pid, process.startNs);
    if (now?.startTicks !== process.startTicks) return;
    this.setImage(process, now.image);
    const { ppid, cwd, realUid, uid, container } = now;
    Object.assign(process, { ppid, cwd, realUid, uid, container });
    this.generation++;
  }

  /** Everything from /proc. */
  private readWhole(pid: number, startNs: bigint | undefined): Process | undefined {
    const { image, stat, cwd, container } = readImage(pid, this.files, this.containers);
    if (stat === undefined) return undefined;
    const users = this.files.users(pid);
    const { ppid, isKernelThread, startTicks } = stat;
    return this.make({ pid, ppid, startTicks, startNs, isKernelThread, image, cwd, realUid: users?.[0], uid: users?.[1], container });
  }

  private unknown(pid: number): Process {
    return {
      pid, ppid: undefined, startTicks: 0, startNs: undefined, isKernelThread: false, image: UNKNOWN_IMAGE,
      cwd: undefined, realUid: undefined, uid: undefined, container: undefined, guid: undefined,
    };
  }

  private make(values: Omit<Process, 'guid'>): Process {
    const { pid, startTicks, startNs, isKernelThread, ppid, image, cwd, realUid, uid, container } = values;
    return { pid, startTicks, startNs, isKernelThread, ppid, image, cwd, realUid, uid, container, guid: this.guids.of(pid, startTicks) };
  }
}

/** When a process began, CLOCK_MONOTONIC; of one that was not seen to begin, to a hundredth of a second. */
export function startOf({ startNs, startTicks }: Process): bigint {
  return startNs ?? BigInt(startTicks) * TICK_NS - sleptNs();
}

/** The clock of /proc/PID/stat at a moment of CLOCK_MONOTONIC. */
function ticksAt(ns: bigint): number {
  return Number((ns + sleptNs()) / TICK_NS);
}
