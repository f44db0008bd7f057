// One format's parse of a batch: the lines, and what must hold of them.

import assert from 'node:assert/strict';
import { BatchParser, MAX_PAYLOAD_BYTES } from '../../src/pipeline/batch_parser.js';
import { REGION_BYTES } from '../../src/pipeline/engine.js';
import { LineOutput } from '../../src/pipeline/line_output.js';
import { LinkCache } from '../../src/pipeline/link_cache.js';
import { Policy } from '../../src/policy/policy.js';
import { COUNTER, COUNTERS, SKIP_REASONS } from '../../src/record/counters.js';
import type { LocalAddresses } from '../../src/record/locality.js';
import type { LineFormat, RecordView } from '../../src/record/view.js';
import type { BatchConsumer } from '../../src/ring/batch_consumer.js';
import { BLOCK, BLOCK_NUMBER, type LineBlock, LineBlock as Block, SEGMENT } from '../../src/ring/line_blocks.js';
import { makeBlocks } from '../support/blocks.js';
import type { FuzzedFormat } from './formats.js';

const LF = 0x0a;
const KINDS = 4;

/** The rings of the frames as they were read, with poison around each, and of the latter with every read looked at. */
export interface Rings {
  readonly plain: BatchConsumer;
  readonly poisoned: BatchConsumer;
  readonly guarded: BatchConsumer;
}

export class FormatRun {
  /** records of the last batch */
  records = 0;
  private readonly blocks: readonly LineBlock[];
  private readonly lines: Uint8Array[] = [];
  private readonly counters = new Float64Array(COUNTERS);
  private readonly plainCounters = new Float64Array(COUNTERS);
  private plainLines: Buffer = Buffer.alloc(0);
  private parsers: { readonly [ring in keyof Rings]: BatchParser } | undefined;

  constructor(private readonly format: FuzzedFormat) {
    this.blocks = makeBlocks(2, format.split ? KINDS : 1, REGION_BYTES);
  }

  /** Makes ready for captures whose interfaces are in this table. */
  begin(links: SharedArrayBuffer, rings: Rings, local: LocalAddresses): void {
    const { split, headers, policy } = this.format;
    const parser = (ring: BatchConsumer): BatchParser => {
      const output = new LineOutput(this.blocks, false, (number) => this.take(this.blocks[number]), () => false);
      const format = new BoundedFormat(this.format.make());
      const options = { ports: undefined, split, limit: -1, headers, policy: new Policy(policy, headers, MAX_PAYLOAD_BYTES) };
      return new BatchParser(ring, new LinkCache(links, () => undefined), format, output, options, local);
    };
    this.parsers = { plain: parser(rings.plain), poisoned: parser(rings.poisoned), guarded: parser(rings.guarded) };
  }

  /** Parses the claimed batch of the plain ring and checks its lines. */
  parsePlain(): void {
    this.plainLines = this.parse('plain');
    this.plainCounters.set(this.counters);
    this.checkCounters();
    const lines = this.checkLines();
    assert.equal(lines, this.records, `${this.format.name}: lines and records`);
    assert.equal(this.plainLines.length, this.counters[COUNTER.LINE_BYTES], `${this.format.name}: bytes of lines`);
  }

  /** Parses the claimed batch of the poisoned ring: the same lines, or what stands around the frames was taken for theirs. */
  parsePoisoned(what: string): void {
    this.compare('poisoned', what);
  }

  /** The same with every read looked at. */
  parseGuarded(): void {
    this.compare('guarded', 'the guard');
  }

  private compare(ring: keyof Rings, what: string): void {
    const lines = this.parse(ring);
    if (!lines.equals(this.plainLines)) {
      assert.equal(lines.toString('latin1'), this.plainLines.toString('latin1'), `${this.format.name}: ${what} around the frames shows`);
    }
    assert.deepEqual(this.counters, this.plainCounters, `${this.format.name}: ${what} around the frames counts`);
  }

  private parse(ring: keyof Rings): Buffer {
    this.lines.length = 0;
    assert.equal(this.parsers?.[ring].parse(), true);
    return Buffer.concat(this.lines);
  }

  /** The log writer's part. */
  private take(block: LineBlock): void {
    const { words, bytes, numbers } = block;
    for (let segment = 0; segment < words[BLOCK.SEGMENTS]; segment++) {
      const at = Block.segment(segment);
      const offset = words[at + SEGMENT.OFFSET];
      const lines = bytes.slice(offset, offset + words[at + SEGMENT.LENGTH]);
      assert.equal(countLines(lines), words[at + SEGMENT.LINES], `${this.format.name}: lines of a segment`);
      this.lines.push(lines);
    }
    if (words[BLOCK.LAST] === 1) this.counters.set(numbers.subarray(BLOCK_NUMBER.COUNTERS, BLOCK_NUMBER.COUNTERS + COUNTERS));
    block.setFree();
  }

  /** Every frame is counted once; the records are what their kinds add up to. */
  private checkCounters(): void {
    const { counters } = this;
    const skipped = SKIP_REASONS.reduce((sum, [row]) => sum + counters[row], 0);
    assert.equal(counters[COUNTER.PARSED] + skipped, counters[COUNTER.FRAMES], 'frames add up');
    assert.ok(counters[COUNTER.EMPTY] + counters[COUNTER.NO_MESSAGE] <= counters[COUNTER.PARSED], 'the parsed add up');
    this.records = counters.subarray(COUNTER.RECORDS, COUNTER.RECORDS + KINDS).reduce((a, b) => a + b);
  }

  /** Checks each line. @returns how many there are */
  private checkLines(): number {
    const lines = this.plainLines;
    let count = 0;
    let start = 0;
    for (let end = lines.indexOf(LF); end >= 0; end = lines.indexOf(LF, start)) {
      this.format.check(lines.subarray(start, end));
      count++;
      start = end + 1;
    }
    assert.equal(start, lines.length, `${this.format.name}: the last line ends`);
    return count;
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (const byte of bytes) if (byte === LF) lines++;
  return lines;
}

/** Holds a format to its bound: a line that is longer would be cut, or run into the next region, without a word. */
class BoundedFormat implements LineFormat {
  private most = 0;

  constructor(private readonly format: LineFormat) {}

  period(seconds: number, lengthSeconds: number): number {
    return this.format.period(seconds, lengthSeconds);
  }

  bound(record: RecordView): number {
    this.most = this.format.bound(record);
    return this.most;
  }

  write(out: Uint8Array, at: number, record: RecordView): number {
    const end = this.format.write(out, at, record);
    assert.ok(end - at <= this.most, `a line of ${end - at} bytes, bound ${this.most}`);
    return end;
  }
}
