// The records of one trace event from a tracing instance of our own.

import { readSync } from 'node:fs';
import type { TraceFormat } from './trace_format.js';
import { TracePageReader, type TraceRecordVisitor } from './trace_page.js';
import { TraceInstance } from './tracefs.js';

/** Pages read in one round of a processor: what is left stays for the next. */
const MOST_PAGES = 64;

export class TracefsRecords {
  private readonly instance: TraceInstance;
  private readonly pages: TracePageReader;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  /**
   * @param root of tracefs
   * @throws TraceError, Error when the kernel's pages are not as we know them
   */
  constructor(root: string, event: string, filter: string) {
    this.instance = new TraceInstance(root, event, filter);
    try {
      this.pages = new TracePageReader(this.instance.pageFormat());
    } catch (error) {
      this.instance.close();
      throw error;
    }
    this.bytes = new Uint8Array(this.pages.pageBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Layout of the event's records. */
  get format(): TraceFormat {
    return this.instance.eventFormat();
  }

  get fds(): readonly number[] {
    return this.instance.pipes;
  }

  /** Hands over what is there, processor by processor. @returns whether more may be there */
  read(visit: TraceRecordVisitor): boolean {
    let more = false;
    for (const fd of this.instance.pipes) {
      let pages = 0;
      while (pages < MOST_PAGES && this.readPage(fd, visit)) pages++;
      more ||= pages === MOST_PAGES;
    }
    return more;
  }

  private readPage(fd: number, visit: TraceRecordVisitor): boolean {
    let bytes = 0;
    try {
      bytes = readSync(fd, this.bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
    // How many records were lost the statistics count; a page only says that there were some.
    if (bytes > 0) this.pages.forEach(this.view, bytes, visit);
    return bytes > 0;
  }

  /** Records that the kernel lost so far. */
  lost(): number {
    const { overrun, dropped } = this.instance.losses();
    return overrun + dropped;
  }

  /** No more of it, but for what the kernel holds. */
  stop(): void {
    this.instance.stop();
  }

  close(): void {
    this.instance.close();
  }
}
