// From a socket to its process: who holds it in /proc/PID/fd, with the process as the table knows it. Likely ones are looked at first:
// those that began lately, and those that had sockets before. What is answered was true a moment ago: the process still held the
// socket, and was still the one that the number meant.

import { readFileSync } from 'node:fs';
import { monotonicNs } from './clocks.js';
import { descriptorSigns } from './descriptor_signs.js';
import { ForkCopies } from './fork_copies.js';
import type { Holder } from './held_sockets.js';
import { childrenOf, ProcessFiles, processNumbers } from './process_files.js';
import { startOf, type Process, type ProcessTable } from './process_table.js';
import { RecentNumbers } from './recent_numbers.js';
import { DescriptorReader } from './socket_holders.js';
import { processOfThread } from './thread_processes.js';

/** Processes that had sockets lately. */
const MOST_RECENT = 64;
/** Numbers are given in a row: who began lately has one just below the last (threads have some, too). */
const LAST_NUMBERS = 64;
/** Looking at all processes may take this share of the time, so that sockets nobody holds cost little, and so long at a time. */
const WHOLE_LOOK_SHARE = 0.2;
const SLICE_MS = 1;

/** Sockets wanted, by inode: the numbers of the processes that hold them. */
export type WantedSockets = Map<number, number[]>;

export class SocketOwners {
  private readonly reader = new DescriptorReader();
  private readonly files = new ProcessFiles();
  private readonly copies: ForkCopies;
  private readonly holding = new RecentNumbers(MOST_RECENT);
  /** what is left of a look at all processes, for the next slices */
  private left: number[] = [];
  private wholeMs = 0;
  private nextWholeMs = 0;

  /** @param catchUp takes the process events that are waiting into the table; undefined: there are none */
  constructor(private readonly table: ProcessTable, private readonly catchUp: (() => void) | undefined) {
    this.copies = new ForkCopies(table, this.files);
  }

  /**
   * Finds who holds sockets.
   * @param wanted gets the numbers of the processes
   * @param likely looked at first
   * @param whole look at other processes too when likely ones do not have them all: some at every call, until all had their turn
   */
  look(wanted: WantedSockets, likely: Iterable<number>, whole: boolean): void {
    let open = wanted.size;
    const seen = new Set<number>();
    const lookAt = (pid: number): void => {
      if (seen.has(pid)) return;
      seen.add(pid);
      let process = 0;
      this.reader.sockets(pid, (inode) => {
        const pids = wanted.get(inode);
        if (pids === undefined) return true;
        process ||= processOfThread(pid);
        if (process === 0 || pids.includes(process)) return true;
        if (pids.length === 0) open--;
        pids.push(process);
        return true;
      });
    };
    for (const pid of likely) if (open > 0) lookAt(pid);
    const last = open > 0 ? lastNumber() : 0;
    for (let pid = last; pid > Math.max(0, last - LAST_NUMBERS) && open > 0; pid--) lookAt(pid);
    for (const pid of this.holding) if (open > 0) lookAt(pid);
    if (whole && open > 0) this.lookAtMore(lookAt);
    this.lookAtRelatives(wanted, lookAt);
    for (const pids of wanted.values()) for (const pid of pids) this.holding.add(pid);
  }

  /** Looks at all processes, however long it takes: who holds these sockets is looked at first from now on. */
  learn(inodes: Iterable<number>): void {
    const wanted = new Set(inodes);
    for (const pid of processNumbers()) if (this.reader.holdsOneOf(pid, wanted)) this.holding.add(pid);
  }

  /** A slice of all processes. */
  private lookAtMore(lookAt: (pid: number) => void): void {
    const beganMs = performance.now();
    if (this.left.length === 0) {
      if (beganMs < this.nextWholeMs) return;
      this.left = processNumbers();
      this.wholeMs = 0;
    }
    let nowMs = beganMs;
    while (this.left.length > 0 && nowMs < beganMs + SLICE_MS) {
      lookAt(this.left.pop() ?? 0);
      nowMs = performance.now();
    }
    this.wholeMs += nowMs - beganMs;
    if (this.left.length === 0) this.nextWholeMs = nowMs + this.wholeMs * (1 / WHOLE_LOOK_SHARE - 1);
  }

  /** Sockets are shared with parents and children, and theirs: all that hold one are found from any of them. */
  private lookAtRelatives(wanted: WantedSockets, lookAt: (pid: number) => void): void {
    const done = new Set<number>();
    for (;;) {
      const holders = new Set([...wanted.values()].flat().filter((pid) => !done.has(pid)));
      if (holders.size === 0) return;
      for (const pid of holders) done.add(pid);
      this.relatives(holders, lookAt);
    }
  }

  /** Parents and children. */
  private relatives(of: ReadonlySet<number>, visit: (pid: number) => void): void {
    for (const pid of of) {
      const parent = this.table.get(pid)?.ppid ?? this.files.stat(pid)?.ppid;
      if (parent !== undefined && parent > 1) visit(parent);
    }
    for (const { pid, ppid } of this.table) if (ppid !== undefined && of.has(ppid)) visit(pid);
    // Without process events the table does not have who was just forked.
    if (this.catchUp === undefined) for (const pid of of) childrenOf(pid).forEach(visit);
  }

  /**
   * Looks at the sockets of processes, and of the relatives of those that have wanted ones.
   * @param see is told of each, one process after the other, and says whether it is wanted
   * @returns the processes that have wanted ones
   */
  walk(pids: Iterable<number>, see: (pid: number, inode: number) => boolean): ReadonlySet<number> {
    const seen = new Set<number>();
    const all = new Set<number>();
    let holders = new Set<number>();
    const lookAt = (pid: number): void => {
      if (seen.has(pid)) return;
      seen.add(pid);
      let holds = false;
      this.reader.sockets(pid, (inode) => {
        if (see(pid, inode)) holds = true;
        return true;
      });
      if (!holds) return;
      holders.add(pid);
      all.add(pid);
    };
    for (const pid of pids) lookAt(pid);
    while (holders.size > 0) {
      const found = holders;
      holders = new Set();
      this.relatives(found, lookAt);
    }
    return all;
  }

  /**
   * What is another text when walk() may find something else: these processes or their relatives have begun, ended, or have more or fewer
   * descriptors. One for another in the meantime does not show.
   * @returns undefined: it does not show at all
   */
  signs(pids: ReadonlySet<number>): string | undefined {
    const all = new Set(pids);
    this.relatives(pids, (pid) => all.add(pid));
    return descriptorSigns(all, this.table);
  }

  /** Whether a process holds one of these sockets. */
  holdsOneOf(pid: number, inodes: ReadonlySet<number>): boolean {
    return this.reader.holdsOneOf(pid, inodes);
  }

  /** The process with that number and start as it is now; undefined: it is gone. */
  current(pid: number, startTicks: number): Process | undefined {
    const process = this.find(pid, startTicks);
    return this.hasStarted(pid, startTicks) ? process : undefined;
  }

  /** Whether the number still means the process that began then. */
  private hasStarted(pid: number, startTicks: number): boolean {
    return this.files.stat(pid)?.startTicks === startTicks;
  }

  /**
   * The process behind a number, and which of some sockets it holds: its start is compared before and after.
   * @param wanted sockets that it was seen to hold
   * @returns undefined when it is gone, or does not hold any of them any more
   */
  confirm(pid: number, wanted: ReadonlySet<number>): Holder | undefined {
    const before = this.files.stat(pid);
    if (before === undefined) return undefined;
    const inodes = new Set<number>();
    this.reader.sockets(pid, (inode) => {
      if (wanted.has(inode)) inodes.add(inode);
      return inodes.size < wanted.size;
    });
    // The number cannot come again while it is looked at twice and both times has the sockets, which the other never had.
    const after = inodes.size === 0 ? undefined : this.files.stat(pid);
    if (after?.startTicks !== before.startTicks) return undefined;
    const copiesUntilNs = this.copies.until(pid, before, after);
    const process = this.find(pid, before.startTicks);
    return process && { process, inodes, copiesUntilNs };
  }

  /** The table's process, with the program it runs now: events may be on their way still. */
  private find(pid: number, startTicks: number): Process | undefined {
    const { table } = this;
    const known = table.get(pid);
    // The number has come again.
    if (known !== undefined && known.startTicks !== startTicks) table.exited(pid, monotonicNs());
    const process = table.find(pid);
    if (process?.startTicks !== startTicks) return undefined;
    const exe = this.files.exe(pid);
    if (exe === undefined) {
      // It is about to end: what the events told of it stands.
      this.catchUp?.();
      return table.at(pid, startOf(process));
    }
    if (process.image.exe === undefined || !equals(exe, process.image.exe)) return table.executed(pid, monotonicNs());
    if (this.catchUp === undefined && process === known) this.readUsers(process);
    return process;
  }

  private readUsers(process: Process): void {
    const users = this.files.users(process.pid);
    if (users !== undefined) this.table.becameUser(process.pid, users[0], users[1]);
  }
}

function equals(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The number that was given last, to a process or thread (/proc/loadavg, proc(5)); 0 when that cannot be read. */
function lastNumber(): number {
  try {
    return Number(readFileSync('/proc/loadavg', 'latin1').trim().split(' ')[4]);
  } catch {
    return 0;
  }
}
