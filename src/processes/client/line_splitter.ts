// Whole lines out of a stream of bytes: most of a chunk passes as it is; only the line that a chunk cuts is put together.

const LF = 0x0a;

export class LineSplitter {
  /** the beginning of a line whose end is yet to come */
  private rest: Uint8Array[] = [];
  private restBytes = 0;

  /** @param mostBytes of a line */
  constructor(private readonly mostBytes: number) {}

  /**
   * @returns whole lines, in their order, each ended by LF; undefined when a line is too long
   */
  push(chunk: Uint8Array): readonly Uint8Array[] | undefined {
    const end = chunk.lastIndexOf(LF) + 1;
    const lines: Uint8Array[] = [];
    if (end > 0) {
      if (this.restBytes > 0) lines.push(...this.rest);
      lines.push(chunk.subarray(0, end));
      this.rest = [];
      this.restBytes = 0;
    }
    if (end < chunk.length) {
      this.rest.push(chunk.subarray(end));
      this.restBytes += chunk.length - end;
    }
    return this.restBytes > this.mostBytes ? undefined : lines;
  }

  /** Bytes of a line that never ended. */
  get unfinished(): number {
    return this.restBytes;
  }
}
