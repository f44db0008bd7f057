// Whether there is room for further lines (-min_free, -max_disk). Writing stops when there is none and no file left to remove, and goes
// on when there is clearly more than the limit: hysteresis, or it would stop and go with every other file of somebody else.

export interface RoomLimits {
  /** percent of the file system, 0 to 99; 0: no limit */
  readonly minFreePercent: number;
  /** all log files of the directory together; Infinity: no limit */
  readonly maxDiskBytes: number;
}

/** Percent of the file system above -min_free, and of -max_disk below it, before writing goes on. */
const RESUME_PERCENT = 1;

export interface RoomNow {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** of all log files of the directory */
  readonly logBytes: number;
}

export class RoomGate {
  private held: string | undefined;

  constructor(private readonly limits: RoomLimits) {}

  /** Why no line is written, in words; undefined when lines are written. */
  get reason(): string | undefined {
    return this.held;
  }

  /** Bytes that have to go before there is room again; 0: none. */
  missingBytes({ freeBytes, totalBytes, logBytes }: RoomNow): number {
    const { minFreePercent, maxDiskBytes } = this.limits;
    const [free, disk] = this.held === undefined
      ? [minFreePercent, maxDiskBytes]
      : [minFreePercent === 0 ? 0 : Math.min(100, minFreePercent + RESUME_PERCENT), maxDiskBytes * (1 - RESUME_PERCENT / 100)];
    return Math.max(0, Math.ceil((totalBytes * free) / 100 - freeBytes), logBytes - disk);
  }

  /** @param exhausted no file is left that could be removed */
  update(now: RoomNow, exhausted: boolean): void {
    if (this.missingBytes(now) === 0) this.held = undefined;
    else if (exhausted) this.held ??= this.describe(now);
  }

  private describe({ freeBytes, totalBytes, logBytes }: RoomNow): string {
    const { minFreePercent, maxDiskBytes } = this.limits;
    if (logBytes > maxDiskBytes) return `the log files have ${showBytes(logBytes)}, -max_disk allows ${showBytes(maxDiskBytes)}`;
    return `${percent(freeBytes, totalBytes)} of the file system is free, -min_free asks for ${minFreePercent}`;
  }
}

function percent(part: number, whole: number): string {
  return `${(whole === 0 ? 100 : (part / whole) * 100).toFixed(1)} %`;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `1.5 GiB` */
export function showBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}
