// The life of the thread that finds out whose connections are (-proc): it waits for first packets, process events and the workers' asks.

import { readSync } from 'node:fs';
import { constants as osConstants, setPriority } from 'node:os';
import { realTimeAheadNs } from '../host/clocks.js';
import { ForeignSockets } from '../host/foreign_sockets.js';
import { LITTLE_ENDIAN, POLLFD_BYTES, POLLIN, close, poll } from '../host/libc.js';
import { ProcConnector, ProcConnectorError, type ProcSocket, openProcSocket } from '../host/proc_connector.js';
import { type Process, ProcessTable } from '../host/process_table.js';
import { ProcessWatch, TABLE_EVENTS } from '../host/process_watch.js';
import { SockDiag } from '../host/sock_diag.js';
import type { SockStateChange } from '../host/sock_state.js';
import { SocketOwners } from '../host/socket_owners.js';
import { SocketTrace, findTrace } from '../host/socket_trace.js';
import { SynWatch } from '../host/syn_watch.js';
import { ThreadProcesses } from '../host/thread_processes.js';
import { unmountTracefs } from '../host/tracefs.js';
import { ConnectionKey } from '../ring/connection_key.js';
import { ConnectionWriter } from '../ring/connection_table.js';
import { OwnerAsks } from '../ring/owner_asks.js';
import { OwnerRegistry } from './owner_registry.js';
import { OwnerResolver } from './owner_resolver.js';
import { portTable } from './port_table.js';
import type { OwnerMessage, OwnerTask } from './tasks.js';
import { TracedConnects } from './traced_connects.js';

/** Everything known is looked at again this often, and after so many times what that took. */
const SWEEP_MS = 1000;
const SWEEP_SHARE = 0.05;
const IDLE_MS = 1000;
/** Each may take 0.1 ms: no more at a time, for a connection may begin meanwhile. */
const EVENTS_A_CALL = 8;
const MOST_DRAINS = 512;
/** The clock is slowed down by less than this a sweep (adjtimex(2): 500 ppm). */
const SET_BACK_US = 2000;

/** Runs until it is asked to end. @throws Error when the kernel refuses what it needs */
export function runOwnerTask(task: OwnerTask, report: (message: OwnerMessage) => void): void {
  const thread = new OwnerThread(task, report);
  try {
    thread.run();
  } finally {
    thread.close();
  }
}

/** Who connects and ends is there for a millisecond: this thread, which has little to do, goes before others. Linux counts niceness by thread. */
function hurry(): void {
  try {
    setPriority(osConstants.priority.PRIORITY_HIGHEST);
  } catch {
    // It takes CAP_SYS_NICE: without, some of those who end at once are not found.
  }
}

class OwnerThread {
  private readonly syns = new SynWatch();
  private readonly diag = new SockDiag();
  private readonly events: ProcSocket | undefined;
  private readonly watch: ProcessWatch | undefined;
  private readonly table: ProcessTable;
  private readonly threads: ThreadProcesses;
  private readonly trace: SocketTrace | undefined;
  /** where tracefs was mounted for this run; undefined: it was there, or there is none */
  private mountedRoot: string | undefined;
  private readonly connects: TracedConnects;
  private readonly owners: SocketOwners;
  private readonly resolver: OwnerResolver;
  private readonly asks: readonly OwnerAsks[];
  private readonly ports: Uint8Array | undefined;
  private readonly stop: Int32Array;
  private readonly key = new ConnectionKey();
  private readonly entries: Uint8Array;
  private readonly wakes = new Uint8Array(8);
  private nextSweepMs = 0;
  private eventsLeft = false;
  private tracesLeft = false;
  /** what the time of day is ahead of CLOCK_MONOTONIC */
  private aheadUs = Number(realTimeAheadNs()) / 1000;

  constructor(private readonly task: OwnerTask, private readonly report: (message: OwnerMessage) => void) {
    const { memory, ports } = task;
    this.events = this.openEvents();
    this.table = new ProcessTable();
    this.watch = this.events === undefined ? undefined : new ProcessWatch(new ProcConnector(this.events, EVENTS_A_CALL), this.table);
    if (this.watch === undefined) this.table.scan();
    this.threads = new ThreadProcesses(this.table);
    this.connects = new TracedConnects(this.threads);
    this.trace = this.watch && this.openTrace();
    this.owners = new SocketOwners(this.table, this.watch && (() => this.catchUp()));
    this.resolver = new OwnerResolver(
      new ConnectionWriter(memory.connections), new OwnerRegistry(memory.rows), this.diag, this.owners, new ForeignSockets(),
      this.trace !== undefined, () => this.hearSyns());
    this.asks = memory.asks.map((asks) => new OwnerAsks(asks));
    this.ports = ports && portTable(ports);
    this.stop = new Int32Array(task.stop);
    const fds = [memory.wakeFd, this.syns.fd, ...(this.watch === undefined ? [] : [this.watch.fd]), ...this.trace?.fds ?? []];
    this.entries = new Uint8Array(fds.length * POLLFD_BYTES);
    const view = new DataView(this.entries.buffer);
    for (const [i, fd] of fds.entries()) {
      view.setInt32(i * POLLFD_BYTES, fd, LITTLE_ENDIAN);
      view.setInt16(i * POLLFD_BYTES + 4, POLLIN, LITTLE_ENDIAN);
    }
  }

  private openEvents(): ProcSocket | undefined {
    try {
      return openProcSocket(TABLE_EVENTS);
    } catch (error) {
      if (!(error instanceof ProcConnectorError)) throw error;
      this.report({ type: 'notice', text: `${error.message}; /proc is read instead, and a process that ends at once may not be found` });
      return undefined;
    }
  }

  /** It takes root: without, who connected is found by descriptors, as who accepted is. */
  private openTrace(): SocketTrace | undefined {
    try {
      const { root, mounted } = findTrace();
      if (mounted) this.mountedRoot = root;
      return new SocketTrace(root);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.report({ type: 'notice', text: `-proc goes without the kernel's trace of connections, and a client that ends at once may not be found: ${reason}` });
      return undefined;
    }
  }

  run(): void {
    hurry();
    this.resolver.start(this.wantsPort, performance.now());
    this.report({ type: 'ready', processes: this.table.size, connections: this.resolver.known });
    while (Atomics.load(this.stop, 0) === 0) {
      this.wait();
      // Before first packets are heard: then the first packet of every connection that the trace has is known.
      this.tracesLeft = this.trace?.read() ?? false;
      this.hear(performance.now());
      if (this.trace !== undefined) this.follow(this.trace);
      this.resolver.work(performance.now());
      // Without a trace, connections first: a process may be gone the next moment. Of events, a bounded number at a time.
      if (this.trace === undefined) this.eventsLeft = this.watch?.drain(() => undefined) ?? false;
      this.keepUp();
    }
  }

  private readonly wantsPort = (port: number): boolean => this.ports === undefined || this.ports[port] === 1;

  private catchUp(): void {
    for (let i = 0; i < MOST_DRAINS && this.watch?.drain(() => undefined, (event) => this.threads.heard(event)) === true; i++);
  }

  /**
   * Merges the trace with the process events by time. What the trace has was read before the events are: no connection is asked
   * for a process that the table does not know yet, and none for one it has forgotten.
   */
  private follow(trace: SocketTrace): void {
    const { watch } = this;
    let more = watch !== undefined;
    for (let i = 0; i < MOST_DRAINS && more; i++) {
      more = watch?.drain(() => undefined, (event) => this.threads.heard(event), (ns) => trace.applyUntil(ns, this.changed)) ?? false;
    }
    this.eventsLeft = more;
    trace.applyUntil(undefined, this.changed);
  }

  private readonly changed = (change: SockStateChange): void => this.connects.apply(change, this.connected);

  private readonly connected = (key: ConnectionKey, process: Process | undefined, fromNs: number, untilNs: number): void => {
    const { ports } = this;
    if (ports !== undefined && ports[key.localPort] === 0 && ports[key.remotePort] === 0) return;
    const aheadUs = Number(realTimeAheadNs()) / 1000;
    this.resolver.connected(key, process, fromNs / 1000 + aheadUs, untilNs / 1000 + aheadUs, performance.now());
  };

  private wait(): void {
    const due = this.eventsLeft || this.tracesLeft ? 0 : Math.min(this.resolver.dueMs, this.nextSweepMs, performance.now() + IDLE_MS);
    poll(this.entries, this.entries.length / POLLFD_BYTES, Math.max(0, Math.ceil(due - performance.now())));
  }

  private hearSyns(): void {
    const { ports, resolver } = this;
    const nowMs = performance.now();
    while (this.syns.drain((bytes, source, destination, addressLength, sourcePort, destinationPort, sequence, timeUs) => {
      if (ports !== undefined && ports[sourcePort] === 0 && ports[destinationPort] === 0) return;
      resolver.opened(bytes, source, destination, addressLength, sourcePort, destinationPort, sequence, timeUs, nowMs);
    }));
  }

  private hear(nowMs: number): void {
    const { resolver } = this;
    this.hearSyns();
    this.hush();
    for (const asks of this.asks) {
      for (let foreign = asks.take(this.key); foreign !== undefined; foreign = asks.take(this.key)) resolver.asked(this.key, foreign, asks.syn, asks.sinceUs, nowMs);
    }
  }

  /** Empties the eventfd, before the asks are read: one that comes later writes to it anew. */
  private hush(): void {
    try {
      readSync(this.task.memory.wakeFd, this.wakes);
    } catch {
      // EAGAIN: nobody has written
    }
  }

  /** Times of first packets are compared with those of records: where the clock was set back, they say nothing. */
  private readClock(): void {
    const aheadUs = Number(realTimeAheadNs()) / 1000;
    if (aheadUs < this.aheadUs - SET_BACK_US) this.resolver.forgetTimes();
    this.aheadUs = aheadUs;
  }

  private keepUp(): void {
    const beganMs = performance.now();
    if (beganMs < this.nextSweepMs) return;
    this.watch?.takeLost();
    this.readClock();
    if (this.watch === undefined) this.table.scan();
    this.resolver.learnListeners(this.wantsPort);
    this.resolver.sweep(beganMs);
    const endMs = performance.now();
    this.nextSweepMs = endMs + Math.max(SWEEP_MS, (endMs - beganMs) / SWEEP_SHARE);
  }

  close(): void {
    this.trace?.close();
    if (this.mountedRoot !== undefined) unmountTracefs(this.mountedRoot);
    this.syns.close();
    this.diag.close();
    if (this.events !== undefined) close(this.events.fd);
  }
}
