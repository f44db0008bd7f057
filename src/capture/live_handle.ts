// What a live source needs of its handle on an interface, however that gets its frames: through libpcap (libpcap_reader.ts) or from
// the kernel's own buffer (afpacket_handle.ts).

import type { CaptureChoice } from '../config/settings.js';
import type { BatchProducer } from '../ring/batch_producer.js';

/** How the frames of an interface come. */
export type CaptureWay = Exclude<CaptureChoice, 'auto'>;

/** After this long the kernel hands over a block that is not full; it looks as often, so one may take twice that. */
export const BLOCK_TIMEOUT_MS = 100;

/** Takes each frame that a handle has put into the open slot. */
export interface FrameSink {
  /**
   * @param offset as FRAME.OFFSET
   * @param nanoseconds below the second
   * @param tag as FRAME.TAG
   */
  frame(offset: number, length: number, wireLength: number, seconds: number, nanoseconds: number, tag: number): void;
}

export interface LiveHandle {
  readonly way: CaptureWay;
  /** for poll() */
  readonly fd: number;
  /** LINKTYPE_ number */
  readonly linkType: number;
  /** whether frame times have nanoseconds (else microseconds) */
  readonly nanoseconds: boolean;
  /** frames it handed over still lie in the kernel's buffer: poll() would not wait, so look again soon instead */
  readonly holding: boolean;
  /** the kernel's buffer fills: frames gathered in the open slot should go to the workers now */
  readonly pressed: boolean;
  /**
   * Puts frames into the open slot and tells the sink each.
   * @param most frames wanted, from 1
   * @returns FILL.MORE or FILL.IDLE
   * @throws SourceError when the interface cannot go on; frames told before that are good
   */
  fill(slot: BatchProducer, most: number, sink: FrameSink): number;
  /** Gives the kernel back what the workers have released. */
  reclaim(producer: BatchProducer): void;
  /** From now on the kernel adds no frame; those it holds can still be read. */
  stopIntake(): void;
  /**
   * The kernel's counters since the handle was opened, modulo 2^32: received (with dropped), dropped, dropped by the interface, and the times
   * that its buffer was full, left alone where it does not tell.
   */
  readStatistics(into: Uint32Array): boolean;
  /** Safe to call twice. */
  close(): void;
}
