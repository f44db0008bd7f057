// Parsing in the capture thread's own time: with one parser, frames are parsed where they were found, a few at a time, while the
// cache still has them.

/** Takes each batch of a live capture as soon as it is published. */
export interface BatchTaker {
  /** the capture's: to be called now and then while take() or handOn() has to wait, for the kernel goes on counting */
  whileWaiting: () => void;
  /** Parses the batch just published and releases its slot. */
  take(): void;
  /**
   * Hands on the lines that were gathered, if they are due.
   * @param nowMs performance.now(); Infinity: they are due, whatever the time
   * @returns when what is left is due; Infinity when there is nothing
   */
  handOn(nowMs: number): number;
}
