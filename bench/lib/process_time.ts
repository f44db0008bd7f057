// What a running process has used so far.

import { readFileSync, readdirSync } from 'node:fs';
import { command } from '../../test/support/command.js';

/** Fields of /proc/PID/stat behind the name in parentheses, which may hold blanks (proc_pid_stat(5): 14 utime, 15 stime). */
const FIRST_FIELD_BEHIND_NAME = 3;
const USER_TICKS = 14;
const SYSTEM_TICKS = 15;

let ticksPerSecond = 0;

/** User and system time of all threads of a process, ended ones too, in milliseconds; in steps of a clock tick (10 ms). */
export function processCpuMs(pid: number): number {
  ticksPerSecond ||= Number(command(['getconf', 'CLK_TCK']));
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[USER_TICKS - FIRST_FIELD_BEHIND_NAME]) + Number(fields[SYSTEM_TICKS - FIRST_FIELD_BEHIND_NAME]);
  return ticks * 1e3 / ticksPerSecond;
}

/** Packet sockets in the network namespace of a running process: one is there once it captures. 0 when it has just ended. */
export function packetSockets(pid: number): number {
  try {
    return readFileSync(`/proc/${pid}/net/packet`, 'latin1').trimEnd().split('\n').length - 1;
  } catch {
    return 0;
  }
}

export interface ThreadTime {
  readonly id: number;
  /** -20 to 19 */
  readonly nice: number;
  /** time on a processor so far, in milliseconds, exact to the nanosecond */
  readonly cpuMs: number;
}

const NICE = 19;

/** The threads of a process that run now (/proc/PID/task/TID/schedstat). What ended ones used is not in it. */
export function threadTimes(pid: number): ThreadTime[] {
  return readdirSync(`/proc/${pid}/task`).map((id) => {
    const of = `/proc/${pid}/task/${id}`;
    const stat = readFileSync(`${of}/stat`, 'latin1');
    const [ns] = readFileSync(`${of}/schedstat`, 'latin1').split(' ');
    return {
      id: Number(id),
      nice: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[NICE - FIRST_FIELD_BEHIND_NAME]),
      cpuMs: Number(ns) / 1e6,
    };
  });
}
