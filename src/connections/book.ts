// The connections that are open now, and the events of their lives. Bounded: the oldest gives way, and is counted.
//
// An event waits until the process is known or found unknown, which for an accepted connection takes a moment; those behind it wait
// with it, so that the events of a connection come in order.

import { endsKey, type Ends } from '../host/socket_ends.js';
import type { ConnectionEvent, ConnectionEventName, Owner, OwnerSource, Protocol } from './connection.js';

const MOST_ENTRIES = 262_144;

/** What is remembered of a connection. Times are CLOCK_MONOTONIC, nanoseconds. */
export interface Entry {
  readonly protocol: Protocol;
  ends: Ends;
  direction: 'in' | 'out' | undefined;
  owner: Owner | undefined;
  via: OwnerSource | undefined;
  shared: number;
  /** when it was seen to open or to be established; undefined: before us */
  sinceNs: number | undefined;
  readonly isOld: boolean;
  isEstablished: boolean;
  hasOpened: boolean;
  /** the process is still being looked for: events wait */
  isPending: boolean;
  readonly waiting: ConnectionEvent[];
  /** the kernel's number for the socket (sock_state.ts); undefined: not known */
  socket: number | undefined;
}

/** What begins an entry. */
export type NewEntry = Pick<Entry, 'protocol' | 'ends' | 'direction'> & Partial<Pick<Entry, 'owner' | 'via' | 'sinceNs' | 'isOld' | 'isPending' | 'socket' | 'shared'>>;

/** How a connection ended. */
export interface Ending {
  readonly hasFailed?: boolean;
  readonly sent?: bigint | undefined;
  readonly received?: bigint | undefined;
}

export class Book {
  /** entries that gave way to newer ones: their end will not be told */
  evicted = 0;
  private readonly entries = new Set<Entry>();
  private readonly bySocket = new Map<number, Entry>();
  /** hardly ever are there two: those in a set */
  private readonly byEnds = new Map<string, Entry | Set<Entry>>();

  /**
   * @param emit gets events as they happened
   * @param aheadNs what the time of day is ahead of CLOCK_MONOTONIC
   */
  constructor(private readonly emit: (event: ConnectionEvent) => void, private readonly aheadNs: () => bigint, private readonly most = MOST_ENTRIES) {}

  get size(): number {
    return this.entries.size;
  }

  add({ protocol, ends, direction, owner, via, sinceNs, socket, shared = 0, isOld = false, isPending = false }: NewEntry): Entry {
    const entry: Entry = {
      protocol, ends, direction, owner, via, sinceNs, socket, shared, isOld, isPending, isEstablished: false, hasOpened: false, waiting: [],
    };
    if (this.entries.size >= this.most) this.evictOldest();
    this.entries.add(entry);
    if (socket !== undefined) this.bySocket.set(socket, entry);
    this.index(entry);
    return entry;
  }

  has(entry: Entry): boolean {
    return this.entries.has(entry);
  }

  ofSocket(socket: number): Entry | undefined {
    return this.bySocket.get(socket);
  }

  /** Entries with these ends: two network namespaces may have the same. */
  withEnds(protocol: Protocol, ends: Ends): readonly Entry[] {
    const known = this.byEnds.get(protocol + endsKey(ends));
    return known === undefined ? [] : known instanceof Set ? [...known] : [known];
  }

  [Symbol.iterator](): IterableIterator<Entry> {
    return this.entries.values();
  }

  /** The kernel has chosen an address or a port. */
  setEnds(entry: Entry, ends: Ends): void {
    if (!this.entries.has(entry)) return;
    this.unindex(entry);
    entry.ends = ends;
    this.index(entry);
  }

  /** An entry that was found otherwise has that socket. */
  setSocket(entry: Entry, socket: number): void {
    entry.socket = socket;
    this.bySocket.set(socket, entry);
  }

  /** @param ns when it happened, CLOCK_MONOTONIC */
  tell(entry: Entry, event: ConnectionEventName, ns: number, ending: Ending = {}): void {
    const { protocol, ends, direction, owner, via, shared, isOld, sinceNs } = entry;
    const { local, localPort, remote, remotePort } = ends;
    const made: ConnectionEvent = {
      local, localPort, remote, remotePort, event, protocol, direction, owner, via, shared, isOld,
      timeNs: BigInt(Math.round(ns)) + this.aheadNs(),
      hasFailed: ending.hasFailed ?? false,
      durationNs: event === 'close' && sinceNs !== undefined ? BigInt(Math.max(0, Math.round(ns - sinceNs))) : undefined,
      sent: ending.sent, received: ending.received,
    };
    if (entry.isPending) entry.waiting.push(made);
    else this.emit(made);
  }

  /** The process was found, or found unknown: what waited goes out. */
  settle(entry: Entry, owner: Owner | undefined, via: OwnerSource | undefined, shared: number): void {
    entry.owner = owner;
    entry.via = owner === undefined ? undefined : via;
    entry.shared = shared;
    entry.isPending = false;
    for (const event of entry.waiting.splice(0)) this.emit({ ...event, owner, via: entry.via, shared });
  }

  remove(entry: Entry): void {
    if (!this.entries.delete(entry)) return;
    this.unindex(entry);
    if (entry.socket !== undefined && this.bySocket.get(entry.socket) === entry) this.bySocket.delete(entry.socket);
  }

  private evictOldest(): void {
    const [oldest] = this.entries;
    this.settle(oldest, oldest.owner, oldest.via, oldest.shared);
    this.remove(oldest);
    this.evicted++;
  }

  private index(entry: Entry): void {
    const key = entry.protocol + endsKey(entry.ends);
    const known = this.byEnds.get(key);
    if (known === undefined) this.byEnds.set(key, entry);
    else if (known instanceof Set) known.add(entry);
    else this.byEnds.set(key, new Set([known, entry]));
  }

  private unindex(entry: Entry): void {
    const key = entry.protocol + endsKey(entry.ends);
    const known = this.byEnds.get(key);
    if (known instanceof Set) known.delete(entry);
    if (known === entry || (known instanceof Set && known.size === 0)) this.byEnds.delete(key);
  }
}
