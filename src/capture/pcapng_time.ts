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

/** Positions in SplitTime.parts. */
export const PART = {
  /** since 1970, 0 to LAST_SECOND */
  SECONDS: 0,
  /** 0 to 999,999,999 */
  NANOSECONDS: 1,
} as const;

/** A time taken apart; one object serves every frame of a file. */
export class SplitTime {
  /** In a typed array, because numbers this large in plain fields and arguments are objects to the engine, one a frame. */
  readonly parts = new Float64Array(2);

  /**
   * @param at where the tick count stands in `view`: upper 32 bits, then lower 32 bits
   * @param offsetSeconds added to the time
   * @returns false for a time before 1970 or after 9999: it is 0 then
   */
  set(tick: TickSize, offsetSeconds: number, view: DataView, at: number, little: boolean): boolean {
    const { parts } = this;
    const { ticksPerSecond } = tick;
    const high = view.getUint32(at, little);
    const low = view.getUint32(at + 4, little);
    if (ticksPerSecond === 0) {
      this.setWide(tick.wideTicksPerSecond, offsetSeconds, (BigInt(high) << 32n) | BigInt(low));
    } else {
      // Long division, 16 bits a step. Each remainder is below 10^9, so each dividend is below 2^46 and a quotient's distance
      // to the next integer, 10^-9 at least, is far above a double's rounding there (2^-38): floor() is exact.
      // (The % operator would be exact too, and a call of fmod() a frame.)
      const highQuotient = Math.floor(high / ticksPerSecond);
      const upper = (high - highQuotient * ticksPerSecond) * TWO_16 + (low >>> 16);
      const upperQuotient = Math.floor(upper / ticksPerSecond);
      const lower = (upper - upperQuotient * ticksPerSecond) * TWO_16 + (low & 0xffff);
      const lowerQuotient = Math.floor(lower / ticksPerSecond);
      parts[PART.SECONDS] = highQuotient * TWO_32 + upperQuotient * TWO_16 + lowerQuotient + offsetSeconds;
      parts[PART.NANOSECONDS] = (lower - lowerQuotient * ticksPerSecond) * tick.nanosecondsPerTick;
    }
    if (parts[PART.SECONDS] >= 0 && parts[PART.SECONDS] <= LAST_SECOND) return true;
    parts.fill(0);
    return false;
  }

  private setWide(ticksPerSecond: bigint, offsetSeconds: number, ticks: bigint): void {
    this.parts[PART.SECONDS] = Number(ticks / ticksPerSecond) + offsetSeconds;
    this.parts[PART.NANOSECONDS] = Number(((ticks % ticksPerSecond) * BigInt(NANOSECONDS)) / ticksPerSecond);
  }
}
