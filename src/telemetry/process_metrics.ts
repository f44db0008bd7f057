// What every Prometheus client tells of its process, under the usual names. prom-client's own set is all or nothing, and with it come a
// timer that wakes a hundred times a second and an observer of garbage collections: too much for a capture that is to idle.

import { readFileSync, readdirSync } from 'node:fs';
import { Counter, Gauge, type Registry } from 'prom-client';

/** USER_HZ: what the kernel tells user space on every platform Node runs on. */
const TICKS_A_SECOND = 100;
// Fields of /proc/PID/stat behind the process's name (proc_pid_stat(5)), counted from `state`.
const THREADS = 17;
const START_TIME = 19;
const VIRTUAL_BYTES = 20;

export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const startSeconds = known(() => bootSeconds() + Number(stat()[START_TIME]) / TICKS_A_SECOND);
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({ name, help, registers, collect() { this.set(known(value)); } });
  };
  new Counter({
    name: 'process_cpu_seconds_total', help: 'User and system CPU time of all threads, seconds.', registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  gauge('process_start_time_seconds', 'When the process was started, seconds since 1970.', () => startSeconds);
  gauge('process_resident_memory_bytes', 'Resident memory, the shared memory of the rings included.', () => process.memoryUsage.rss());
  gauge('process_virtual_memory_bytes', 'Virtual memory.', () => Number(stat()[VIRTUAL_BYTES]));
  gauge('process_threads', 'Threads.', () => Number(stat()[THREADS]));
  gauge('process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length - 1);
  gauge('process_max_fds', 'Most file descriptors that may be open (soft limit).', mostDescriptors);
  gauge('nodejs_heap_size_total_bytes', "Heap of the main thread's JavaScript engine.", () => process.memoryUsage().heapTotal);
  gauge('nodejs_heap_size_used_bytes', 'Part of it in use.', () => process.memoryUsage().heapUsed);
}

/** Without /proc, or without a descriptor to read it with, the rest is still told. */
function known(value: () => number): number {
  try {
    return value();
  } catch {
    return NaN;
  }
}

/** The process's name may hold blanks and brackets. */
function stat(): string[] {
  const text = readFileSync('/proc/self/stat', 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function bootSeconds(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]);
}

function mostDescriptors(): number {
  const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
  return soft === 'unlimited' ? Infinity : Number(soft);
}
