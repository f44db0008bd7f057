// One capture file through reader, decoder, HTTP scan and every format, in this thread, with everything checked that must hold
// whatever the bytes are.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSavefile } from '../../src/capture/savefile.js';
import { FILL, SourceError } from '../../src/capture/source.js';
import { parseNetwork } from '../../src/config/network.js';
import { BatchConsumer, CLAIM } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { FRAME, FRAME_WORDS, allocateBatchRing } from '../../src/ring/batch_ring.js';
import { LinkRegistry, UNKNOWN_LINK_TYPE, allocateLinkTable } from '../../src/ring/link_table.js';
import { LocalAddresses } from '../../src/record/locality.js';
import { TUNNELS } from '../../src/wire/encap.js';
import { followTunnels } from '../../src/wire/layers.js';
import { FUZZED_FORMATS, type FuzzedFormat } from './formats.js';
import { FormatRun } from './format_run.js';

/** Where files are in memory: most of the time would go into opening them. */
const MEMORY = '/dev/shm';
/** Small, so that records longer than a slot and those across two are not rare. */
const SLOT_BYTES = 64 << 10;
const SLOT_FRAMES = 256;
/** Room around every frame for bytes that must not show. */
const MARGIN_BYTES = 96;
/** Line ends, digits and the second byte of a UTF-8 character are what a parser that reads too far would take for its own. */
const POISONS = [0x0a, 0x31, 0xbf] as const;
/** Every read is looked at in one capture of so many: it takes a hundred times as long. */
const GUARDED_EVERY = 8;
/** The table of interfaces, which has an end, and the parsers serve so many captures. */
const FRESH_EVERY = 100;
/** More slots than any input fills. */
const MOST_SLOTS = 10_000;

const LOCAL = ['198.18.1.1', '2001:db8:1::/48'].flatMap((text) => parseNetwork(text) ?? []);

export class Harness {
  /** what went through so far */
  frames = 0;
  records = 0;
  private readonly directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'httplog-fuzz-'));
  private readonly path = join(this.directory, 'capture');
  private readonly links = allocateLinkTable();
  private registry = new LinkRegistry(this.links);
  private readonly ring = allocateBatchRing(2, SLOT_BYTES, SLOT_FRAMES);
  private readonly producer = new BatchProducer(this.ring);
  private readonly consumer = new BatchConsumer(this.ring);
  private readonly poisoned = allocateBatchRing(2, SLOT_BYTES + (SLOT_FRAMES + 1) * MARGIN_BYTES, SLOT_FRAMES);
  private readonly poisonedProducer = new BatchProducer(this.poisoned);
  private readonly poisonedConsumer = new BatchConsumer(this.poisoned);
  /** of the poisoned ring: 1 for a byte that belongs to a frame */
  private readonly inFrame = new Uint8Array(this.poisoned.bytes.byteLength);
  private readonly guardedConsumer = guardedConsumer(this.poisonedConsumer, this.inFrame);
  private captures = 0;
  private readonly runs: FormatRun[];
  private readonly local = new LocalAddresses(LOCAL);

  constructor(formats: readonly FuzzedFormat[] = FUZZED_FORMATS) {
    followTunnels(TUNNELS);
    this.runs = formats.map((format) => new FormatRun(format));
  }

  /** @throws whatever is wrong: any exception but the reader's SourceError, and every check that does not hold */
  async try(file: Uint8Array): Promise<void> {
    writeFileSync(this.path, file);
    if (this.captures++ % FRESH_EVERY === 0) this.beginAnew();
    try {
      await this.read();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      assertOneLine(error.message);
    }
  }

  close(): void {
    followTunnels([]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async read(): Promise<void> {
    const { producer } = this;
    const source = await openSavefile(this.path, 0, SLOT_BYTES, this.registry, assertOneLine, () => false);
    try {
      for (let slots = 0; ; slots++) {
        assert.ok(slots < MOST_SLOTS, 'the reader does not come to an end');
        assert.equal(producer.acquire(0), true);
        const firstFrame = source.nextFrame;
        let outcome: number = FILL.END;
        try {
          outcome = await source.fill(producer);
        } finally {
          // What was listed before a damaged place is good and has to be parsed.
          assert.equal(source.nextFrame - firstFrame, producer.frames, 'frames numbered and frames listed');
          this.parse(firstFrame);
        }
        if (outcome === FILL.END) return;
      }
    } finally {
      source.close();
    }
  }

  /** Parses the open slot as it is, and with poison around every frame: nothing may change. */
  private parse(firstFrame: number): void {
    const { producer, consumer } = this;
    this.frames += producer.frames;
    producer.publish(0, firstFrame, 0, 0);
    assert.equal(consumer.claim(0), CLAIM.TAKEN);
    for (const run of this.runs) run.parsePlain();
    this.records += this.runs[0]?.records ?? 0;
    for (const poison of POISONS) {
      this.poison(poison, firstFrame);
      assert.equal(this.poisonedConsumer.claim(0), CLAIM.TAKEN);
      for (const run of this.runs) run.parsePoisoned(`poison ${poison}`);
      if (poison === POISONS.at(-1) && this.captures % GUARDED_EVERY === 1) for (const run of this.runs) run.parseGuarded();
      this.poisonedConsumer.release();
    }
    consumer.release();
  }

  /** Lays the claimed frames out anew in the other ring, `poison` before, between and behind them. */
  private poison(poison: number, firstFrame: number): void {
    const { consumer, poisonedProducer: to } = this;
    const { index, bytes } = consumer;
    assert.equal(to.acquire(0), true);
    const slotStart = (consumer.batch & 1) * SLOT_BYTES;
    let at = to.start;
    this.inFrame.fill(0, to.start, to.limit);
    for (let number = 0, word = consumer.firstWord; number < consumer.frames; number++, word += FRAME_WORDS) {
      const offset = index[word + FRAME.OFFSET];
      const length = index[word + FRAME.LENGTH];
      assert.ok(offset >= slotStart && offset + length <= slotStart + SLOT_BYTES, 'a frame lies in its slot');
      assert.ok(index[word + FRAME.NANOSECONDS] < 1e9, 'nanoseconds of a second');
      to.bytes.fill(poison, at, at + MARGIN_BYTES);
      at += MARGIN_BYTES;
      to.bytes.set(bytes.subarray(offset, offset + length), at);
      this.inFrame.fill(1, at, at + length);
      const seconds = index[word + FRAME.SECONDS_HIGH] * 0x100000000 + index[word + FRAME.SECONDS];
      to.add(at, length, index[word + FRAME.WIRE_LENGTH], seconds, index[word + FRAME.NANOSECONDS], index[word + FRAME.LINK]);
      at += length;
    }
    to.bytes.fill(poison, at, at + MARGIN_BYTES);
    to.publish(0, firstFrame, 0, 0);
  }

  /** A new table of interfaces in the same memory, and new parsers for it. */
  private beginAnew(): void {
    const words = new Uint32Array(this.links);
    words.fill(0);
    words[0] = UNKNOWN_LINK_TYPE;
    this.registry = new LinkRegistry(this.links);
    const rings = { plain: this.consumer, poisoned: this.poisonedConsumer, guarded: this.guardedConsumer };
    for (const run of this.runs) run.begin(this.links, rings, this.local);
  }
}

/**
 * The consumer with bytes that throw when one outside of every frame is read. Who reads words from their buffer gets the real one: what
 * it reads too far shows by the poison.
 */
function guardedConsumer(consumer: BatchConsumer, inFrame: Uint8Array): BatchConsumer {
  const bytes = new Proxy(consumer.bytes, {
    get(target, key) {
      if (key === 'buffer' || key === 'byteOffset' || key === 'length') return target[key];
      const index = Number(key);
      if (inFrame[index] !== 1) throw new RangeError(`read at ${String(key)}, outside of every frame`);
      return target[index];
    },
  });
  return Object.create(consumer, { bytes: { value: bytes } }) as BatchConsumer;
}

/** What the user is told is one line that moves no cursor. */
function assertOneLine(text: string): void {
  assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f]/);
}
