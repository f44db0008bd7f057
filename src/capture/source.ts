// What a source of frames is: an interface or a file. Sources live in the capture thread, which asks them in turn to
// fill slots of the batch ring (batch_ring.ts); how they are opened is theirs (libpcap.ts, savefile.ts).

import type { BatchProducer } from '../ring/batch_producer.js';

/** What FrameSource.fill() came to. */
export const FILL = {
  /** the slot holds frames, more may follow at once */
  MORE: 0,
  /** nothing more now; the slot may hold frames (live: wait with poll) */
  IDLE: 1,
  /** the source is at its end; the slot may hold frames */
  END: 2,
} as const;

export interface FrameSource {
  /** its row on the source board */
  readonly row: number;
  /** for messages: the interface or file name */
  readonly name: string;
  /** ordinal of the next frame it will list, from 1; grows by the frames of each fill */
  readonly nextFrame: number;
  /** time of the newest frame it listed; 0 and 0 before the first */
  readonly newestSeconds: number;
  readonly newestNanoseconds: number;
  /**
   * Puts frames into the open slot and lists them; one call, many frames.
   * @returns one of FILL; a promise only where the bytes have to be waited for (a pipe, a .gz)
   * @throws SourceError when the source cannot go on; frames listed before that are good and get published
   */
  fill(slot: BatchProducer): number | Promise<number>;
  /** Frees what it holds. Safe to call twice. */
  close(): void;
}

/** A source that cannot be opened or cannot go on: `message` is one line for the user: what, where, what to do. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** A BPF expression with a mistake: what was asked for cannot be, whatever the source. */
export class FilterSyntaxError extends SourceError {}
