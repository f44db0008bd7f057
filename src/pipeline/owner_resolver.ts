// Finds out whose connections are (-proc): each is looked up when its first packet is seen, or when a worker asks, and again until there
// is an answer or none is to be hoped for. What is known is looked at again once a second: sockets are handed on, processes end.

import { IPPROTO_TCP, type SockDiag } from '../host/sock_diag.js';
import { SocketRows, TCP_STATE } from '../host/socket_rows.js';
import type { ForeignSockets } from '../host/foreign_sockets.js';
import type { SocketOwners, WantedSockets } from '../host/socket_owners.js';
import type { Process } from '../host/process_table.js';
import { VIA } from '../record/owner.js';
import { ConnectionKey, keyOf, reverse } from '../ring/connection_key.js';
import { type ConnectionWriter, OWNERSHIP } from '../ring/connection_table.js';
import { HeardConnections } from './heard_connections.js';
import { establishedOf, listenersOf } from './host_sockets.js';
import { KnownSockets, NOT_READ } from './known_sockets.js';
import type { OwnerRegistry } from './owner_registry.js';
import { CLOSED_MS, OwnerSweep } from './owner_sweep.js';

/** When a connection is looked up, from its beginning: it has to be accepted, and its process may be loading still. */
const ATTEMPTS_MS = [0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/** From here on a worker is told that nobody is known, and a look at all processes is worth its time. */
const ANSWERING_ATTEMPT = 5;
const WHOLE_ATTEMPT = 2;
/** A socket that several processes hold, or that was accepted, is looked at again so long afterwards: it may just be handed on. */
const SETTLE_MS = [20, 50, 250];
/** The trace tells who connected as soon as the connection stands: its descriptors are looked at when it has not by then. */
const TRACE_MS = 3;
/** Connections that are looked up at one time; further ones are found when their records ask. */
const MOST_PENDING = 4096;

interface Connection {
  readonly key: ConnectionKey;
  /** of VIA */
  readonly via: number;
  /** of its first packet; undefined: that was not seen */
  readonly sequence: number | undefined;
  /** when that was, microseconds since 1970; 0: not known */
  readonly sinceUs: number;
  /** a worker waits */
  asked: boolean;
  /** neither end is this host's: what is found of the other end counts, too */
  foreign: boolean;
}

/** One that is being looked up. */
interface Pending extends Connection {
  readonly beganMs: number;
  /** of ATTEMPTS_MS, or of SETTLE_MS */
  attempt: number;
  settling: boolean;
  dueMs: number;
}

export class OwnerResolver {
  /** connections for which there was no room to look them up */
  overflow = 0;
  /** connections whose process the trace told */
  traced = 0;
  private readonly pending = new Map<string, Pending>();
  private readonly rows = new SocketRows();
  private readonly ends = { bytes: new Uint8Array(32), at: 0, localPort: 0, remotePort: 0 };
  private readonly other = new ConnectionKey();
  /** by slot of the connection table */
  private readonly sockets = new KnownSockets();
  private readonly sweeper: OwnerSweep;
  /** connections that were heard of, whose connect(2) was not told yet */
  private readonly heard = new HeardConnections<Connection>();
  /** slots of connections that nobody was found to have, and when that was told */
  private readonly unknown = new Map<number, number>();
  private listeners = new Set<number>();
  private answered = false;

  constructor(
    private readonly connections: ConnectionWriter,
    private readonly registry: OwnerRegistry,
    private readonly diag: SockDiag,
    private readonly owners: SocketOwners,
    private readonly foreigners: ForeignSockets,
    private readonly isTraced: boolean,
    /** hears of the first packets that are waiting: calls opened() for each */
    private readonly hear: () => void,
  ) {
    this.sweeper = new OwnerSweep(connections, registry, owners, this.sockets, {
      hear,
      inodeOf: (key) => this.inodeOf(key),
      again: (slot, key, inode, sequence, pids) => this.again(slot, key, inode, sequence, pids),
      forget: (slot) => this.forget(slot),
    });
  }

  /** How many connections are known. */
  get known(): number {
    return this.sockets.size;
  }

  /** A connection's first packet was seen. */
  opened(
    bytes: Uint8Array, source: number, destination: number, addressLength: number, sourcePort: number, destinationPort: number,
    sequence: number, sinceUs: number, nowMs: number,
  ): void {
    this.begin(keyOf(bytes, source, destination, addressLength, sourcePort, destinationPort), VIA.CONNECT, sequence, sinceUs, nowMs);
    this.begin(keyOf(bytes, destination, source, addressLength, destinationPort, sourcePort), VIA.LISTENER, sequence, sinceUs, nowMs);
  }

  private begin(key: ConnectionKey, via: number, sequence: number, sinceUs: number, nowMs: number): void {
    const slot = this.connections.find(key);
    const known = slot >= 0 ? this.sockets.get(slot) : this.pending.get(key.words.join());
    // The same first packet again: on another interface, or sent again.
    if (known?.sequence === sequence) return;
    if (slot >= 0) this.forget(slot);
    this.pending.delete(key.words.join());
    const connection: Connection = { key, via, sequence, sinceUs, asked: false, foreign: false };
    const waits = this.isTraced && via === VIA.CONNECT;
    if (waits) this.heard.put(key.words.join(), connection);
    this.add(connection, nowMs, waits ? TRACE_MS : 0);
  }

  /**
   * The kernel told who connected. It tells it of all network namespaces, and their addresses may be the same: a first packet that was
   * heard here takes one answer, so that one of elsewhere never takes the place of ours.
   * @param process undefined: it is not known; then its descriptors may tell
   * @param fromUs when connect(2) was called, and
   * @param untilUs when the connection stood, microseconds since 1970: its first packet was sent between the two. Addresses and ports come
   *   again: one that was heard at another time is another connection
   */
  connected(key: ConnectionKey, process: Process | undefined, fromUs: number, untilUs: number, nowMs: number): void {
    const name = key.words.join();
    if (!this.heard.has(name)) this.doubt(key, process);
    const connection = this.heard.take(name, fromUs, untilUs);
    if (connection === undefined || process === undefined) return;
    this.pending.delete(name);
    const { row, epoch } = this.registry.rowOf(process);
    const known = this.connections.find(key);
    const shared = known >= 0 ? Math.max(1, this.connections.shared(known)) : 1;
    const slot = this.connections.put(key, OWNERSHIP.KNOWN, row, epoch, VIA.CONNECT, shared, nowMs, connection.sequence, connection.sinceUs);
    this.sockets.set(slot, this.sockets.get(slot)?.inode ?? NOT_READ, connection.sequence);
    this.answered = true;
    this.traced++;
  }

  /** Two connections with the same addresses, in different network namespaces: what the trace said of this one may be the other's. */
  private doubt(key: ConnectionKey, process: Process | undefined): void {
    const slot = this.connections.find(key);
    if (slot < 0 || this.sockets.get(slot)?.inode !== NOT_READ) return;
    const told = this.registry.processOf(this.connections.owner(slot));
    if (told?.pid !== process?.pid || told?.startTicks !== process?.startTicks) this.forget(slot);
  }

  /**
   * A worker has a record of a connection that the table does not have.
   * @param syn sequence number of its first packet, as the worker noted it, and
   * @param sinceUs when that was, microseconds since 1970; 0: it did not
   */
  asked(key: ConnectionKey, foreign: boolean, syn: number, sinceUs: number, nowMs: number): void {
    const pending = this.pending.get(key.words.join());
    if (pending !== undefined) {
      pending.asked = true;
      pending.foreign ||= foreign;
      pending.dueMs = nowMs;
      return;
    }
    const slot = this.connections.find(key);
    if (slot >= 0) {
      if (sinceUs === 0 || this.connections.syn(slot) === syn || this.connections.sinceUs(slot) >= sinceUs) {
        this.answered = true;
        return;
      }
      // Its first packet was not heard here: what is known is of the connection that had these ends before.
      this.forget(slot);
    }
    const copy = new ConnectionKey();
    copy.copy(key.words, 0);
    this.add({ key: copy, via: VIA.SCAN, sequence: sinceUs === 0 ? undefined : syn, sinceUs, asked: true, foreign }, nowMs);
  }

  private add(connection: Connection, nowMs: number, inMs = 0): void {
    const name = connection.key.words.join();
    if (this.pending.has(name)) return;
    if (this.pending.size >= MOST_PENDING) {
      this.overflow++;
      return;
    }
    this.pending.set(name, { ...connection, beganMs: nowMs, attempt: 0, settling: false, dueMs: nowMs + inMs });
  }

  /** When there is something to do next, by performance.now(). */
  get dueMs(): number {
    let due = Infinity;
    for (const { dueMs } of this.pending.values()) due = Math.min(due, dueMs);
    return due;
  }

  /** Looks up what is due. */
  work(nowMs: number): void {
    const due = [...this.pending].filter(([, { dueMs }]) => dueMs <= nowMs);
    if (due.length > 0) this.resolve(due, nowMs);
    if (!this.answered) return;
    this.answered = false;
    this.connections.announce();
  }

  private resolve(due: readonly (readonly [string, Pending])[], nowMs: number): void {
    const wanted: WantedSockets = new Map();
    const inodes = due.map(([, pending]) => {
      const inode = this.locate(pending, nowMs);
      if (inode > 0) wanted.set(inode, []);
      return inode;
    });
    if (wanted.size > 0) this.owners.look(wanted, [], due.some(([, { attempt, asked }]) => asked || attempt >= WHOLE_ATTEMPT));
    // Meanwhile there may be another connection with the same ends: then it may be that one's socket that was found.
    this.hear();
    for (const [i, [name, pending]] of due.entries()) {
      if (this.pending.get(name) !== pending) continue;
      const inode = inodes[i];
      if (inode < 0) this.pending.delete(name);
      else if (inode === 0 || !this.publish(pending, inode, wanted.get(inode) ?? [], nowMs)) this.retry(name, pending, nowMs);
      else this.settle(name, pending, wanted.get(inode) ?? [], nowMs);
    }
  }

  /** @returns the socket's inode; 0: there is none yet; -1: there will be none here */
  private locate(pending: Pending, nowMs: number): number {
    const { key, foreign, asked } = pending;
    const found = this.inodeOf(key);
    if (found >= 0) return found;
    // The other end of a connection of ours, or none of this host's: other namespaces are searched when a record asks.
    if (!asked) return -1;
    this.foreigners.refresh(nowMs);
    const elsewhere = this.foreigners.find(key);
    if (elsewhere > 0) return elsewhere;
    if (foreign) {
      reverse(key, this.other);
      const ofOther = Math.max(0, this.inodeOf(this.other)) || this.foreigners.find(this.other);
      if (ofOther > 0) return ofOther;
    }
    return 0;
  }

  /** @returns 0: no process has it yet; -1: this namespace does not know it */
  private inodeOf(key: ConnectionKey): number {
    const { rows, ends } = this;
    key.writeAddresses(ends.bytes, 0);
    ends.localPort = key.localPort;
    ends.remotePort = key.remotePort;
    rows.clear();
    const row = this.diag.find(IPPROTO_TCP, ends, rows);
    if (row < 0) return -1;
    return rows.state[row] === TCP_STATE.LISTEN ? 0 : rows.inode[row];
  }

  /** @returns false when none of the holders is there any more */
  private publish(pending: Connection, inode: number, pids: readonly number[], nowMs: number): boolean {
    const process = this.choose(pids, inode, pending.via, pending.key.localPort);
    if (process === undefined) return false;
    const { row, epoch } = this.registry.rowOf(process);
    const slot = this.connections.put(pending.key, OWNERSHIP.KNOWN, row, epoch, pending.via, pids.length, nowMs, pending.sequence, pending.sinceUs);
    this.sockets.set(slot, inode, pending.sequence);
    this.answered = true;
    return true;
  }

  /**
   * Of several that hold a socket: where it was accepted, one without the listening socket, for it was made to serve; else the one that
   * began first, from which the others have it.
   */
  private choose(pids: readonly number[], inode: number, via: number, port: number): Process | undefined {
    const processes = pids.map((pid) => this.owners.confirm(pid, inode)).filter((process) => process !== undefined);
    if (processes.length < 2) return processes[0];
    processes.sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
    if (via === VIA.CONNECT) return processes[0];
    const listeners = listenersOf(this.diag, (other) => other === port);
    return processes.find(({ pid }) => !this.owners.holdsOneOf(pid, listeners)) ?? processes[0];
  }

  private retry(name: string, pending: Pending, nowMs: number): void {
    if (pending.settling) {
      this.pending.delete(name);
      return;
    }
    pending.attempt++;
    if (pending.asked && pending.attempt >= ANSWERING_ATTEMPT) {
      this.unknown.set(this.connections.put(pending.key, OWNERSHIP.UNKNOWN, 0, 0, 0, 0, nowMs, pending.sequence, pending.sinceUs), nowMs);
      this.answered = true;
    }
    if (pending.attempt >= ATTEMPTS_MS.length) this.pending.delete(name);
    else pending.dueMs = Math.max(nowMs + 0.2, pending.beganMs + ATTEMPTS_MS[pending.attempt]);
  }

  private settle(name: string, pending: Pending, pids: readonly number[], nowMs: number): void {
    if (!pending.settling) [pending.settling, pending.attempt] = [true, 0];
    else pending.attempt++;
    // What was accepted is often handed to another process; once more is enough where one has it.
    const times = pids.length > 1 ? SETTLE_MS.length : pending.via === VIA.LISTENER ? 1 : 0;
    if (pending.attempt >= times) this.pending.delete(name);
    else pending.dueMs = nowMs + SETTLE_MS[pending.attempt];
  }

  /** Learns the connections that are there already. */
  start(wantsPort: (port: number) => boolean, nowMs: number): void {
    this.learnListeners(wantsPort);
    for (const { key, inode } of establishedOf(this.diag, (local, remote) => wantsPort(local) || wantsPort(remote))) {
      if (inode > 0) this.add({ key, via: VIA.SCAN, sequence: undefined, sinceUs: 0, asked: false, foreign: false }, nowMs);
    }
    this.work(nowMs);
  }

  /** Who listens will accept. New ones are looked for. */
  learnListeners(wantsPort: (port: number) => boolean): void {
    const listeners = listenersOf(this.diag, wantsPort);
    const fresh = [...listeners].filter((inode) => !this.listeners.has(inode));
    this.listeners = listeners;
    if (fresh.length > 0) this.owners.learn(fresh);
  }

  /** Looks again at everything known: what is closed leaves, what has another process gets it. */
  sweep(nowMs: number): void {
    this.sweeper.sweep(nowMs);
    this.reviewUnknown(nowMs);
    this.work(nowMs);
  }

  /** Once more those that nobody was found to have: somebody may have accepted one late. */
  private reviewUnknown(nowMs: number): void {
    const found: ConnectionKey[] = [];
    for (const slot of this.unknown.keys()) {
      if (this.connections.state(slot) !== OWNERSHIP.UNKNOWN) continue;
      const key = new ConnectionKey();
      this.connections.takeKey(slot, key);
      if (this.inodeOf(key) > 0) found.push(key);
    }
    // Before any is believed: it may be another connection's with the same ends.
    if (found.length > 0) this.hear();
    for (const key of found) this.findAgain(key, nowMs);
    for (const [slot, toldMs] of this.unknown) {
      const isUnknown = this.connections.state(slot) === OWNERSHIP.UNKNOWN;
      // Those of elsewhere are looked up when a record asks again.
      if (isUnknown && nowMs - toldMs < CLOSED_MS) continue;
      this.unknown.delete(slot);
      if (isUnknown) this.connections.remove(slot);
    }
  }

  private findAgain(key: ConnectionKey, nowMs: number): void {
    const slot = this.connections.find(key);
    if (slot < 0 || this.connections.state(slot) !== OWNERSHIP.UNKNOWN) return;
    const sinceUs = this.connections.sinceUs(slot);
    this.add({ key, via: VIA.SCAN, sequence: sinceUs === 0 ? undefined : this.connections.syn(slot), sinceUs, asked: true, foreign: false }, nowMs);
    const pending = this.pending.get(key.words.join());
    if (pending !== undefined) pending.attempt = Math.max(pending.attempt, ATTEMPTS_MS.length - 1);
  }

  private again(slot: number, key: ConnectionKey, inode: number, sequence: number | undefined, pids: readonly number[]): void {
    const { connections } = this;
    const nowMs = performance.now();
    const connection: Connection = { key, via: connections.via(slot), sequence, sinceUs: connections.sinceUs(slot), asked: false, foreign: false };
    if (pids.length === 0) this.add(connection, nowMs);
    else this.publish(connection, inode, pids, nowMs);
  }

  /** The clock was set back. */
  forgetTimes(): void {
    this.connections.forgetTimes();
  }

  private forget(slot: number): void {
    this.sockets.delete(slot);
    this.connections.remove(slot);
  }
}
