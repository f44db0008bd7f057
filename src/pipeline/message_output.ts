// Standard error, without ever waiting for its reader: a terminal that was stopped (Ctrl-S), a pipe that nobody reads or a hung disk would
// hold up the main thread, and the log with it. Lines go out by Node's thread pool, one write at a time; those that come meanwhile wait.

import { type FileAccess, systemFiles } from '../log/file_access.js';
import { writeWhole } from '../log/write_whole.js';

/** Lines that wait beyond that are lost. */
const MOST_WAITING_BYTES = 1 << 18;

export class MessageOutput {
  private waiting: Uint8Array[] = [];
  /** of the lines that wait or are being written */
  private bytes = 0;
  private lost = 0;
  private writing: Promise<void> | undefined;

  /** @param tellLost says how many lines were lost before; called when there is room for that again */
  constructor(private readonly fd: number, private readonly tellLost: (lines: number) => void, private readonly files: FileAccess = systemFiles) {}

  /**
   * Returns at once.
   * @param line ends in a newline
   * @returns false when it is lost, for want of a reader
   */
  put(line: string): boolean {
    const bytes = new TextEncoder().encode(line);
    if (this.bytes + bytes.length > MOST_WAITING_BYTES) {
      this.lost++;
      return false;
    }
    this.waiting.push(bytes);
    this.bytes += bytes.length;
    this.writing ??= this.writeAll();
    return true;
  }

  /** Resolves when nothing waits any more. */
  async written(): Promise<void> {
    while (this.writing !== undefined) await this.writing;
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const lines = this.waiting;
      this.waiting = [];
      const { error } = await writeWhole(this.files, this.fd, lines, Infinity);
      this.bytes -= lines.reduce((sum, line) => sum + line.length, 0);
      // There is nobody to tell where the reader has gone.
      if (error === undefined && this.lost > 0) this.tellAll();
    }
    this.writing = undefined;
  }

  private tellAll(): void {
    const { lost } = this;
    this.lost = 0;
    this.tellLost(lost);
  }
}
