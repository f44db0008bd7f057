// A parsing worker's way to the process behind a record: the connection table has it, or the thread that finds owners is asked. It
// mostly knows before the record is there, because it hears of a connection's first packet itself.

import { writeSync } from 'node:fs';
import { be32 } from '../bytes/read.js';
import { COUNTER } from '../record/counters.js';
import { NO_OWNER, UNOWNED, type Owner } from '../record/owner.js';
import { KIND } from '../record/kinds.js';
import type { RecordView } from '../record/view.js';
import { ConnectionKey } from '../ring/connection_key.js';
import { ConnectionReader } from '../ring/connection_reader.js';
import { OWNERSHIP } from '../ring/connection_table.js';
import { OwnerAsks } from '../ring/owner_asks.js';
import { OWNER_NUMBER, OwnerBoard } from '../ring/owner_board.js';
import { OwnerReader } from '../ring/owner_rows.js';
import { TCP_SEQUENCE } from '../wire/tcp.js';
import type { Frame } from '../wire/frame.js';
import type { OwnerMemory } from './tasks.js';

/**
 * The longest that records wait for answers: so much at a time, and a tenth of the time. The kernel's buffer bridges that; whoever sends
 * messages of ever new connections that are nobody's makes no record later than that.
 */
const MOST_WAIT_MS = 15;
const WAIT_SHARE = 0.1;

export class OwnerLookup {
  private readonly key = new ConnectionKey();
  private readonly connections: ConnectionReader;
  private readonly rows: OwnerReader;
  private readonly asks: OwnerAsks;
  private readonly board: OwnerBoard;
  private readonly wakeFd: number;
  private readonly one = new Uint8Array(new BigUint64Array([1n]).buffer);
  /** how many there were when the question was put */
  private answersBefore = 0;
  private waitMs = MOST_WAIT_MS;
  private waitedAtMs = performance.now();

  /** @param worker whose asks these are */
  constructor(memory: OwnerMemory, worker: number) {
    this.connections = new ConnectionReader(memory.connections);
    this.rows = new OwnerReader(memory.rows);
    this.asks = new OwnerAsks(memory.asks[worker]);
    this.board = new OwnerBoard(memory.board);
    this.wakeFd = memory.wakeFd;
  }

  /**
   * Notes that a connection begins: what is known of its ends is of an earlier one.
   * @param us when the packet was captured, microseconds since 1970
   */
  begin({ source, destination, addressLength, sourcePort, destinationPort, segment }: Frame, bytes: Uint8Array, us: number): void {
    this.key.set(bytes, source, destination, addressLength, sourcePort, destinationPort);
    this.connections.notes.begin(this.key, be32(bytes, segment + TCP_SEQUENCE), us);
  }

  /**
   * Finds the process at the local end of the record's connection.
   * @param view its kind decides which end that is
   * @param foreign neither end is an address of this host: it may be one of a network namespace behind it
   * @returns the counter to raise when the record is written: COUNTER.OWNED and following, COUNTER.UNOWNED and following
   */
  find(view: RecordView, bytes: Uint8Array, foreign: boolean): number {
    const { frame, kind } = view;
    const { key, connections } = this;
    if (kind === KIND.CR || kind === KIND.SQ) {
      key.set(bytes, frame.source, frame.destination, frame.addressLength, frame.sourcePort, frame.destinationPort);
    } else {
      key.set(bytes, frame.destination, frame.source, frame.addressLength, frame.destinationPort, frame.sourcePort);
    }
    connections.nowUs = view.seconds * 1e6 + Math.floor(view.nanoseconds / 1000);
    let state = connections.find(key);
    let reason: number = UNOWNED.FORGOTTEN;
    if (state === OWNERSHIP.NONE) {
      reason = this.refusal(foreign);
      if (reason === UNOWNED.LATE) state = this.waitForAnswer();
    }
    if (state === OWNERSHIP.UNKNOWN) reason = connections.owner;
    const owner = state === OWNERSHIP.KNOWN ? this.rows.get(connections.owner, connections.epoch) : undefined;
    return this.take(view, owner, reason);
  }

  private take(view: RecordView, owner: Owner | undefined, reason: number): number {
    const { via, shared } = this.connections;
    view.owner = owner ?? NO_OWNER;
    view.ownerVia = via;
    view.ownerShared = shared;
    return owner === undefined ? COUNTER.UNOWNED + reason : COUNTER.OWNED + via - 1;
  }

  /** Asks. @returns why there will be no answer; LATE: there may be one */
  private refusal(foreign: boolean): number {
    if (this.board.get(OWNER_NUMBER.RUNNING) === 0) return UNOWNED.STOPPED;
    const { key, connections } = this;
    this.answersBefore = connections.answers;
    return this.asks.put(key, foreign, connections.notes.synOf(key), connections.notes.sinceUsOf(key)) ? UNOWNED.LATE : UNOWNED.REFUSED;
  }

  /** @returns what is known in the end */
  private waitForAnswer(): number {
    const { key, connections } = this;
    let answers = this.answersBefore;
    writeSync(this.wakeFd, this.one);
    const beganMs = performance.now();
    this.waitMs = Math.min(MOST_WAIT_MS, this.waitMs + (beganMs - this.waitedAtMs) * WAIT_SHARE);
    const endMs = beganMs + this.waitMs;
    let state: number = OWNERSHIP.NONE;
    let nowMs = beganMs;
    while (state === OWNERSHIP.NONE && nowMs < endMs) {
      connections.waitForAnswer(answers, endMs - nowMs);
      answers = connections.answers;
      state = connections.find(key);
      nowMs = performance.now();
    }
    this.waitMs -= nowMs - beganMs;
    this.waitedAtMs = nowMs;
    return state;
  }
}
