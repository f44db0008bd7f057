// The connections whose process is being looked up, each counted once by what came of it (ring/owner_board.ts).

import { TCP_STATE } from '../host/socket_rows.js';
import { UNOWNED } from '../record/owner.js';
import type { ConnectionKey } from '../ring/connection_key.js';
import { OWNER_NUMBER, type OwnerBoard } from '../ring/owner_board.js';
import type { SoleListeners } from './sole_listeners.js';

/** When a connection is looked up, from its beginning: it has to be accepted, and its process may be loading still. */
export const ATTEMPTS_MS = [0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
/** From here on a worker is told that nobody is known, and a look at all processes is worth its time. */
export const ANSWERING_ATTEMPT = 5;
export const WHOLE_ATTEMPT = 2;
/** A socket that several processes hold, or that was accepted, is looked at again so long afterwards: it may just be handed on. */
export const SETTLE_MS = [20, 50, 250];
/** Connections that are looked up at one time; further ones are found when their records ask. */
const MOST = 4096;

export interface Connection {
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

/** One that is being looked up. Times are of performance.now(). */
export interface LookUp extends Connection {
  readonly beganMs: number;
  /** how many there were, since it began or since it was found */
  attempt: number;
  /** it was found, and is looked at again */
  settling: boolean;
  dueMs: number;
  /** why it is not known yet, of UNOWNED */
  reason: number;
  /** inodes of what listened there when it began; undefined: not looked up yet */
  listening: readonly number[] | undefined;
  /** it was seen to stand here */
  hasStood: boolean;
  /** when it was seen to be over; 0: it was not */
  overMs: number;
}

export class LookUps {
  private readonly lookUps = new Map<string, LookUp>();

  constructor(private readonly board: OwnerBoard) {}

  get(key: ConnectionKey): LookUp | undefined {
    return this.lookUps.get(key.words.join());
  }

  /** Begins one, if there is none of that connection and if there is room. @param inMs when it is due */
  add(connection: Connection, nowMs: number, inMs = 0): void {
    const name = connection.key.words.join();
    if (this.lookUps.has(name)) return;
    if (this.lookUps.size >= MOST) {
      this.board.add(OWNER_NUMBER.NO_ROOM);
      return;
    }
    this.board.add(OWNER_NUMBER.UNDER_WAY);
    this.lookUps.set(name, {
      ...connection, beganMs: nowMs, attempt: 0, settling: false, dueMs: nowMs + inMs, reason: UNOWNED.NO_SOCKET, listening: undefined, hasStood: false, overMs: 0,
    });
  }

  /**
   * One is over, if there is one.
   * @param outcome of OWNER_NUMBER; what was found before counts no more
   * @returns whether it counted
   */
  leave(name: string, outcome: number): boolean {
    const lookUp = this.lookUps.get(name);
    if (lookUp === undefined) return false;
    this.lookUps.delete(name);
    if (!lookUp.settling) this.count(outcome);
    return !lookUp.settling;
  }

  /** One that counted already is over. */
  drop(name: string): void {
    this.lookUps.delete(name);
  }

  /** One that goes on counts from now on. */
  count(outcome: number): void {
    this.board.add(OWNER_NUMBER.UNDER_WAY, -1);
    this.board.add(outcome);
  }

  /** When there is something to do next. */
  get dueMs(): number {
    let due = Infinity;
    for (const { dueMs } of this.lookUps.values()) due = Math.min(due, dueMs);
    return due;
  }

  due(nowMs: number): (readonly [name: string, lookUp: LookUp])[] {
    return [...this.lookUps].filter(([, { dueMs }]) => dueMs <= nowMs);
  }
}

/** States in which a connection waits to be accepted. */
const WAITING = new Set<number>([TCP_STATE.SYN_RECV, TCP_STATE.NEW_SYN_RECV, TCP_STATE.ESTABLISHED, TCP_STATE.CLOSE_WAIT]);

/**
 * Notes what can be seen of an accepted connection that no process has: that it stands here, that it is over.
 * @param state TCP_STATE of what has its ends; LISTEN: only what listens there; 0: nothing
 * @param inode of that; 0: no process has it, -1: there is nothing
 */
export function noteEnd(lookUp: LookUp, state: number, inode: number, sole: SoleListeners | undefined, nowMs: number): void {
  const isOpen = WAITING.has(state) || inode > 0;
  const listens = state === TCP_STATE.LISTEN;
  if (inode >= 0) lookUp.listening ??= sole?.listening(lookUp.key, isOpen || (listens && !lookUp.hasStood), nowMs);
  if (inode >= 0 && !listens) lookUp.hasStood = true;
  // Where nothing listens it is not here, whatever the trace says: that has other network namespaces, too.
  if (isOpen || !lookUp.hasStood || inode < 0) lookUp.overMs = 0;
  else lookUp.overMs ||= nowMs;
}
