// The source board: what the capture thread knows of each source, for the totals. One row of numbers a source; the
// capture thread alone writes, anyone reads (aligned 8-byte stores do not tear on the platforms Node runs on).

/** Most sources there can be in one run: files of a replay, or interfaces of `-i any` since the start. */
export const MAX_SOURCES = 4096;

/** Numbers of a row. */
export const SOURCE = {
  /** frames the source says it saw: of the kernel when live, of the file on replay */
  RECEIVED: 0,
  /** of these, dropped by the kernel for want of buffer */
  DROPPED: 1,
  /** handed to the ring; each is in exactly one batch */
  HANDED: 2,
  /** received by the kernel before our filter took effect, and after -c was reached */
  PREFILTER: 3,
  /** dropped by the interface itself: beside the sum */
  INTERFACE_DROPPED: 4,
  /** bytes read of the file (compressed ones of a .gz) */
  BYTES_READ: 5,
  /** size of the file, 0 where unknown */
  BYTES_TOTAL: 6,
  /** 1 while the source is open */
  OPEN: 7,
  /** times that the kernel's buffer was full, and frames were dropped until it had room (AF_PACKET alone tells) */
  BUFFER_FULL: 8,
} as const;
export const SOURCE_NUMBERS = 9;

export function allocateSourceBoard(): SharedArrayBuffer {
  return new SharedArrayBuffer(MAX_SOURCES * SOURCE_NUMBERS * 8);
}

/** Either end of the board. */
export class SourceBoard {
  private readonly numbers: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.numbers = new Float64Array(memory);
  }

  /** @param number one of SOURCE */
  get(source: number, number: number): number {
    return this.numbers[source * SOURCE_NUMBERS + number];
  }

  /** The capture thread only. @param number one of SOURCE */
  set(source: number, number: number, value: number): void {
    this.numbers[source * SOURCE_NUMBERS + number] = value;
  }

  /** The capture thread only. */
  add(source: number, number: number, value: number): void {
    this.numbers[source * SOURCE_NUMBERS + number] += value;
  }
}
