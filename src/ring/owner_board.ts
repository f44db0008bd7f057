// The owner board: how the thread that finds out whose connections are (-proc) stands. It alone writes, but for RUNNING and RESTARTS, which
// the main thread writes while it is not there; anyone reads (aligned 8-byte stores do not tear on the platforms Node runs on).
//
// A look-up is of an end of a connection: begun at its first packet, when a record asked, when the socket was handed on. Each is in one of FOUND, ELSEWHERE,
// UNKNOWN, NO_ROOM, AGAIN and UNDER_WAY.

/** Its numbers. */
export const OWNER_NUMBER = {
  /** 1 while the thread answers */
  RUNNING: 0,
  /** threads that broke and were replaced */
  RESTARTS: 1,
  /** look-ups that found a process, by VIA (record/owner.ts), from here on */
  FOUND: 2,
  /** no end of this host: the other end of a connection */
  ELSEWHERE: 5,
  /** given up */
  UNKNOWN: 6,
  /** not begun: too many were under way */
  NO_ROOM: 7,
  /** the same ends had a new connection, or the thread broke */
  AGAIN: 8,
  UNDER_WAY: 9,
  /** of those found, by the kernel's trace of connections */
  TRACED: 10,
  /** of those found, over before their descriptor could be seen, and told by what alone listens there */
  SOLE_LISTENER: 11,
  /** the kernel had no room for: records of its trace, process events, first packets */
  TRACE_LOST: 12,
  EVENTS_LOST: 13,
  SYNS_LOST: 14,
} as const;
const NUMBERS = 16;

export function allocateOwnerBoard(): SharedArrayBuffer {
  return new SharedArrayBuffer(NUMBERS * Float64Array.BYTES_PER_ELEMENT);
}

/** Either end of the board. */
export class OwnerBoard {
  private readonly numbers: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.numbers = new Float64Array(memory);
  }

  /** @param number one of OWNER_NUMBER */
  get(number: number): number {
    return this.numbers[number];
  }

  set(number: number, value: number): void {
    this.numbers[number] = value;
  }

  add(number: number, count = 1): void {
    this.numbers[number] += count;
  }
}
