// A BatchParser with everything around it, in one thread: frames go in, lines and counters come out.

import assert from 'node:assert/strict';
import { BatchParser } from '../../src/pipeline/batch_parser.js';
import { LineOutput } from '../../src/pipeline/line_output.js';
import { type FrameFilter, LinkCache } from '../../src/pipeline/link_cache.js';
import type { Network } from '../../src/config/settings.js';
import { utcOffset } from '../../src/record/clock.js';
import { COUNTER } from '../../src/record/counters.js';
import { LocalAddresses } from '../../src/record/locality.js';
import { TextFormat } from '../../src/record/text.js';
import type { LineFormat } from '../../src/record/view.js';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { allocateBatchRing } from '../../src/ring/batch_ring.js';
import { LinkRegistry, allocateLinkTable } from '../../src/ring/link_table.js';
import { type Block, makeBlocks, readBlock } from './blocks.js';
import { SECONDS } from './records.js';

const SLOT_BYTES = 1 << 20;
const REGION_BYTES = 2 << 20;

export interface RigForm {
  /** undefined: every port */
  readonly ports?: readonly number[];
  readonly split?: boolean;
  readonly limit?: number;
  readonly local?: readonly Network[];
  readonly filter?: (linkType: number) => FrameFilter | undefined;
  readonly format?: LineFormat;
}

export interface FrameForm {
  readonly linkType?: number;
  readonly interfaceName?: string;
  /** row 0 of the link table: the interface is not described */
  readonly unknownLink?: boolean;
  readonly wireLength?: number;
  readonly seconds?: number;
  readonly nanoseconds?: number;
  /** a tag the kernel took off, as FRAME.TAG */
  readonly tag?: number;
}

export class ParserRig {
  /** blocks handed over, in order */
  readonly blocks: Block[] = [];
  readonly parser: BatchParser;
  abandoned = false;
  /** whether the writer gives blocks back */
  writing = true;
  private readonly links = allocateLinkTable();
  private readonly registry = new LinkRegistry(this.links);
  private readonly producer: BatchProducer;
  private readonly consumer: BatchConsumer;
  private at = 0;

  constructor({ ports, split = false, limit = -1, local = [], filter = () => undefined, format }: RigForm = {}) {
    const ring = allocateBatchRing(2, SLOT_BYTES, 4096);
    this.producer = new BatchProducer(ring);
    this.consumer = new BatchConsumer(ring);
    const lineBlocks = makeBlocks(2, 4, REGION_BYTES);
    const output = new LineOutput(lineBlocks, false, (number) => {
      this.blocks.push(readBlock(lineBlocks[number]));
      if (this.writing) lineBlocks[number].setFree();
    }, () => this.abandoned);
    const table = ports && new Uint8Array(65536).map((_, port) => (ports.includes(port) ? 1 : 0));
    this.parser = new BatchParser(
      this.consumer, new LinkCache(this.links, filter), format ?? new TextFormat({ zone: utcOffset, addVlan: false, addInterface: false }),
      output, { ports: table, split, limit }, new LocalAddresses(local),
    );
  }

  /** Adds a frame to the open batch, right behind the one before it. */
  frame(bytes: Uint8Array, form: FrameForm = {}): this {
    assert.equal(this.producer.acquire(0), true);
    if (this.producer.frames === 0) this.at = this.producer.start;
    this.producer.bytes.set(bytes, this.at);
    const link = form.unknownLink ? 0 : this.registry.row(form.linkType ?? 1, form.interfaceName ?? '');
    this.producer.add(this.at, bytes.length, form.wireLength ?? bytes.length, form.seconds ?? SECONDS, form.nanoseconds ?? 0, link);
    this.producer.tag(form.tag ?? 0);
    this.at += bytes.length;
    return this;
  }

  /** Publishes the open batch and parses it. @returns what parse() answered */
  parse(firstFrame = 1): boolean {
    assert.equal(this.producer.acquire(0), true);
    this.producer.publish(0, firstFrame, 0, 0);
    assert.equal(this.consumer.claim(0), CLAIM.TAKEN);
    const go = this.parser.parse();
    this.consumer.release();
    return go;
  }

  /** Lines handed over, in the order of their regions in each block. */
  get lines(): string[] {
    return this.blocks.flatMap(({ segments }) => segments).flatMap(({ text }) => text.split('\n').slice(0, -1));
  }

  /** Counters of the last batch that are not zero, by name. */
  get counted(): Record<string, number> {
    const counters = this.blocks.at(-1)!.counters;
    return Object.fromEntries(Object.entries(COUNTER)
      .map(([name, row]): [string, number] => [name, name === 'RECORDS' ? counters.subarray(row, row + 4).reduce((a, b) => a + b) : counters[row]])
      .filter(([, value]) => value !== 0));
  }
}
