// Finds out whose connections are (-proc): each is looked up when its first packet is seen, or when a worker asks, and again until there
// is an answer or none is to be hoped for. What is known is looked at again once a second: sockets are handed on, processes end.

import type { ForeignSockets } from '../host/foreign_sockets.js';
import { realTimeAheadNs } from '../host/clocks.js';
import { HeldSockets } from '../host/held_sockets.js';
import type { OwnSockets } from '../host/own_sockets.js';
import type { SocketOwners, WantedSockets } from '../host/socket_owners.js';
import type { Process, ProcessTable } from '../host/process_table.js';
import { UNOWNED, VIA } from '../record/owner.js';
import { ConnectionKey, keyOf, reverse } from '../ring/connection_key.js';
import { OWNERSHIP } from '../ring/connection_table.js';
import type { ConnectionWriter } from '../ring/connection_writer.js';
import { OWNER_NUMBER, type OwnerBoard } from '../ring/owner_board.js';
import { CLOCKS_US, HeardConnections } from './heard_connections.js';
import { KnownSockets, NOT_READ } from './known_sockets.js';
import { ANSWERING_ATTEMPT, ATTEMPTS_MS, type Connection, type LookUp, LookUps, noteEnd, SETTLE_MS, WHOLE_ATTEMPT } from './look_ups.js';
import { chooseOwner, type OwnerChoice } from './owner_choice.js';
import type { OwnerRegistry } from './owner_registry.js';
import { OwnerSweep } from './owner_sweep.js';
import type { SoleListeners } from './sole_listeners.js';
import { UnknownConnections } from './unknown_connections.js';

/** The trace tells who connected as soon as the connection stands: its descriptors are looked at when it has not by then. */
const TRACE_MS = 3;

export class OwnerResolver {
  private readonly lookUps: LookUps;
  private readonly other = new ConnectionKey();
  /** by slot of the connection table */
  private readonly sockets = new KnownSockets();
  private readonly sweeper: OwnerSweep;
  /** connections that were heard of, whose connect(2) was not told yet */
  private readonly heard = new HeardConnections<Connection>();
  /** those that nobody was found to have */
  private readonly unknown: UnknownConnections;
  private listeners = new Set<number>();
  private answered = false;

  constructor(
    private readonly connections: ConnectionWriter,
    private readonly registry: OwnerRegistry,
    private readonly own: OwnSockets,
    private readonly table: ProcessTable,
    private readonly owners: SocketOwners,
    private readonly foreigners: ForeignSockets,
    private readonly board: OwnerBoard,
    private readonly isTraced: boolean,
    private readonly sole: SoleListeners | undefined,
    /** hears of the first packets that are waiting: calls opened() for each */
    private readonly hear: () => void,
  ) {
    this.lookUps = new LookUps(board);
    this.unknown = new UnknownConnections(connections, this.lookUps, (key) => this.own.inodeOf(key), hear);
    this.sweeper = new OwnerSweep(connections, registry, owners, this.sockets, {
      hear,
      inodeOf: (key) => this.own.inodeOf(key),
      again: (slot, key, inode, sequence, pids, held) => this.again(slot, key, inode, sequence, pids, held),
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
    const known = slot >= 0 ? this.sockets.get(slot) : this.lookUps.get(key);
    // The same first packet again: on another interface, or sent again.
    if (known?.sequence === sequence) return;
    if (slot >= 0) this.forget(slot);
    this.lookUps.leave(key.words.join(), OWNER_NUMBER.AGAIN);
    const connection: Connection = { key, via, sequence, sinceUs, asked: false, foreign: false };
    const waits = this.isTraced && via === VIA.CONNECT;
    if (waits) this.heard.put(key.words.join(), connection);
    this.lookUps.add(connection, nowMs, waits ? TRACE_MS : 0);
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
    if (!this.lookUps.leave(name, OWNER_NUMBER.FOUND + VIA.CONNECT - 1)) this.board.add(OWNER_NUMBER.FOUND + VIA.CONNECT - 1);
    this.board.add(OWNER_NUMBER.TRACED);
    const { row, epoch } = this.registry.rowOf(process);
    const known = this.connections.find(key);
    const shared = known >= 0 ? Math.max(1, this.connections.shared(known)) : 1;
    const slot = this.connections.put(key, OWNERSHIP.KNOWN, row, epoch, VIA.CONNECT, shared, nowMs, connection.sequence, connection.sinceUs);
    this.sockets.set(slot, this.sockets.get(slot)?.inode ?? NOT_READ, connection.sequence);
    this.answered = true;
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
    const pending = this.lookUps.get(key);
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
    this.lookUps.add({ key: copy, via: VIA.SCAN, sequence: sinceUs === 0 ? undefined : syn, sinceUs, asked: true, foreign }, nowMs);
  }

  /** When there is something to do next, by performance.now(). */
  get dueMs(): number {
    return this.lookUps.dueMs;
  }

  /** Looks up what is due. */
  work(nowMs: number): void {
    const due = this.lookUps.due(nowMs);
    if (due.length > 0) this.resolve(due, nowMs);
    if (!this.answered) return;
    this.answered = false;
    this.connections.announce();
  }

  private resolve(due: readonly (readonly [string, LookUp])[], nowMs: number): void {
    const wanted: WantedSockets = new Map();
    const inodes = due.map(([, pending]) => {
      const inode = this.locate(pending, nowMs);
      if (inode > 0) wanted.set(inode, []);
      return inode;
    });
    if (wanted.size > 0) this.owners.look(wanted, [], due.some(([, { attempt, asked }]) => asked || attempt >= WHOLE_ATTEMPT));
    // Meanwhile there may be another connection with the same ends: then it may be that one's socket that was found.
    this.hear();
    const held = new HeldSockets(this.owners, wanted);
    for (const [i, [name, pending]] of due.entries()) {
      if (this.lookUps.get(pending.key) !== pending) continue;
      const inode = inodes[i];
      const pids = wanted.get(inode) ?? [];
      if (inode > 0) pending.reason = UNOWNED.NOT_FOUND;
      if (inode < 0) this.lookUps.leave(name, OWNER_NUMBER.ELSEWHERE);
      else if (inode === 0 && pending.overMs > 0 && this.sole !== undefined) this.tellSole(name, pending, this.sole, nowMs);
      else if (inode === 0) this.retry(name, pending, nowMs);
      else this.tell(name, pending, this.publish(pending, inode, pids, held, nowMs), nowMs);
    }
  }

  /** @returns the socket's inode; 0: there is none yet; -1: there will be none here */
  private locate(pending: LookUp, nowMs: number): number {
    const { key, foreign, asked } = pending;
    const found = this.own.inodeOf(key);
    pending.reason = found >= 0 ? UNOWNED.NOT_HELD : UNOWNED.NO_SOCKET;
    if (this.sole !== undefined && pending.via === VIA.LISTENER && !pending.settling) noteEnd(pending, this.own.state, found, this.sole, nowMs);
    if (found >= 0) return found;
    // The other end of a connection of ours, or none of this host's: other namespaces are searched when a record asks.
    if (!asked) return -1;
    this.foreigners.refresh(nowMs);
    const elsewhere = this.foreigners.find(key);
    if (elsewhere > 0) return elsewhere;
    if (foreign) {
      reverse(key, this.other);
      const ofOther = Math.max(0, this.own.inodeOf(this.other)) || this.foreigners.find(this.other);
      if (ofOther > 0) return ofOther;
    }
    return 0;
  }

  /** It was over before its descriptor was seen: whoever alone could accept it did. Finding that out takes a look at everything, which a record has to be worth. */
  private tellSole(name: string, pending: LookUp, sole: SoleListeners, nowMs: number): void {
    const verdict = pending.asked ? sole.verdict(pending.key, pending.listening ?? [], pending.beganMs, pending.overMs, nowMs) : 0;
    if (verdict === 'not yet') {
      pending.dueMs = Math.max(nowMs, sole.dueMs);
      return;
    }
    const startTicks = verdict === 'several' ? undefined : this.table.get(verdict)?.startTicks;
    const process = startTicks === undefined || verdict === 'several' ? undefined : this.owners.current(verdict, startTicks);
    if (process === undefined) {
      if (verdict === 'several') pending.reason = UNOWNED.SEVERAL;
      this.retry(name, pending, nowMs);
      return;
    }
    this.know(pending, process, 1, NOT_READ, nowMs);
    this.board.add(OWNER_NUMBER.SOLE_LISTENER);
    this.lookUps.leave(name, OWNER_NUMBER.FOUND + VIA.LISTENER - 1);
  }

  /**
   * The kernel told that a connection was made here.
   * @param us when, microseconds since 1970: of one that began later it says nothing
   */
  stood(key: ConnectionKey, us: number, nowMs: number): void {
    const pending = this.lookUps.get(key);
    if (pending === undefined || pending.settling || pending.via !== VIA.LISTENER || pending.sinceUs > us + CLOCKS_US) return;
    pending.hasStood = true;
    pending.dueMs = Math.min(pending.dueMs, nowMs);
  }

  private tell(name: string, pending: LookUp, choice: OwnerChoice, nowMs: number): void {
    const { process, holders, isDoubtful } = choice;
    // What was told before stands until there is no doubt.
    if (process === undefined && !(isDoubtful && pending.settling)) this.retry(name, pending, nowMs);
    else this.settle(name, pending, isDoubtful || holders.length > 1, nowMs);
  }

  private publish(pending: Connection, inode: number, pids: readonly number[], held: HeldSockets, nowMs: number): OwnerChoice {
    const { via, key: { localPort }, sinceUs } = pending;
    const listeners = (): Set<number> => this.own.listenersOn((other) => other === localPort);
    const choice = chooseOwner(pids, inode, via, madeNs(sinceUs), held, (pid) => held.holdsListener(pid, localPort, listeners));
    const { process, holders } = choice;
    if (process === undefined) return choice;
    if (via === VIA.LISTENER) for (const { pid } of holders) this.sole?.serves(localPort, pid);
    this.know(pending, process, holders.length, inode, nowMs);
    return choice;
  }

  private know({ key, via, sequence, sinceUs }: Connection, process: Process, shared: number, inode: number, nowMs: number): void {
    const { row, epoch } = this.registry.rowOf(process);
    const slot = this.connections.put(key, OWNERSHIP.KNOWN, row, epoch, via, shared, nowMs, sequence, sinceUs);
    this.sockets.set(slot, inode, sequence);
    this.answered = true;
  }

  private retry(name: string, pending: LookUp, nowMs: number): void {
    if (pending.settling) {
      this.lookUps.drop(name);
      return;
    }
    pending.attempt++;
    if (pending.attempt >= ANSWERING_ATTEMPT) this.answerUnknown(pending, nowMs);
    if (pending.attempt >= ATTEMPTS_MS.length) this.lookUps.leave(name, OWNER_NUMBER.UNKNOWN);
    else pending.dueMs = Math.max(nowMs + 0.2, pending.beganMs + ATTEMPTS_MS[pending.attempt]);
  }

  /** A worker waits, and shall not for long. */
  private answerUnknown({ key, asked, reason, sequence, sinceUs }: LookUp, nowMs: number): void {
    if (!asked) return;
    this.unknown.add(this.connections.put(key, OWNERSHIP.UNKNOWN, reason, 0, 0, 0, nowMs, sequence, sinceUs), nowMs);
    this.answered = true;
  }

  private settle(name: string, pending: LookUp, isShared: boolean, nowMs: number): void {
    if (pending.settling) {
      pending.attempt++;
    } else {
      this.lookUps.count(OWNER_NUMBER.FOUND + pending.via - 1);
      [pending.settling, pending.attempt] = [true, 0];
    }
    // What was accepted is often handed to another process; once more is enough where one has it.
    const times = isShared ? SETTLE_MS.length : pending.via === VIA.LISTENER ? 1 : 0;
    if (pending.attempt >= times) this.lookUps.drop(name);
    else pending.dueMs = nowMs + SETTLE_MS[pending.attempt];
  }

  /** Learns the connections that are there already. */
  start(wantsPort: (port: number) => boolean, nowMs: number): void {
    this.learnListeners(wantsPort);
    const there = [...this.own.established((local, remote) => wantsPort(local) || wantsPort(remote))];
    // Else whoever connected long ago is looked for again and again.
    if (there.length > 0) this.owners.learn(there.map(({ inode }) => inode));
    for (const { key, inode } of there) {
      if (inode > 0) this.lookUps.add({ key, via: VIA.SCAN, sequence: undefined, sinceUs: 0, asked: false, foreign: false }, nowMs);
    }
    this.work(nowMs);
  }

  /** Who listens will accept. New ones are looked for. */
  learnListeners(wantsPort: (port: number) => boolean): void {
    const listeners = this.own.listenersOn(wantsPort);
    const fresh = [...listeners].filter((inode) => !this.listeners.has(inode));
    this.listeners = listeners;
    if (fresh.length > 0) this.owners.learn(fresh);
  }

  /** Looks again at everything known: what is closed leaves, what has another process gets it. */
  sweep(nowMs: number): void {
    this.sweeper.sweep(nowMs);
    this.unknown.review(nowMs);
    this.work(nowMs);
  }

  private again(slot: number, key: ConnectionKey, inode: number, sequence: number | undefined, pids: readonly number[], held: HeldSockets): void {
    const { connections } = this;
    const nowMs = performance.now();
    const connection: Connection = { key, via: connections.via(slot), sequence, sinceUs: connections.sinceUs(slot), asked: false, foreign: false };
    if (pids.length === 0) this.lookUps.add(connection, nowMs);
    else this.publish(connection, inode, pids, held, nowMs);
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

/** A connection's socket is no older than its first packet. @param sinceUs when that was, microseconds since 1970; 0: not known. @returns CLOCK_MONOTONIC */
function madeNs(sinceUs: number): number {
  return sinceUs === 0 ? -Infinity : (sinceUs - CLOCKS_US) * 1000 - Number(realTimeAheadNs());
}
