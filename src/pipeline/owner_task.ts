// The life of the thread that finds out whose connections are (-proc): it waits for first packets, process events and the workers' asks.

import { readSync } from 'node:fs';
import { constants as osConstants, setPriority } from 'node:os';
import { ForeignSockets } from '../host/foreign_sockets.js';
import { LITTLE_ENDIAN, POLLFD_BYTES, POLLIN, close, poll } from '../host/libc.js';
import { ProcConnector, ProcConnectorError, type ProcSocket, openProcSocket } from '../host/proc_connector.js';
import { ProcessTable } from '../host/process_table.js';
import { ProcessWatch, TABLE_EVENTS } from '../host/process_watch.js';
import { SockDiag } from '../host/sock_diag.js';
import { SocketOwners } from '../host/socket_owners.js';
import { SynWatch } from '../host/syn_watch.js';
import { ConnectionKey } from '../ring/connection_key.js';
import { ConnectionWriter } from '../ring/connection_table.js';
import { OwnerAsks } from '../ring/owner_asks.js';
import { OwnerRegistry } from './owner_registry.js';
import { OwnerResolver } from './owner_resolver.js';
import { portTable } from './port_table.js';
import type { OwnerMessage, OwnerTask } from './tasks.js';

/** Everything known is looked at again this often, and after so many times what that took. */
const SWEEP_MS = 1000;
const SWEEP_SHARE = 0.05;
const IDLE_MS = 1000;
/** Each may take 0.1 ms: no more at a time, for a connection may begin meanwhile. */
const EVENTS_A_CALL = 8;
const MOST_DRAINS = 512;

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

  constructor(private readonly task: OwnerTask, private readonly report: (message: OwnerMessage) => void) {
    const { memory, ports } = task;
    this.events = this.openEvents();
    this.table = new ProcessTable();
    this.watch = this.events === undefined ? undefined : new ProcessWatch(new ProcConnector(this.events, EVENTS_A_CALL), this.table);
    if (this.watch === undefined) this.table.scan();
    this.owners = new SocketOwners(this.table, this.watch && (() => this.catchUp()));
    this.resolver = new OwnerResolver(
      new ConnectionWriter(memory.connections), new OwnerRegistry(memory.rows), this.diag, this.owners, new ForeignSockets());
    this.asks = memory.asks.map((asks) => new OwnerAsks(asks));
    this.ports = ports && portTable(ports);
    this.stop = new Int32Array(task.stop);
    const fds = [memory.wakeFd, this.syns.fd, ...(this.watch === undefined ? [] : [this.watch.fd])];
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

  run(): void {
    hurry();
    this.resolver.start(this.wantsPort, performance.now());
    this.report({ type: 'ready', processes: this.table.size, connections: this.resolver.known });
    while (Atomics.load(this.stop, 0) === 0) {
      this.wait();
      this.hear(performance.now());
      this.resolver.work(performance.now());
      // Connections first: a process may be gone the next moment. Of events, a bounded number at a time.
      this.eventsLeft = this.watch?.drain(() => undefined) ?? false;
      this.keepUp();
    }
  }

  private readonly wantsPort = (port: number): boolean => this.ports === undefined || this.ports[port] === 1;

  private catchUp(): void {
    for (let i = 0; i < MOST_DRAINS && this.watch?.drain(() => undefined) === true; i++);
  }

  private wait(): void {
    const due = this.eventsLeft ? 0 : Math.min(this.resolver.dueMs, this.nextSweepMs, performance.now() + IDLE_MS);
    poll(this.entries, this.entries.length / POLLFD_BYTES, Math.max(0, Math.ceil(due - performance.now())));
  }

  private hear(nowMs: number): void {
    const { ports, resolver } = this;
    while (this.syns.drain((bytes, source, destination, addressLength, sourcePort, destinationPort, sequence) => {
      if (ports !== undefined && ports[sourcePort] === 0 && ports[destinationPort] === 0) return;
      resolver.opened(bytes, source, destination, addressLength, sourcePort, destinationPort, sequence, nowMs);
    }));
    this.hush();
    for (const asks of this.asks) {
      for (let foreign = asks.take(this.key); foreign !== undefined; foreign = asks.take(this.key)) resolver.asked(this.key, foreign, nowMs);
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

  private keepUp(): void {
    const beganMs = performance.now();
    if (beganMs < this.nextSweepMs) return;
    this.watch?.takeLost();
    if (this.watch === undefined) this.table.scan();
    this.resolver.learnListeners(this.wantsPort);
    this.resolver.sweep(beganMs);
    const endMs = performance.now();
    this.nextSweepMs = endMs + Math.max(SWEEP_MS, (endMs - beganMs) / SWEEP_SHARE);
  }

  close(): void {
    this.syns.close();
    this.diag.close();
    if (this.events !== undefined) close(this.events.fd);
  }
}
