// What a thread is started with: everything crosses the thread boundary by structured clone, shared memory by reference.

import type { MessagePort } from 'node:worker_threads';
import type { PolicySettings, PortRange, Settings } from '../config/settings.js';
import type { PerfTrace } from '../host/perf_trace.js';
import type { BatchRingMemory } from '../ring/batch_ring.js';
import type { LineBlockMemory } from '../ring/line_blocks.js';
import type { ReplayFilters } from '../capture/replay_filters.js';

/** Memory that every thread of a run sees. */
export interface SharedRun {
  readonly ring: BatchRingMemory;
  readonly board: SharedArrayBuffer;
  readonly links: SharedArrayBuffer;
  readonly local: SharedArrayBuffer;
  readonly workers: SharedArrayBuffer;
}

/** What parsing workers and the thread that finds owners share (-proc). */
export interface OwnerMemory {
  /** ring/connection_table.ts */
  readonly connections: SharedArrayBuffer;
  /** ring/owner_rows.ts */
  readonly rows: SharedArrayBuffer;
  /** ring/owner_asks.ts, one a worker */
  readonly asks: readonly SharedArrayBuffer[];
  /** ring/owner_board.ts */
  readonly board: SharedArrayBuffer;
  /** an eventfd: written to when there is something to answer, or to stop */
  readonly wakeFd: number;
}

/** The thread's that finds out whose connections are. */
export interface OwnerTask {
  readonly memory: OwnerMemory;
  /** as in ParsingOptions */
  readonly ports: readonly PortRange[] | undefined;
  /** a word: 1 asks the thread to end */
  readonly stop: SharedArrayBuffer;
  /** descriptors that the thread opens, each plus 1, 0: none; what a thread that breaks leaves open, the main thread closes */
  readonly descriptors: SharedArrayBuffer;
  /** how connections begin, opened before root was given up; undefined: that cannot be had */
  readonly trace: PerfTrace | undefined;
  /** why */
  readonly traceRefusal: string;
  /** it takes the place of one that broke */
  readonly isSuccessor: boolean;
}

/** What that thread tells. */
export type OwnerMessage =
  | { readonly type: 'ready'; readonly processes: number; readonly connections: number }
  | { readonly type: 'notice' | 'warning'; readonly text: string };

/** The capture thread's: files to replay. */
export interface ReplayTask {
  readonly way: 'replay';
  readonly files: readonly string[];
}

/** The capture thread's: interfaces to watch. */
export interface LiveTask
  extends Pick<Settings, 'promiscuous' | 'snaplen' | 'bufferMiB' | 'capture' | 'ports' | 'tunnels' | 'filter' | 'count'> {
  readonly way: 'live';
  /** those to watch, chosen where none was named */
  readonly interfaces: readonly string[];
  /** in place of this host's addresses */
  readonly localGiven: Settings['local'];
}

export type CaptureTask = (ReplayTask | LiveTask) & { readonly shared: SharedRun };

/** What parsing needs to know, in whatever thread it happens. */
export interface ParsingOptions
  extends Pick<Settings, 'format' | 'fields' | 'addCommunityId' | 'utc' | 'addVlan' | 'split' | 'rotation' | 'tunnels' | 'cpuProfile'> {
  readonly shared: SharedRun;
  /** lower-case names of the header fields that records keep beside those of every message, in the order of their slots */
  readonly headers: readonly string[];
  /** for the formats that name it; '' where it is not known (replay) */
  readonly hostname: string;
  readonly addInterface: boolean;
  readonly merging: boolean;
  /** service ports, undefined: every port (with -f alone) */
  readonly ports: readonly PortRange[] | undefined;
  /** undefined: records do not tell processes */
  readonly owners: OwnerMemory | undefined;
  /** which records are written, and what of them */
  readonly policy: PolicySettings;
  /** frames to parse in all, -1 for no end */
  readonly limit: number;
  /** `-f` on replay: the program for each link type; undefined: none */
  readonly filters: ReplayFilters | undefined;
  /** interfaces are watched, which do not wait */
  readonly live: boolean;
  /** frames may lie in memory that the capture thread has mapped */
  readonly mapped: boolean;
}

/** The thread's that captures live and parses. */
export interface LiveThreadTask extends ParsingOptions {
  readonly capture: LiveTask;
  readonly blocks: readonly LineBlockMemory[];
}

/** A parsing worker's. */
export interface ParseTask extends ParsingOptions {
  /** from 0; a worker's successor has the same */
  readonly number: number;
  /** its own line blocks */
  readonly blocks: readonly LineBlockMemory[];
  /** takes the numbers of full blocks, counted among its own; closed behind the last one */
  readonly port: MessagePort;
}
