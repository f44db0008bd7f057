// How fast capture files are read and their frames listed, against merely reading them.
//
//   npx tsc -p . && node dist/bench/savefile_walk.js [FRAMES]
//
// Makes a pcap and a pcapng of the same frames (60, 600 and 1500 bytes in turn) in the temporary directory, reads each a few
// times through the page cache in one thread and prints the best round.

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openSavefile } from '../src/capture/savefile.js';
import { FILL } from '../src/capture/source.js';
import { BatchConsumer } from '../src/ring/batch_consumer.js';
import { BatchProducer } from '../src/ring/batch_producer.js';
import { allocateBatchRing } from '../src/ring/batch_ring.js';
import { allocateLinkTable, LinkRegistry } from '../src/ring/link_table.js';

const FRAMES = Number(process.argv[2] ?? 300_000);
const ROUNDS = 5;
const SLOT_BYTES = 4 << 20;
const LENGTHS = [60, 600, 1500];

/** Writes `header`, then one record for each frame. */
function make(path: string, header: Uint8Array, record: (length: number, number: number) => Uint8Array): void {
  const fd = openSync(path, 'w');
  writeSync(fd, header);
  for (let number = 0; number < FRAMES; number++) writeSync(fd, record(LENGTHS[number % LENGTHS.length], number));
  closeSync(fd);
}

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function makePcap(path: string): void {
  make(path, words(0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1), (length, number) => {
    const record = new Uint8Array(16 + length);
    record.set(words(1_600_000_000 + (number >> 16), number & 0xffff, length, length));
    return record;
  });
}

function makePcapng(path: string): void {
  const section = [0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28];
  make(path, words(...section, 1, 20, 1, 0, 20), (length, number) => {
    const block = new Uint8Array(32 + length);
    block.set(words(6, block.length, 0, 0x5b000, number, length, length));
    block.set(words(block.length), block.length - 4);
    return block;
  });
}

/** @returns bytes read */
function readOnly(path: string, into: Uint8Array): number {
  const fd = openSync(path, 'r');
  let bytes = 0;
  for (let got = 1; got > 0; bytes += got) got = readSync(fd, into, 0, SLOT_BYTES, null);
  closeSync(fd);
  return bytes;
}

/** @returns frames listed */
async function walk(path: string, producer: BatchProducer, consumer: BatchConsumer, links: LinkRegistry): Promise<number> {
  const source = await openSavefile(path, 0, SLOT_BYTES, links, console.error, () => false);
  for (let outcome: number = FILL.MORE; outcome === FILL.MORE; ) {
    producer.acquire(0);
    outcome = await source.fill(producer);
    producer.publish(0, 1, 0, 0);
    consumer.claim(0);
    consumer.release();
  }
  source.close();
  return source.nextFrame - 1;
}

/** Milliseconds of the best round. */
async function best(run: () => unknown): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

const directory = mkdtempSync(join(tmpdir(), 'httplog-bench-'));
const memory = allocateBatchRing(2, SLOT_BYTES, 65536);
const producer = new BatchProducer(memory);
const consumer = new BatchConsumer(memory);
const links = new LinkRegistry(allocateLinkTable());
try {
  for (const [name, maker] of [['pcap', makePcap], ['pcapng', makePcapng]] as const) {
    const path = join(directory, name);
    maker(path);
    const bytes = readOnly(path, producer.bytes);
    const readMs = await best(() => readOnly(path, producer.bytes));
    const walkMs = await best(() => walk(path, producer, consumer, links));
    const frames = await walk(path, producer, consumer, links);
    if (frames !== FRAMES) throw new Error(`${name}: ${frames} frames listed of ${FRAMES}`);
    const millions = (frames / walkMs / 1000).toFixed(1);
    const gigabytes = (bytes / walkMs / 1e6).toFixed(2);
    const extra = (((walkMs - readMs) * 1e6) / frames).toFixed(0);
    console.log(`${name}: ${millions} M frames/s, ${gigabytes} GB/s, ${(walkMs / readMs).toFixed(2)} x reading alone, ${extra} ns a frame on top`);
  }
} finally {
  rmSync(directory, { recursive: true });
}
