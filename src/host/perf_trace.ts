// A trace event of the kernel through perf_event_open(2), a buffer for each processor. Unlike a tracing instance (tracefs.ts) it leaves nothing
// in the file system, takes no root but CAP_PERFMON, and what was opened can be read after every privilege is given up. Whoever opens it keeps the
// descriptors and the memory; another thread may read.

import { readFileSync } from 'node:fs';
import { bind, close, errnoText, LITTLE_ENDIAN, mapShared, memoryAt, unmap } from './libc.js';
import { CONTROL_BYTES, PerfRing } from './perf_ring.js';
import { parseTraceFormat } from './trace_format.js';
import { TraceError } from './tracefs.js';
import type { TraceRecordVisitor } from './trace_page.js';

const syscall = bind<(number: number, attributes: Uint8Array, pid: number, cpu: number, group: number, flags: bigint) => number>(
  'long syscall(long, void*, int, int, int, unsigned long)',
);
const setFilter = bind<(fd: number, request: bigint, filter: string) => number>('int ioctl(int, unsigned long, const char*)');
const control = bind<(fd: number, request: bigint, argument: number) => number>('int ioctl(int, unsigned long, int)');

/** Number of the system call (asm/unistd.h), by process.arch. */
const PERF_EVENT_OPEN: Readonly<Record<string, number>> = { x64: 298, arm64: 241, riscv64: 241, loong64: 241, ppc64: 319, s390x: 331 };
const PERF_FLAG_FD_CLOEXEC = 8n;

// ioctl requests of linux/perf_event.h; PowerPC has other bits for the direction
const [NONE, WRITE] = process.arch === 'ppc64' ? [0x20000000n, 0x80000000n] : [0n, 0x40000000n];
const ENABLE = NONE | 0x2400n;
const DISABLE = NONE | 0x2401n;
const SET_FILTER = WRITE | 0x82406n;

// struct perf_event_attr
const ATTRIBUTE_BYTES = 112; // PERF_ATTR_SIZE_VER5, Linux 4.1
const ATTRIBUTE = { TYPE: 0, SIZE: 4, CONFIG: 8, SAMPLE_PERIOD: 16, SAMPLE_TYPE: 24, FLAGS: 40, WAKEUP_EVENTS: 48, CLOCK: 92 } as const;
const PERF_TYPE_TRACEPOINT = 2;
const PERF_SAMPLE_TIME_AND_RAW = (1n << 2n) | (1n << 10n);
/** disabled, use_clockid: the first bits of a word, from the end that the machine counts from */
const FLAGS = LITTLE_ENDIAN ? (1n << 0n) | (1n << 25n) : (1n << 63n) | (1n << 38n);
const CLOCK_MONOTONIC = 1;

/** What every user may map for each processor (perf_event_mlock_kb, 516 by default), less the page of control: some 5,000 records. */
const RING_BYTES = 512 << 10;
const MOST_BUFFERS_BYTES = 64 << 20;
const LEAST_RING_BYTES = 64 << 10;
const MOST_RECORDS = 4096;

/** As it goes from the thread that opened it to the one that reads. */
export interface PerfTrace {
  /** the event's format file */
  readonly format: string;
  /** one a processor */
  readonly fds: readonly number[];
  /** of their memory in this process */
  readonly addresses: readonly bigint[];
  /** of each */
  readonly bytes: number;
}

/**
 * Has the kernel record an event from now on.
 * @param root of tracefs, where its format is
 * @param event such as `sock/inet_sock_set_state`
 * @param filter which of them, in the kernel's filter language
 * @throws TraceError
 */
export function openPerfTrace(root: string, event: string, filter: string): PerfTrace {
  const number = PERF_EVENT_OPEN[process.arch];
  if (number === undefined) throw new TraceError(`perf events: not known on ${process.arch}`);
  const format = readFormat(root, event);
  const attributes = attributesOf(parseTraceFormat(format).id ?? 0);
  const processors = onlineProcessors(readFileSync('/sys/devices/system/cpu/online', 'latin1'));
  let ringBytes = RING_BYTES;
  while (ringBytes > LEAST_RING_BYTES && ringBytes * processors.length > MOST_BUFFERS_BYTES) ringBytes /= 2;
  const bytes = CONTROL_BYTES + ringBytes;
  const fds: number[] = [];
  const addresses: bigint[] = [];
  const opened: PerfTrace = { format, fds, addresses, bytes };
  const refuse = (what: string): never => {
    const reason = errnoText();
    closePerfTrace(opened);
    throw new TraceError(`perf events: ${what}: ${reason} (CAP_PERFMON is needed)`);
  };
  for (const processor of processors) {
    const fd = syscall(number, attributes, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0) refuse('refused');
    fds.push(fd);
    const address = mapShared(fd, bytes);
    if (address === null) refuse('no buffer');
    else addresses.push(address);
    if (setFilter(fd, SET_FILTER, filter) < 0) refuse('no filter');
    if (control(fd, ENABLE, 0) < 0) refuse('cannot be enabled');
  }
  return opened;
}

function readFormat(root: string, event: string): string {
  try {
    return readFileSync(`${root}/events/${event}/format`, 'latin1');
  } catch (error) {
    throw new TraceError(`perf events: ${(error as Error).message}`, { cause: error });
  }
}

function attributesOf(event: number): Uint8Array {
  const bytes = new Uint8Array(ATTRIBUTE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(ATTRIBUTE.TYPE, PERF_TYPE_TRACEPOINT, LITTLE_ENDIAN);
  view.setUint32(ATTRIBUTE.SIZE, ATTRIBUTE_BYTES, LITTLE_ENDIAN);
  view.setBigUint64(ATTRIBUTE.CONFIG, BigInt(event), LITTLE_ENDIAN);
  view.setBigUint64(ATTRIBUTE.SAMPLE_PERIOD, 1n, LITTLE_ENDIAN);
  view.setBigUint64(ATTRIBUTE.SAMPLE_TYPE, PERF_SAMPLE_TIME_AND_RAW, LITTLE_ENDIAN);
  view.setBigUint64(ATTRIBUTE.FLAGS, FLAGS, LITTLE_ENDIAN);
  view.setUint32(ATTRIBUTE.WAKEUP_EVENTS, 1, LITTLE_ENDIAN);
  view.setInt32(ATTRIBUTE.CLOCK, CLOCK_MONOTONIC, LITTLE_ENDIAN);
  return bytes;
}

/** `0-3,5`: the numbers meant. */
export function onlineProcessors(text: string): number[] {
  return text.trim().split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  });
}

/** Ends the recording. No thread may read any more. */
export function closePerfTrace({ fds, addresses, bytes }: PerfTrace): void {
  for (const address of addresses) unmap(address, bytes);
  for (const fd of fds) close(fd);
}

/** Reads what was recorded. */
export class PerfRecords {
  readonly fds: readonly number[];
  private readonly rings: readonly PerfRing[];

  constructor({ fds, addresses, bytes }: PerfTrace) {
    this.fds = fds;
    this.rings = addresses.map((address) => new PerfRing(memoryAt(address, bytes)));
  }

  /** Hands over what is there, processor by processor. @returns whether more may be there */
  read(visit: TraceRecordVisitor): boolean {
    let more = false;
    for (const ring of this.rings) more = ring.read(MOST_RECORDS, visit) || more;
    return more;
  }

  /** Records that found no room so far, as far as the kernel has said it. */
  lost(): number {
    return this.rings.reduce((sum, { lost }) => sum + lost, 0);
  }

  stop(): void {
    for (const fd of this.fds) control(fd, DISABLE, 0);
  }

  /** The thread that opened it closes it. */
  close(): void {
    this.stop();
  }
}
