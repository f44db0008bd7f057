// The worker board: how long each parsing worker has been at work. One row of numbers a worker, which that worker alone
// writes, a batch at a time; anyone reads (aligned 8-byte stores do not tear on the platforms Node runs on).

/** Numbers of a row. */
export const WORKER = {
  /** batches parsed */
  BATCHES: 0,
  /** milliseconds between taking a batch and giving it back, waiting for the log writer included */
  BUSY_MS: 1,
} as const;
/** One cache line a worker. */
const NUMBERS = 8;

export function allocateWorkerBoard(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * NUMBERS * 8);
}

/** Either end of the board. */
export class WorkerBoard {
  private readonly numbers: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.numbers = new Float64Array(memory);
  }

  /** How many workers it has rows for. */
  get workers(): number {
    return this.numbers.length / NUMBERS;
  }

  /** @param number one of WORKER */
  get(worker: number, number: number): number {
    return this.numbers[worker * NUMBERS + number];
  }

  /** The worker only: it has parsed a batch. */
  parsed(worker: number, tookMs: number): void {
    this.numbers[worker * NUMBERS + WORKER.BATCHES]++;
    this.numbers[worker * NUMBERS + WORKER.BUSY_MS] += tookMs;
  }
}
