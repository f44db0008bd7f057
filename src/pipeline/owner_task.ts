// The life of the thread that finds out whose connections are (-proc): it waits for first packets, process events and the workers' asks.

import { readSync } from 'node:fs';
import { realTimeAheadNs } from '../host/clocks.js';
import { ForeignSockets } from '../host/foreign_sockets.js';
import { LITTLE_ENDIAN, POLLFD_BYTES, POLLIN, close, pollFor } from '../host/libc.js';
import { OwnSockets } from '../host/own_sockets.js';
import { PerfRecords } from '../host/perf_trace.js';
import { ProcConnector, ProcConnectorError, type ProcSocket, openProcSocket } from '../host/proc_connector.js';
import type { ProcEvent } from '../host/proc_event.js';
import { type Process, ProcessTable } from '../host/process_table.js';
import { ProcessWatch, TABLE_EVENTS } from '../host/process_watch.js';
import { SockDiag } from '../host/sock_diag.js';
import type { SockStateChange } from '../host/sock_state.js';
import { SocketOwners } from '../host/socket_owners.js';
import { SocketTrace, findTrace } from '../host/socket_trace.js';
import { SynWatch } from '../host/syn_watch.js';
import { preferThisThread } from '../host/thread_priority.js';
import { ThreadProcesses } from '../host/thread_processes.js';
import { unmountTracefs } from '../host/tracefs.js';
import { ConnectionKey } from '../ring/connection_key.js';
import { ConnectionWriter } from '../ring/connection_writer.js';
import { OwnerAsks } from '../ring/owner_asks.js';
import { OWNER_NUMBER, OwnerBoard } from '../ring/owner_board.js';
import { OwnerRegistry } from './owner_registry.js';
import { OwnerResolver } from './owner_resolver.js';
import { portTable } from './port_table.js';
import { SoleListeners } from './sole_listeners.js';
import type { OwnerMessage, OwnerTask } from './tasks.js';
import { TracedConnects } from './traced_connects.js';

/** Everything known is looked at again this often, and after so many times what that took. */
const SWEEP_MS = 1000;
const SWEEP_SHARE = 0.05;
const IDLE_MS = 1000;
/** what poll() says of the eventfd, the first of its descriptors */
const WOKEN = 6;
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
  /** without process events nobody knows who alone listens */
  private readonly sole: SoleListeners | undefined;
  private readonly board: OwnerBoard;
  private readonly left: Int32Array;
  private readonly asks: readonly OwnerAsks[];
  private readonly ports: Uint8Array | undefined;
  private readonly stop: Int32Array;
  private readonly key = new ConnectionKey();
  private readonly entries: Uint8Array;
  private readonly entriesView: DataView;
  private readonly wakes = new Uint8Array(8);
  private nextSweepMs = 0;
  private traceLost = 0;
  private synsLost = 0;
  private eventsLeft = false;
  private tracesLeft = false;
  /** what the time of day is ahead of CLOCK_MONOTONIC */
  private aheadUs = Number(realTimeAheadNs()) / 1000;

  constructor(private readonly task: OwnerTask, private readonly report: (message: OwnerMessage) => void) {
    const { memory, ports } = task;
    this.left = new Int32Array(task.descriptors);
    for (const [i, { fd }] of [this.syns, this.diag].entries()) Atomics.store(this.left, i, fd + 1);
    this.events = this.openEvents();
    if (this.events !== undefined) Atomics.store(this.left, 2, this.events.fd + 1);
    this.table = new ProcessTable();
    this.watch = this.events === undefined ? undefined : new ProcessWatch(new ProcConnector(this.events, EVENTS_A_CALL), this.table);
    if (this.watch === undefined) this.table.scan();
    this.threads = new ThreadProcesses(this.table);
    this.connects = new TracedConnects(this.threads);
    this.trace = this.watch && this.openTrace();
    if (this.trace === undefined && task.trace !== undefined) new PerfRecords(task.trace).stop();
    this.owners = new SocketOwners(this.table, this.watch && (() => this.catchUp()));
    this.sole = this.watch && new SoleListeners(this.diag, this.table);
    this.board = new OwnerBoard(memory.board);
    const connections = new ConnectionWriter(memory.connections);
    // What a predecessor wrote nobody would look at again.
    if (task.isSuccessor) connections.clear();
    this.resolver = new OwnerResolver(
      connections, new OwnerRegistry(memory.rows), new OwnSockets(this.diag), this.table, this.owners, new ForeignSockets(), this.board,
      this.trace !== undefined, this.sole, () => this.hearSyns());
    this.asks = memory.asks.map((asks) => new OwnerAsks(asks));
    this.ports = ports && portTable(ports);
    this.stop = new Int32Array(task.stop);
    const fds = [memory.wakeFd, this.syns.fd, ...(this.watch === undefined ? [] : [this.watch.fd]), ...this.trace?.fds ?? []];
    this.entries = new Uint8Array(fds.length * POLLFD_BYTES);
    this.entriesView = new DataView(this.entries.buffer);
    for (const [i, fd] of fds.entries()) {
      this.entriesView.setInt32(i * POLLFD_BYTES, fd, LITTLE_ENDIAN);
      this.entriesView.setInt16(i * POLLFD_BYTES + 4, POLLIN, LITTLE_ENDIAN);
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

  /** Without, who connected is found by descriptors, as who accepted is. */
  private openTrace(): SocketTrace | undefined {
    const { trace, traceRefusal } = this.task;
    try {
      if (trace !== undefined) return SocketTrace.ofPerf(trace);
      const { root, mounted } = findTrace();
      if (mounted) this.mountedRoot = root;
      return SocketTrace.ofInstance(root);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.report({ type: 'notice', text: `-proc goes without the kernel's trace of connections, and a client that ends at once may not be found: ${[...new Set([traceRefusal, reason])].filter((text) => text !== '').join('; ')}` });
      return undefined;
    }
  }

  run(): void {
    // Who connects and ends is there for a millisecond. Where it may not, some of those are not found.
    preferThisThread();
    this.resolver.start(this.wantsPort, performance.now());
    this.board.set(OWNER_NUMBER.RUNNING, 1);
    this.report({ type: 'ready', processes: this.table.size, connections: this.resolver.known });
    while (Atomics.load(this.stop, 0) === 0) {
      this.wait();
      // Before first packets are heard: then the first packet of every connection that the trace has is known.
      this.tracesLeft = this.trace?.read() ?? false;
      this.hear(performance.now());
      if (this.trace !== undefined) this.follow(this.trace);
      this.resolver.work(performance.now());
      // Without a trace, connections first: a process may be gone the next moment. Of events, a bounded number at a time.
      if (this.trace === undefined) this.eventsLeft = this.watch?.drain(this.heardProcess, this.heardThread) ?? false;
      this.keepUp();
    }
    this.countLost();
  }

  private readonly wantsPort = (port: number): boolean => this.ports === undefined || this.ports[port] === 1;

  private catchUp(): void {
    for (let i = 0; i < MOST_DRAINS && this.watch?.drain(this.heardProcess, this.heardThread) === true; i++);
  }

  /**
   * Merges the trace with the process events by time. What the trace has was read before the events are: no connection is asked
   * for a process that the table does not know yet, and none for one it has forgotten.
   */
  private follow(trace: SocketTrace): void {
    const { watch } = this;
    let more = watch !== undefined;
    for (let i = 0; i < MOST_DRAINS && more; i++) {
      more = watch?.drain(this.heardProcess, this.heardThread, (ns) => trace.applyUntil(ns, this.changed)) ?? false;
    }
    this.eventsLeft = more;
    trace.applyUntil(undefined, this.changed);
  }

  private readonly heardProcess = (event: ProcEvent): void => this.sole?.heard(event);

  private readonly heardThread = (event: ProcEvent): void => this.threads.heard(event);

  private readonly changed = (change: SockStateChange): void => {
    this.connects.apply(change, this.connected, this.accepted);
  };

  private readonly connected = (key: ConnectionKey, process: Process | undefined, fromNs: number, untilNs: number): void => {
    const { ports } = this;
    if (ports !== undefined && ports[key.localPort] === 0 && ports[key.remotePort] === 0) return;
    const aheadUs = Number(realTimeAheadNs()) / 1000;
    this.resolver.connected(key, process, fromNs / 1000 + aheadUs, untilNs / 1000 + aheadUs, performance.now());
  };

  private readonly accepted = (key: ConnectionKey, ns: number): void => {
    const { ports } = this;
    if (ports !== undefined && ports[key.localPort] === 0) return;
    this.resolver.stood(key, (ns + Number(realTimeAheadNs())) / 1000, performance.now());
  };

  private wait(): void {
    const due = this.eventsLeft || this.tracesLeft ? 0 : Math.min(this.resolver.dueMs, this.nextSweepMs, performance.now() + IDLE_MS);
    pollFor(this.entries, this.entries.length / POLLFD_BYTES, Math.max(0, due - performance.now()));
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
    // Read in vain it throws, which costs more than all else that a process event makes this thread do.
    if ((this.entriesView.getInt16(WOKEN, LITTLE_ENDIAN) & POLLIN) === 0) return;
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
    this.countLost();
    this.readClock();
    if (this.watch === undefined) this.table.scan();
    this.resolver.learnListeners(this.wantsPort);
    this.resolver.sweep(beganMs);
    const endMs = performance.now();
    this.nextSweepMs = endMs + Math.max(SWEEP_MS, (endMs - beganMs) / SWEEP_SHARE);
  }

  private countLost(): void {
    const { watch, board, trace, syns } = this;
    if (watch !== undefined) board.add(OWNER_NUMBER.EVENTS_LOST, watch.takeLost());
    const traceLost = trace?.lost() ?? 0;
    board.add(OWNER_NUMBER.TRACE_LOST, traceLost - this.traceLost);
    this.traceLost = traceLost;
    board.add(OWNER_NUMBER.SYNS_LOST, syns.countDropped() - this.synsLost);
    this.synsLost = syns.dropped;
  }

  close(): void {
    this.board.set(OWNER_NUMBER.RUNNING, 0);
    this.left.fill(0);
    this.trace?.close();
    if (this.mountedRoot !== undefined) unmountTracefs(this.mountedRoot);
    this.syns.close();
    this.diag.close();
    if (this.events !== undefined) close(this.events.fd);
  }
}
