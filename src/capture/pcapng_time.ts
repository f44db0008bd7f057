// pcapng times: a 64-bit count of ticks, whose size each interface chooses (if_tsresol), split into seconds and nanoseconds.
// Finer than a nanosecond is cut. The usual ticks (10^-0 to 10^-9) are split with doubles, exactly; BigInt serves the others.

const NANOSECONDS = 1_000_000_000;
const TWO_16 = 0x10000;
const TWO_32 = 0x100000000;

/** 9999-12-31 23:59:59 */
const LAST_SECOND = 253402300799;

/** How long a tick is. */
export interface TickSize {
  /** 1 to 10^9, a power of ten; 0: see `wideTicksPerSecond` */
  readonly ticksPerSecond: number;
  readonly nanosecondsPerTick: number;
  readonly wideTicksPerSecond: bigint;
}

/** @param resolution if_tsresol: the exponent in the low 7 bits; of 2 when the high bit is set, else of 10; both negative */
export function tickSize(resolution: number): TickSize {
  const exponent = resolution & 0x7f;
  const binary = (resolution & 0x80) !== 0;
  if (!binary && exponent <= 9) {
    return { ticksPerSecond: 10 ** exponent, nanosecondsPerTick: 10 ** (9 - exponent), wideTicksPerSecond: 0n };
  }
  return { ticksPerSecond: 0, nanosecondsPerTick: 0, wideTicksPerSecond: (binary ? 2n : 10n) ** BigInt(exponent) };
}

/** A time taken apart; one object serves every frame of a file. */
export class SplitTime {
  /** since 1970, 0 to LAST_SECOND */
  seconds = 0;
  /** 0 to 999,999,999 */
  nanoseconds = 0;

  /**
   * @param high upper 32 bits of the tick count
   * @param low lower 32 bits
   * @returns false for a time before 1970 or after 9999: it is 0 then
   */
  set(tick: TickSize, offsetSeconds: number, high: number, low: number): boolean {
    const ticksPerSecond = tick.ticksPerSecond;
    if (ticksPerSecond === 0) return this.setWide(tick.wideTicksPerSecond, offsetSeconds, high, low);
    // Long division, 16 bits a step. Each remainder is below 10^9, so each dividend is below 2^46 and a quotient's distance
    // to the next integer, 10^-9 at least, is far above a double's rounding there (2^-38): floor() is exact.
    const rest = high % ticksPerSecond;
    const upper = rest * TWO_16 + (low >>> 16);
    const upperQuotient = Math.floor(upper / ticksPerSecond);
    const lower = (upper - upperQuotient * ticksPerSecond) * TWO_16 + (low & 0xffff);
    const lowerQuotient = Math.floor(lower / ticksPerSecond);
    const seconds = ((high - rest) / ticksPerSecond) * TWO_32 + upperQuotient * TWO_16 + lowerQuotient;
    return this.keep(seconds + offsetSeconds, (lower - lowerQuotient * ticksPerSecond) * tick.nanosecondsPerTick);
  }

  private setWide(ticksPerSecond: bigint, offsetSeconds: number, high: number, low: number): boolean {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    const nanoseconds = ((ticks % ticksPerSecond) * BigInt(NANOSECONDS)) / ticksPerSecond;
    return this.keep(Number(ticks / ticksPerSecond) + offsetSeconds, Number(nanoseconds));
  }

  private keep(seconds: number, nanoseconds: number): boolean {
    const isDate = seconds >= 0 && seconds <= LAST_SECOND;
    this.seconds = isDate ? seconds : 0;
    this.nanoseconds = isDate ? nanoseconds : 0;
    return isDate;
  }
}
