// What moves frames from their sources into line blocks. There are two: threads around the batch ring (threaded_engine.ts), and
// for files on few cores this thread alone (inline_engine.ts). Both run the same capture, parser and line output.

import type { CaptureReport } from '../capture/messages.js';
import type { LineBlock } from '../ring/line_blocks.js';

/** The writer's side of an engine. */
export interface EngineOutput {
  /** takes the number of a full block */
  deliver(block: number): void;
  /** resolves when everything delivered is written, so far as it can be */
  idle(): Promise<void>;
}

export interface Engine {
  /** line blocks by the numbers they are delivered under; may grow while it runs */
  readonly blocks: readonly LineBlock[];
  /**
   * Runs until the sources end or a stop is requested through the ring, and every block was delivered.
   * @throws whatever a thread broke down with
   */
  run(report: CaptureReport, output: EngineOutput): Promise<void>;
}

/** More than the longest line: the longest header section that is read, every byte of it escaped (json: five bytes). */
export const REGION_BYTES = 2 << 20;

/**
 * Line blocks of a worker that parses an interface's frames. An interface does not wait, and few bytes of a block are ever touched:
 * many blocks bridge the moments in which main or the disk is busy.
 */
export const LIVE_BLOCKS = 16;

/** Regions of a line block: one for each file. */
export function regionCount(split: boolean): number {
  return split ? 4 : 1;
}
