// The log writer's look at line blocks, for tests of what fills them.

import { BLOCK, BLOCK_NUMBER, LineBlock, RECORD, RECORD_WORDS, SEGMENT, allocateLineBlock } from '../../src/ring/line_blocks.js';
import { COUNTERS } from '../../src/record/counters.js';
import { latin1Text } from './fence.js';

export interface Segment {
  readonly region: number;
  readonly day: number;
  readonly lines: number;
  readonly text: string;
}

export interface Block {
  readonly batch: number;
  readonly source: number;
  readonly last: boolean;
  readonly watermark: readonly [seconds: number, nanoseconds: number];
  readonly segments: readonly Segment[];
  readonly records: readonly { readonly seconds: number; readonly nanoseconds: number; readonly segment: number; readonly line: string }[];
  readonly counters: Float64Array;
}

export function makeBlocks(count: number, regions: number, regionBytes: number, merging = false): LineBlock[] {
  return Array.from({ length: count }, () => new LineBlock(allocateLineBlock(regions, regionBytes, merging)));
}

/** A copy of what a full block holds. */
export function readBlock({ words, numbers, bytes, records }: LineBlock): Block {
  const text = (offset: number, length: number): string => latin1Text(bytes.subarray(offset, offset + length));
  return {
    batch: words[BLOCK.BATCH],
    source: words[BLOCK.SOURCE],
    last: words[BLOCK.LAST] === 1,
    watermark: [numbers[BLOCK_NUMBER.WATERMARK_SECONDS], numbers[BLOCK_NUMBER.WATERMARK_NANOSECONDS]],
    segments: Array.from({ length: words[BLOCK.SEGMENTS] }, (_, segment) => {
      const at = LineBlock.segment(segment);
      return {
        region: words[at + SEGMENT.REGION],
        day: words[at + SEGMENT.PERIOD],
        lines: words[at + SEGMENT.LINES],
        text: text(words[at + SEGMENT.OFFSET], words[at + SEGMENT.LENGTH]),
      };
    }),
    records: Array.from({ length: words[BLOCK.RECORDS] }, (_, record) => {
      const at = record * RECORD_WORDS;
      return {
        seconds: records[at + RECORD.SECONDS],
        nanoseconds: records[at + RECORD.NANOSECONDS],
        segment: records[at + RECORD.SEGMENT],
        line: text(records[at + RECORD.OFFSET], records[at + RECORD.LENGTH]),
      };
    }),
    counters: numbers.slice(BLOCK_NUMBER.COUNTERS, BLOCK_NUMBER.COUNTERS + COUNTERS),
  };
}
