// What a live capture waits for with poll(): frames, news of the host, and to be stopped.

import { EFD_CLOEXEC_NONBLOCK, eventfd, LITTLE_ENDIAN, POLLFD_BYTES, POLLIN, poll } from '../host/libc.js';
import type { LiveSource } from './live_source.js';

/** poll() passes over it. */
const NOT_POLLED = -1;
/** In what poll() waits for: news, stop requests, then the sources. */
const NEWS = 0;
const STOP = 1;
const FIRST_SOURCE = 2;

export class LivePoll {
  /** readable when a stop is requested; stays open, like every descriptor another thread may write to. Below 0: there is none */
  readonly stopDescriptor = eventfd(0, EFD_CLOEXEC_NONBLOCK);
  /** the open sources, by their numbers in hasEvents() */
  sources: readonly LiveSource[] = [];
  private entries = new DataView(new ArrayBuffer(FIRST_SOURCE * POLLFD_BYTES));

  /** @param newsFd readable when there are news of the host */
  constructor(private readonly newsFd: number) {}

  /** Waits for these from now on. */
  watch(sources: readonly LiveSource[]): void {
    this.sources = sources;
    this.entries = new DataView(new ArrayBuffer((sources.length + FIRST_SOURCE) * POLLFD_BYTES));
    this.entries.setInt32(NEWS * POLLFD_BYTES, this.newsFd, LITTLE_ENDIAN);
    for (let index = 0; index < sources.length + FIRST_SOURCE; index++) this.entries.setInt16(index * POLLFD_BYTES + 4, POLLIN, LITTLE_ENDIAN);
  }

  /**
   * Waits until one of them has something. A source that holds frames or is busy is left out: it would end every wait.
   * @param isStopping a stop request was seen already
   */
  wait(timeoutMs: number, isStopping: boolean): void {
    const { entries, sources } = this;
    for (const [index, source] of sources.entries()) {
      entries.setInt32((index + FIRST_SOURCE) * POLLFD_BYTES, source.isResting ? NOT_POLLED : source.fd, LITTLE_ENDIAN);
    }
    entries.setInt32(STOP * POLLFD_BYTES, isStopping ? NOT_POLLED : this.stopDescriptor, LITTLE_ENDIAN);
    poll(new Uint8Array(entries.buffer), sources.length + FIRST_SOURCE, timeoutMs);
  }

  /** Whether the last wait found news of the host. */
  get hasNews(): boolean {
    return this.events(NEWS) !== 0;
  }

  /** Whether the last wait found frames, or an error, of a source. @param source its number */
  hasEvents(source: number): boolean {
    return this.events(source + FIRST_SOURCE) !== 0;
  }

  private events(index: number): number {
    return this.entries.getInt16(index * POLLFD_BYTES + 6, LITTLE_ENDIAN);
  }
}
