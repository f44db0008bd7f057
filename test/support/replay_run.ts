// Replays files through a small ring in the test's own thread and hands back every frame as a value.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CaptureMessage } from '../../src/capture/messages.js';
import { runReplay } from '../../src/capture/replay.js';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { allocateBatchRing, BatchRingOwner, FRAME, FRAME_WORDS, type BatchRingMemory } from '../../src/ring/batch_ring.js';
import { allocateLinkTable, LinkReader, LinkRegistry } from '../../src/ring/link_table.js';
import { allocateSourceBoard, SourceBoard } from '../../src/ring/source_board.js';

export interface SeenFrame {
  readonly source: number;
  readonly number: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly wireLength: number;
  readonly linkType: number;
  readonly iface: string;
  readonly data: Buffer;
}

export interface SeenBatch {
  readonly source: number;
  readonly frames: number;
  readonly watermark: readonly [number, number];
}

export interface ReplayRun {
  readonly frames: SeenFrame[];
  readonly batches: SeenBatch[];
  readonly opened: string[];
  readonly linkTypes: number[];
  readonly warnings: string[];
  readonly failures: string[];
}

/** A ring that holds a whole replay: nobody takes batches while it runs. */
export class ReplayRig {
  readonly memory: BatchRingMemory;
  readonly owner: BatchRingOwner;
  readonly board = new SourceBoard(allocateSourceBoard());
  private readonly directory = mkdtempSync(join(tmpdir(), 'httplog-replay-'));
  private readonly consumer: BatchConsumer;
  private readonly links = allocateLinkTable();
  private readonly registry = new LinkRegistry(this.links);
  private readonly linkReader = new LinkReader(this.links);

  constructor(slotBytes: number, slotFrames = 64, slots = 1024) {
    this.memory = allocateBatchRing(slots, slotBytes, slotFrames);
    this.owner = new BatchRingOwner(this.memory);
    this.consumer = new BatchConsumer(this.memory);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Writes a file and gives its path. */
  file(name: string, bytes: Uint8Array): string {
    writeFileSync(this.path(name), bytes);
    return this.path(name);
  }

  async bytes(bytes: Uint8Array): Promise<ReplayRun> {
    return this.run([this.file('capture', bytes)]);
  }

  /** Replays the files; a single one a second time, read ahead, which has to make no difference. */
  async run(files: readonly string[]): Promise<ReplayRun> {
    const run = await this.runOnce(files);
    if (files.length > 1) return run;
    const ahead = await this.runOnce(files, (soFar) => this.drain(soFar));
    const { frames, opened, linkTypes, warnings, failures } = run;
    assert.deepEqual({ ...ahead, batches: [] }, { frames, opened, linkTypes, warnings, failures, batches: [] });
    return run;
  }

  private async runOnce(files: readonly string[], meanwhile?: (run: ReplayRun) => void): Promise<ReplayRun> {
    const { run, report } = this.begin();
    const options = { files, slotBytes: this.memory.slotBytes, ...(meanwhile && { meanwhile: () => meanwhile(run) }) };
    await runReplay(options, new BatchProducer(this.memory), this.board, this.registry, report);
    this.drain(run);
    return run;
  }

  /** For runs that are looked at while they go on. */
  begin(): { run: ReplayRun; report: (message: CaptureMessage) => void } {
    const run: ReplayRun = { frames: [], batches: [], opened: [], linkTypes: [], warnings: [], failures: [] };
    const report = (message: CaptureMessage): void => {
      if (message.type === 'opened') {
        assert.equal(message.row, run.opened.length, 'rows are given out in order');
        run.opened.push(message.name);
        run.linkTypes.push(message.linkType);
      }
      if (message.type === 'warning') run.warnings.push(message.text);
      if (message.type === 'failed') run.failures.push(message.text);
    };
    return { run, report };
  }

  /** Starts a run without waiting for its end. */
  start(files: readonly string[]): { run: ReplayRun; ended: Promise<void> } {
    const { run, report } = this.begin();
    const producer = new BatchProducer(this.memory);
    const ended = runReplay({ files, slotBytes: this.memory.slotBytes }, producer, this.board, this.registry, report);
    return { run, ended };
  }

  /** Takes what has been published. */
  drain(run: ReplayRun): void {
    while (this.consumer.claim(0) === CLAIM.TAKEN) {
      this.take(run);
      this.consumer.release();
    }
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private take(run: ReplayRun): void {
    const { consumer, memory } = this;
    const { index, bytes, source } = consumer;
    const start = (consumer.batch & (memory.slots - 1)) * memory.slotBytes;
    run.batches.push({ source, frames: consumer.frames, watermark: [consumer.watermarkSeconds, consumer.watermarkNanoseconds] });
    for (let frame = 0; frame < consumer.frames; frame++) {
      const at = consumer.firstWord + frame * FRAME_WORDS;
      const offset = index[at + FRAME.OFFSET];
      const length = index[at + FRAME.LENGTH];
      assert.ok(offset >= start && offset + length <= start + memory.slotBytes, 'the frame lies in its slot');
      assert.ok(index[at + FRAME.NANOSECONDS] <= 999_999_999, 'nanoseconds are below a second');
      run.frames.push({
        source,
        number: consumer.firstFrame + frame,
        seconds: index[at + FRAME.SECONDS_HIGH] * 0x100000000 + index[at + FRAME.SECONDS],
        nanoseconds: index[at + FRAME.NANOSECONDS],
        wireLength: index[at + FRAME.WIRE_LENGTH],
        linkType: this.linkReader.linkType(index[at + FRAME.LINK]),
        iface: new TextDecoder().decode(this.linkReader.name(index[at + FRAME.LINK])),
        data: Buffer.from(bytes.slice(offset, offset + length)),
      });
    }
  }
}
