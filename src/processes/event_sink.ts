// Where process events go: standard output, or the clients of a socket. The main thread hands every batch to every sink.

/** Takes events and never makes the source wait: a sink that cannot pass them on at once has a bounded buffer, and counts what it drops. */
export interface EventSink {
  /**
   * Takes the lines of a batch.
   * @param lines whole lines, each ended by LF, in the order of events; shared by all sinks: to be read, not to be written to, for as long as wanted
   * @param events how many lines, from 1
   */
  publish(lines: Uint8Array, events: number): void;
  /**
   * The source itself lost events, which everybody is told in a line of his own: the kernel's buffer was full.
   * @param count how many, from 1
   */
  lost(count: number): void;
  /** Passes on what it still holds, as far as that goes within a bounded time, and frees everything. Events published later are dropped. */
  close(): Promise<void>;
}

/** The line that says how many events are missing at its place. */
export function lostLine(count: number): string {
  return `{"event":"lost","count":${count}}\n`;
}
