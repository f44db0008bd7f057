// How often threads may break before the run does: a defect that meets the same traffic again and again must neither spin nor
// stay unnoticed.

/** One more in this time is too much. */
const MOST = 8;
const WINDOW_MS = 600_000;
const FIRST_DELAY_MS = 100;

export class Breakdowns {
  private readonly times: number[] = [];

  /** @param now a monotonic clock, milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * A worker broke.
   * @returns milliseconds to wait before its successor begins: none after the first, then twice as many each time; undefined when
   *   there were too many
   */
  note(): number | undefined {
    const now = this.now();
    this.times.push(now);
    while (now - this.times[0] >= WINDOW_MS) this.times.shift();
    const before = this.times.length - 1;
    if (before >= MOST) return undefined;
    return before === 0 ? 0 : FIRST_DELAY_MS * 2 ** (before - 1);
  }

  /** What note() had enough of, in words. @param what broke, such as `parsing workers` */
  static limit(what: string): string {
    return `more than ${MOST} ${what} broke within ${WINDOW_MS / 60_000} minutes`;
  }
}
