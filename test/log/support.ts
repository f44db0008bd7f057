// What the tests of the log share: filled blocks, sinks and files that misbehave on request, seeded chance.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COUNTERS } from '../../src/record/counters.js';
import {
  BLOCK, BLOCK_NUMBER, LineBlock, RECORD, RECORD_WORDS, SEGMENT, allocateLineBlock,
} from '../../src/ring/line_blocks.js';
import { systemFiles, type FileAccess } from '../../src/log/file_access.js';
import type { LineSink } from '../../src/log/line_sink.js';
import type { LineRun } from '../../src/log/lines.js';
import type { LogError } from '../../src/log/log_error.js';
import { WriteLedger } from '../../src/log/write_ledger.js';

export const REGION_BYTES = 4096;
/** 2019-09-01 */
export const DAY = 18140;

/** One line: text without its newline, and for merging its time. */
export interface TestLine {
  readonly text: string;
  readonly region?: number;
  readonly day?: number;
  readonly seconds?: number;
  readonly nanoseconds?: number;
}

export interface TestBatch {
  readonly batch: number;
  readonly lines: readonly TestLine[];
  readonly last?: boolean;
  readonly source?: number;
  readonly watermark?: readonly [seconds: number, nanoseconds: number];
  readonly counter?: number;
}

export function makeBlock(regions = 1, merging = false): LineBlock {
  return new LineBlock(allocateLineBlock(regions, REGION_BYTES, merging));
}

export function isFree(block: LineBlock): boolean {
  return block.waitFree(0);
}

/** Fills a block as a parsing worker does: a region's lines one after the other, a segment a run of one day. */
export function fill(block: LineBlock, { batch, lines, last = true, source = 0, watermark, counter = 0 }: TestBatch): void {
  const { words, numbers, bytes, records } = block;
  const used = [0, 0, 0, 0];
  const segmentOf = [-1, -1, -1, -1];
  let segments = 0;
  lines.forEach(({ text, region = 0, day = DAY, seconds = 0, nanoseconds = 0 }, record) => {
    const offset = region * REGION_BYTES + used[region];
    let segment = segmentOf[region];
    if (segment < 0 || words[LineBlock.segment(segment) + SEGMENT.PERIOD] !== day) {
      segment = segments++;
      segmentOf[region] = segment;
      words.set([region, day, offset, 0, 0], LineBlock.segment(segment));
    }
    const line = Buffer.from(`${text}\n`, 'latin1');
    if (used[region] + line.length > REGION_BYTES) throw new Error('the test block is too small');
    bytes.set(line, offset);
    used[region] += line.length;
    words[LineBlock.segment(segment) + SEGMENT.LENGTH] += line.length;
    words[LineBlock.segment(segment) + SEGMENT.LINES]++;
    if (records.length === 0) return;
    const at = record * RECORD_WORDS;
    records[at + RECORD.SECONDS] = seconds;
    records[at + RECORD.NANOSECONDS] = nanoseconds;
    records[at + RECORD.SEGMENT] = segment;
    records[at + RECORD.OFFSET] = offset;
    records[at + RECORD.LENGTH] = line.length;
  });
  words[BLOCK.BATCH] = batch;
  words[BLOCK.LAST] = last ? 1 : 0;
  words[BLOCK.SOURCE] = source;
  words[BLOCK.SEGMENTS] = segments;
  words[BLOCK.RECORDS] = records.length === 0 ? 0 : lines.length;
  numbers[BLOCK_NUMBER.WATERMARK_SECONDS] = watermark?.[0] ?? 0;
  numbers[BLOCK_NUMBER.WATERMARK_NANOSECONDS] = watermark?.[1] ?? 0;
  numbers.fill(counter, BLOCK_NUMBER.COUNTERS, BLOCK_NUMBER.COUNTERS + COUNTERS);
  block.setFull();
}

/** A ledger that keeps what it was told to report. */
export class TestLedger extends WriteLedger {
  readonly errors: LogError[] = [];
  recoveries = 0;

  constructor(now?: () => number) {
    super({ onError: (error) => this.errors.push(error), onRecovery: () => this.recoveries++ }, now);
  }
}

/** Keeps the text it is given, after a wait. */
export class MemorySink implements LineSink {
  readonly ledger = new TestLedger();
  readonly writes: string[] = [];
  reopened = 0;
  tended = 0;
  closed = false;
  private busy = false;

  constructor(private readonly wait: () => Promise<unknown> = () => Promise.resolve()) {}

  get text(): string {
    return this.writes.join('');
  }

  async write(runs: readonly LineRun[]): Promise<void> {
    if (this.busy || this.closed) throw new Error('two calls at a time, or after close');
    this.busy = true;
    await this.wait();
    const text = runs.map(runText).join('');
    this.writes.push(text);
    this.ledger.wrote(runs.reduce((sum, run) => sum + run.lines, 0), text.length);
    this.busy = false;
  }

  async reopen(): Promise<void> {
    this.reopened++;
  }

  async tend(): Promise<void> {
    this.tended++;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

export function runText(run: LineRun): string {
  return Buffer.from(run.bytes).toString('latin1');
}

/** A run of lines for a sink. */
export function runOf(lines: readonly string[], day = DAY, region = 0): LineRun {
  return { region, period: day, bytes: Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1'), lines: lines.length };
}

export function systemError(code: string, errno: number): Error {
  return Object.assign(new Error(`${code}: injected`), { code, errno: -errno });
}
export const INJECTED = {
  EINTR: systemError('EINTR', 4),
  EIO: systemError('EIO', 5),
  EAGAIN: systemError('EAGAIN', 11),
  ENOSPC: systemError('ENOSPC', 28),
  EROFS: systemError('EROFS', 30),
  EPIPE: systemError('EPIPE', 32),
  EDQUOT: systemError('Unknown system error -122', 122),
} as const;

/** Passes on to the system's files, except for what a test replaces. */
export function filesWith(changes: Partial<FileAccess>): FileAccess {
  return { ...systemFiles, ...changes };
}

/** The first bytes of parts, for a write that is to come out short. */
export function firstBytes(parts: readonly Uint8Array[], count: number): Uint8Array {
  return Buffer.concat(parts).subarray(0, count);
}

/** mulberry32: chance that a failing test can repeat. @returns a function that gives integers from 0 to below - 1 */
export function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Runs the test in a directory of its own. */
export async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-log-'));
  try {
    await test(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export function makeFifo(path: string): void {
  execFileSync('mkfifo', [path]);
}

export function textOf(path: string): string {
  return readFileSync(path, 'latin1');
}
