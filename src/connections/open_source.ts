// The best way to hear of connections that this host and our rights allow.

import type { ConnectionSource } from '../config/connections_settings.js';
import type { Holders } from '../host/holders.js';
import { findTrace } from '../host/socket_trace.js';
import { unmountTracefs } from '../host/tracefs.js';
import type { SockDiag } from '../host/sock_diag.js';
import type { AcceptedOwners } from './accepted_owner.js';
import type { Book } from './book.js';
import { CaptureSource } from './capture_source.js';
import type { Closings } from './closings.js';
import type { Processes } from './processes.js';
import type { ConnectionTask } from './tasks.js';
import { TraceSource } from './trace_source.js';

/** What sources work with. */
export interface SourceParts {
  readonly book: Book;
  readonly processes: Processes;
  readonly accepted: AcceptedOwners;
  readonly closings: Closings;
  readonly diag: SockDiag;
  readonly holders: Holders;
}

/** Tells of connections as they come and go. */
export interface LiveSource {
  /** for poll() */
  readonly fds: readonly number[];
  /** when it has something to do, by performance.now(); undefined: when the kernel tells */
  readonly dueMs: number | undefined;
  /** Takes what is waiting. @returns whether more may be */
  read(): boolean;
  /** Books what happened until a moment, CLOCK_MONOTONIC; undefined: all that was taken. */
  applyUntil(ns: bigint | undefined): void;
  /** Does what is due. */
  tend(): void;
  /** Lost so far, by what it is. */
  lost(): Record<string, number>;
  /** No more of it, but for what the kernel holds. */
  stop(): void;
  close(): void;
}

/** The source cannot be had: `message` is one line for the user. */
export class SourceRefused extends Error {
  override readonly name = 'SourceError';
}

/**
 * @param said gets what is in use
 * @param warnings gets why not a better one
 * @returns undefined for lists alone
 * @throws SourceRefused when the one asked for cannot be had
 */
export function openSource(task: ConnectionTask, parts: SourceParts, said: string[], warnings: string[]): LiveSource | undefined {
  const wanted: readonly ConnectionSource[] = task.source === 'auto' ? ['trace', 'capture', 'poll'] : [task.source];
  for (const source of wanted) {
    try {
      return open(source, task, parts, said, warnings);
    } catch (error) {
      if (task.source !== 'auto') throw new SourceRefused(`option --source: ${source} cannot be had: ${(error as Error).message}`);
      warnings.push(`source ${source} cannot be had: ${(error as Error).message}`);
    }
  }
  return undefined;
}

function open(source: ConnectionSource, task: ConnectionTask, parts: SourceParts, said: string[], warnings: string[]): LiveSource | undefined {
  switch (source) {
    case 'trace': return openTrace(task, parts, said, warnings);
    case 'capture': {
      const capture = new CaptureSource(parts, task.selection.protocol ?? 'both');
      said.push('source: capture: frames that open and close connections, of this network namespace');
      return capture;
    }
    case 'poll':
      said.push(`source: poll: a look at all sockets every ${task.pollSeconds} s; what is shorter is not heard of`);
      return undefined;
  }
}

function openTrace(task: ConnectionTask, parts: SourceParts, said: string[], warnings: string[]): LiveSource {
  if (task.processes === undefined) throw new Error('it takes process events');
  const { root, mounted } = findTrace();
  if (mounted) said.push(`tracefs mounted at ${root}`);
  const release = (): void => {
    if (mounted) unmountTracefs(root);
  };
  let trace: TraceSource;
  try {
    trace = new TraceSource(root, parts.book, parts.processes, parts.accepted, parts.closings, release);
  } catch (error) {
    release();
    throw error;
  }
  said.push('source: trace: TCP of all network namespaces by the event sock:inet_sock_set_state');
  if (task.selection.protocol === 'tcp') return trace;
  let udp: CaptureSource;
  try {
    udp = new CaptureSource(parts, 'udp');
  } catch (error) {
    warnings.push(`UDP is not heard of: ${(error as Error).message}`);
    return trace;
  }
  said.push('source: capture: UDP of this network namespace');
  return new BothSources(trace, udp);
}

/** Two sources beside each other. */
class BothSources implements LiveSource {
  readonly fds: readonly number[];

  constructor(private readonly first: LiveSource, private readonly second: LiveSource) {
    this.fds = [...first.fds, ...second.fds];
  }

  get dueMs(): number | undefined {
    return this.first.dueMs ?? this.second.dueMs;
  }

  read(): boolean {
    const more = this.first.read();
    return this.second.read() || more;
  }

  applyUntil(ns: bigint | undefined): void {
    this.first.applyUntil(ns);
    this.second.applyUntil(ns);
  }

  tend(): void {
    this.first.tend();
    this.second.tend();
  }

  lost(): Record<string, number> {
    return { ...this.first.lost(), ...this.second.lost() };
  }

  stop(): void {
    this.first.stop();
    this.second.stop();
  }

  close(): void {
    this.first.close();
    this.second.close();
  }
}
