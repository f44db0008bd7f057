// What /proc/PID says (proc(5)), read with few system calls and no thread pool: a process may be gone any moment.

import { readFileSync, readdirSync } from 'node:fs';
import { ZERO, ascii, isDigit } from '../bytes/ascii.js';
import { writeDecimal } from '../bytes/write.js';
import { close, openFile, readFile, readLink } from './libc.js';

const O_RDONLY_CLOEXEC = 0x80000;
const SPACE = 0x20;
const RIGHT_PARENTHESIS = 0x29;
/** state of a thread that runs, or would if it had a processor */
const RUNNABLE = 0x52;
const ROOT = ascii('/proc/');
const MOST_PATH_BYTES = 64;
/** PATH_MAX of linux/limits.h */
const MOST_LINK_BYTES = 4096;
/** A command line is cut behind this. */
export const MOST_CMDLINE_BYTES = 16 << 10;
const BUFFER_BYTES = MOST_CMDLINE_BYTES + 1;

const [EXE, CWD, STAT, STATUS, CMDLINE, CGROUP] = ['/exe', '/cwd', '/stat', '/status', '/cmdline', '/cgroup'].map((name) => ascii(`${name}\0`));

/** PF_KTHREAD of linux/sched.h */
const KERNEL_THREAD = 0x200000;
// fields of /proc/PID/stat behind the name, from 0: state
const PARENT = 1;
const FLAGS = 6;
const START_TIME = 19;
const ARG_START = 45;
const STAT_FIELDS = 46;

/** Of /proc/PID/stat. */
export interface ProcessStat {
  readonly ppid: number;
  readonly isKernelThread: boolean;
  /** its first thread runs, or waits for nothing but a processor */
  readonly isRunnable: boolean;
  /** since boot, in clock ticks: with the number it names a process */
  readonly startTicks: number;
  /**
   * where its arguments begin, at the top of the stack: another place for nearly every exec, and the same from the program's loading to its end
   * (the begin of the stack is moved while it is loaded); 0 where there are none, or we may not know
   */
  readonly argStart: number;
}

/** Reads one process after the other; results stand until the next call. */
export class ProcessFiles {
  private readonly path = new Uint8Array(MOST_PATH_BYTES);
  private readonly bytes = new Uint8Array(BUFFER_BYTES);
  private readonly fields = new Float64Array(STAT_FIELDS);

  constructor() {
    this.path.set(ROOT);
  }

  private setPath(pid: number, name: Uint8Array): void {
    this.path.set(name, writeDecimal(this.path, ROOT.length, pid));
  }

  /** @returns a view of the file's beginning, undefined when it cannot be read */
  private read(pid: number, name: Uint8Array): Uint8Array | undefined {
    this.setPath(pid, name);
    const fd = openFile(this.path, O_RDONLY_CLOEXEC);
    if (fd < 0) return undefined;
    let length = 0;
    let got = 0;
    do {
      got = readFile(fd, length === 0 ? this.bytes : this.bytes.subarray(length), BUFFER_BYTES - length);
      length += Math.max(0, got);
      // A shorter read than asked for is the end of what these files have.
    } while (got > 0 && length < BUFFER_BYTES && length % MOST_LINK_BYTES === 0);
    close(fd);
    return got < 0 ? undefined : this.bytes.subarray(0, length);
  }

  private link(pid: number, name: Uint8Array): Uint8Array | undefined {
    this.setPath(pid, name);
    const length = readLink(this.path, this.bytes, MOST_LINK_BYTES);
    return length <= 0 ? undefined : this.bytes.slice(0, length);
  }

  /** The program, its own copy; undefined: gone, a kernel thread, or not for us. */
  exe(pid: number): Uint8Array | undefined {
    return this.link(pid, EXE);
  }

  /** The working directory, its own copy. */
  cwd(pid: number): Uint8Array | undefined {
    return this.link(pid, CWD);
  }

  /** The arguments, each ended by NUL as the process has them, cut behind MOST_CMDLINE_BYTES + 1; its own copy. */
  cmdline(pid: number): Uint8Array | undefined {
    return this.read(pid, CMDLINE)?.slice();
  }

  /** Lines `number:controllers:path`; valid until the next call. */
  cgroup(pid: number): Uint8Array | undefined {
    return this.read(pid, CGROUP);
  }

  /** Real and effective user. */
  users(pid: number): readonly [number, number] | undefined {
    const text = this.read(pid, STATUS);
    const match = text === undefined ? null : /\nUid:\t(\d+)\t(\d+)/.exec(Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1'));
    return match === null ? undefined : [Number(match[1]), Number(match[2])];
  }

  stat(pid: number): ProcessStat | undefined {
    const bytes = this.read(pid, STAT);
    if (bytes === undefined) return undefined;
    // The name may hold anything, but nothing behind it holds a parenthesis.
    const at = bytes.lastIndexOf(RIGHT_PARENTHESIS);
    if (at < 0 || !this.readFields(bytes, at + 2)) return undefined;
    const { fields } = this;
    return {
      ppid: fields[PARENT],
      isRunnable: bytes[at + 2] === RUNNABLE,
      isKernelThread: (fields[FLAGS] & KERNEL_THREAD) !== 0,
      startTicks: fields[START_TIME],
      argStart: fields[ARG_START],
    };
  }

  /** Unsigned numbers between blanks; other words count as 0. @returns false when there are too few */
  private readFields(bytes: Uint8Array, at: number): boolean {
    let field = 0;
    let value = 0;
    for (let i = at; i < bytes.length; i++) {
      const byte = bytes[i];
      if (byte === SPACE) {
        this.fields[field++] = value;
        if (field === STAT_FIELDS) return true;
        value = 0;
      } else if (isDigit(byte)) {
        value = value * 10 + byte - ZERO;
      }
    }
    return false;
  }
}

/** The processes there are, those of the kernel too; not their threads. */
export function processNumbers(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** The processes that its threads forked (proc(5)); none where the kernel does not tell (CONFIG_PROC_CHILDREN), or when it is gone. */
export function childrenOf(pid: number): number[] {
  const children: number[] = [];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      for (const child of readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ')) if (child !== '') children.push(Number(child));
    }
  } catch {
    // gone meanwhile
  }
  return children;
}
