// What a line block holds, as the sinks take it: runs of whole lines of one file.

import { BLOCK, LineBlock, SEGMENT } from '../ring/line_blocks.js';
import type { LineRun } from './lines.js';

/** Lines of the block. */
export function linesOf({ words }: LineBlock): number {
  let lines = 0;
  for (let segment = 0; segment < words[BLOCK.SEGMENTS]; segment++) lines += words[LineBlock.segment(segment) + SEGMENT.LINES];
  return lines;
}

/** Appends what the block holds: views of it, valid until it is given back. @returns bytes of the runs appended */
export function appendRuns({ words, bytes }: LineBlock, runs: LineRun[]): number {
  let total = 0;
  for (let segment = 0; segment < words[BLOCK.SEGMENTS]; segment++) {
    const at = LineBlock.segment(segment);
    const offset = words[at + SEGMENT.OFFSET];
    const length = words[at + SEGMENT.LENGTH];
    if (length === 0) continue;
    runs.push({
      region: words[at + SEGMENT.REGION],
      period: words[at + SEGMENT.PERIOD],
      bytes: bytes.subarray(offset, offset + length),
      lines: words[at + SEGMENT.LINES],
    });
    total += length;
  }
  return total;
}
