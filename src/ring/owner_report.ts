// What -proc has done so far, in numbers, from all who count: the thread that finds owners, the workers' asks, the connection table.

import { VIA_NAMES } from '../record/owner.js';
import { ConnectionReader } from './connection_reader.js';
import { OwnerAsks } from './owner_asks.js';
import { OWNER_NUMBER, OwnerBoard } from './owner_board.js';

/**
 * asked = taken + waiting + refused
 * begun = the sum of found + elsewhere + unknown + noRoom + again + underWay
 */
export interface OwnerReport {
  /** a thread answers */
  readonly isRunning: boolean;
  /** threads that broke and were replaced */
  readonly restarts: number;
  /** asks of workers, one for each record whose connection the table did not have: taken by the thread, not yet taken, without room */
  readonly asked: number;
  readonly taken: number;
  readonly waiting: number;
  readonly refused: number;
  /** look-ups of an end of a connection */
  readonly begun: number;
  /** with a process, by how that is known */
  readonly found: readonly (readonly [via: string, count: number])[];
  /** of those found: told by the kernel's trace, by being the only one that listens */
  readonly traced: number;
  readonly soleListener: number;
  /** no end of this host */
  readonly elsewhere: number;
  readonly unknown: number;
  /** for which there was no room */
  readonly noRoom: number;
  /** for which another one was begun */
  readonly again: number;
  readonly underWay: number;
  /** known connections that had to leave the table for others */
  readonly evicted: number;
  /** what the kernel had no room for */
  readonly lost: { readonly traceRecords: number; readonly processEvents: number; readonly firstPackets: number };
}

export class OwnerReporter {
  private readonly board: OwnerBoard;
  private readonly connections: ConnectionReader;
  private readonly asks: readonly OwnerAsks[];
  /** asks put so far, of each worker: its ring counts modulo 2^32 */
  private readonly put: number[];

  constructor(memory: { readonly board: SharedArrayBuffer; readonly connections: SharedArrayBuffer; readonly asks: readonly SharedArrayBuffer[] }) {
    this.board = new OwnerBoard(memory.board);
    this.connections = new ConnectionReader(memory.connections);
    this.asks = memory.asks.map((asks) => new OwnerAsks(asks));
    this.put = this.asks.map(() => 0);
  }

  report(): OwnerReport {
    const { board } = this;
    const get = (number: number): number => board.get(number);
    const { taken, waiting, refused } = this.askNumbers();
    const found = VIA_NAMES.slice(1).map((via, i): readonly [string, number] => [via, get(OWNER_NUMBER.FOUND + i)]);
    const [elsewhere, unknown, noRoom, again, underWay] = [
      OWNER_NUMBER.ELSEWHERE, OWNER_NUMBER.UNKNOWN, OWNER_NUMBER.NO_ROOM, OWNER_NUMBER.AGAIN, OWNER_NUMBER.UNDER_WAY].map(get);
    return {
      isRunning: get(OWNER_NUMBER.RUNNING) === 1,
      restarts: get(OWNER_NUMBER.RESTARTS),
      asked: taken + waiting + refused, taken, waiting, refused,
      // The thread counts on meanwhile: the sum of what was read is true of a moment.
      begun: found.reduce((sum, [, count]) => sum + count, elsewhere + unknown + noRoom + again + underWay),
      found, traced: get(OWNER_NUMBER.TRACED), soleListener: get(OWNER_NUMBER.SOLE_LISTENER),
      elsewhere, unknown, noRoom, again, underWay,
      evicted: this.connections.evicted,
      lost: {
        traceRecords: get(OWNER_NUMBER.TRACE_LOST), processEvents: get(OWNER_NUMBER.EVENTS_LOST), firstPackets: get(OWNER_NUMBER.SYNS_LOST),
      },
    };
  }

  private askNumbers(): { readonly taken: number; readonly waiting: number; readonly refused: number } {
    let [put, waiting, refused] = [0, 0, 0];
    for (const [worker, asks] of this.asks.entries()) {
      this.put[worker] += (asks.asked - this.put[worker]) >>> 0;
      put += this.put[worker];
      waiting += asks.waiting;
      refused += asks.refused;
    }
    waiting = Math.min(waiting, put);
    return { taken: put - waiting, waiting, refused };
  }
}
