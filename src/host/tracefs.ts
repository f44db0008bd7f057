// A tracing instance of our own (Documentation/trace/ftrace.rst of the kernel): its buffers and switches are nobody else's, and
// nobody else's are touched. It lives while its files are open and is removed at the end; what a killed httplog left behind, the
// next one removes.

import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmdirSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { constants as OS } from 'node:os';
import { bind, errno, errnoText } from './libc.js';
import { parseTraceFormat, type TraceFormat } from './trace_format.js';

const mount = bind<(source: string, target: string, type: string, flags: number, data: null) => number>(
  'int mount(const char*, const char*, const char*, unsigned long, void*)',
);
const unmount = bind<(target: string, flags: number) => number>('int umount2(const char*, int)');
const UMOUNT_NOFOLLOW = 8;

/** Where tracefs is, since Linux 4.1; before by way of debugfs. */
const PLACES = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'] as const;
const PREFIX = 'httplog-';
/** All buffers together take no more than this, and each processor's is between these. */
const MOST_BUFFERS_KIB = 64 << 10;
const MOST_BUFFER_KIB = 1024;
const LEAST_BUFFER_KIB = 64;

/** Tracing cannot be had. `message` is one line: what, why. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/** Lost by the buffers of all processors, by the kernel's count. */
export interface TraceLosses {
  /** overwritten before they were read */
  readonly overrun: number;
  /** found no room */
  readonly dropped: number;
}

export class TraceInstance {
  /** descriptors of the processors' raw buffers, not blocking */
  readonly pipes: readonly number[];
  readonly directory: string;
  private readonly processors: readonly string[];
  /** the event's switch, held open: whoever gave up root since cannot open it any more */
  private switchFd: number | undefined;
  private closed = false;

  /**
   * Makes an instance in which one event is recorded.
   * @param event such as `sock/inet_sock_set_state`
   * @param filter which of them, in the kernel's filter language
   * @throws TraceError
   */
  constructor(private readonly root: string, private readonly event: string, filter: string) {
    removeLeftovers(root);
    this.directory = instanceOf(root);
    const opened: number[] = [];
    this.pipes = opened;
    try {
      mkdirSync(this.directory, { mode: 0o700 });
    } catch (error) {
      throw new TraceError(`no tracing instance: ${messageOf(error)}`);
    }
    try {
      this.processors = readdirSync(`${this.directory}/per_cpu`).filter((name) => name.startsWith('cpu'));
      const share = Math.floor(MOST_BUFFERS_KIB / Math.max(1, this.processors.length));
      this.set('buffer_size_kb', String(Math.min(MOST_BUFFER_KIB, Math.max(LEAST_BUFFER_KIB, share))));
      this.set('trace_clock', 'mono');
      // Readers are woken by the first record, not by a buffer half full. Kernels before 5.10 wake always.
      if (isThere(`${this.directory}/buffer_percent`)) this.set('buffer_percent', '0');
      for (const name of this.processors) {
        opened.push(openSync(`${this.directory}/per_cpu/${name}/trace_pipe_raw`, OS_O_READ));
      }
      this.set(`events/${event}/filter`, filter);
      this.switchFd = openSync(`${this.directory}/events/${event}/enable`, OS_O_WRITE);
      writeSync(this.switchFd, '1');
    } catch (error) {
      this.close();
      throw error instanceof TraceError ? error : new TraceError(`no tracing instance: ${messageOf(error)}`);
    }
  }

  /** Layout of the event's records. */
  eventFormat(): TraceFormat {
    return parseTraceFormat(readFileSync(`${this.root}/events/${this.event}/format`, 'latin1'));
  }

  /** Layout of the buffers' pages. */
  pageFormat(): TraceFormat {
    return parseTraceFormat(readFileSync(`${this.root}/events/header_page`, 'latin1'));
  }

  losses(): TraceLosses {
    let overrun = 0;
    let dropped = 0;
    for (const name of this.processors) {
      const text = readFileSync(`${this.directory}/per_cpu/${name}/stats`, 'latin1');
      overrun += numberIn(text, 'overrun');
      dropped += numberIn(text, 'dropped events') + numberIn(text, 'commit overrun');
    }
    return { overrun, dropped };
  }

  /** No more events: what is in the buffers can still be read. */
  stop(): void {
    try {
      if (this.switchFd !== undefined) writeSync(this.switchFd, '0');
    } catch {
      // it goes with the instance
    }
  }

  /** Removes the instance, unless that takes rights that were given up (trace_janitor.ts). Safe to call twice. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stop();
    for (const fd of [...this.pipes, this.switchFd]) if (fd !== undefined) closeSync(fd);
    removeInstance(this.directory);
  }

  private set(name: string, value: string): void {
    try {
      writeFileSync(`${this.directory}/${name}`, value);
    } catch (error) {
      throw new TraceError(`tracing: cannot set ${name} to ${value}: ${messageOf(error)}`);
    }
  }
}

const OS_O_READ = 0o4000; // O_RDONLY | O_NONBLOCK
const OS_O_WRITE = 1; // O_WRONLY

/** Where the instance of this process is. @param root of tracefs */
export function instanceOf(root: string): string {
  return `${root}/instances/${PREFIX}${process.pid}`;
}

/**
 * Where tracefs is; it is mounted where it is not.
 * @returns its directory, and whether it was mounted here
 * @throws TraceError
 */
export function findTracefs(): { readonly root: string; readonly mounted: boolean } {
  for (const root of PLACES) {
    if (isThere(`${root}/instances`)) return { root, mounted: false };
  }
  const [root] = PLACES;
  if (lookAt(`${root}/instances`) === 'EACCES') throw new TraceError(`tracing: ${root} is closed to this user: it takes root`);
  if (!isThere(root)) throw new TraceError('tracing: this kernel has no tracefs (CONFIG_FTRACE)');
  if (mount('tracefs', root, 'tracefs', 0, null) < 0 && errno() !== OS.errno.EBUSY) {
    throw new TraceError(`tracing: tracefs is not mounted, and cannot be mounted at ${root}: ${errnoText()}`);
  }
  // A sandbox may let us see the directory and nothing in it.
  if (!isThere(`${root}/instances`)) throw new TraceError(`tracing: ${root} has no instances: it takes root`);
  return { root, mounted: true };
}

/** Undoes the mount of findTracefs(), unless somebody else uses it by now. @returns whether it is undone */
export function unmountTracefs(root: string): boolean {
  return unmount(root, UMOUNT_NOFOLLOW) === 0;
}

/**
 * Removes the instances of httplogs that are no more, where this process may. One that is still read cannot be removed: the kernel says it
 * is busy.
 * @param root of tracefs
 * @returns how many
 */
export function removeLeftovers(root: string): number {
  let removed = 0;
  for (const name of instancesIn(root)) {
    const [, pid] = /^httplog-(\d+)$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const directory = `${root}/instances/${name}`;
    if (Number(pid) !== process.pid && isOlder(Number(pid), directory)) continue;
    if (removeInstance(directory)) removed++;
  }
  return removed;
}

function instancesIn(root: string): string[] {
  try {
    return readdirSync(`${root}/instances`);
  } catch {
    return []; // closed to this user: what it cannot list it could not remove
  }
}

/** Whether the process was there before the directory: then it is the one that made it. */
function isOlder(pid: number, directory: string): boolean {
  try {
    return statSync(`/proc/${pid}`).ctimeMs <= statSync(directory).ctimeMs + 1000;
  } catch {
    return false;
  }
}

function removeInstance(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  return lookAt(path) === '';
}

/**
 * Not by access(2), which looks through the eyes of the real user: after -u the capabilities are what lets us in.
 * @returns '' when there is something, else the code of what the system said
 */
function lookAt(path: string): string {
  try {
    statSync(path);
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

function numberIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
