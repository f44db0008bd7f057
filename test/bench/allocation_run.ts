// Run by hot_path.test.ts in a process of its own: a fresh engine, whose optimizing compiler does not depend on how busy the machine is
// (--no-concurrent-recompilation), whose young generation is so large that nothing is collected while it is looked at, and which does not
// collect for having had time to (--no-memory-reducer: some seconds after the last collection, however little there is).
//
//   node --expose-gc --no-concurrent-recompilation --no-memory-reducer --min-semi-space-size=64 allocation_run.js CAPTURE FORMAT [proc4|proc6 FLOWS]
//
// Parses the capture several times in one thread, from the file to finished lines, and prints an AllocationReport as JSON. With proc4 or
// proc6 as with -proc, where the processes behind all FLOWS of the capture (IPv4 or IPv6) are known.

import assert from 'node:assert/strict';
import { PerformanceObserver } from 'node:perf_hooks';

import { openSavefile } from '../../src/capture/savefile.js';
import { FILL } from '../../src/capture/source.js';
import { parseRules } from '../../src/config/rules.js';
import type { PolicySettings } from '../../src/config/settings.js';
import { BatchParser, MAX_PAYLOAD_BYTES } from '../../src/pipeline/batch_parser.js';
import { LineOutput } from '../../src/pipeline/line_output.js';
import { LinkCache } from '../../src/pipeline/link_cache.js';
import { OwnerLookup } from '../../src/pipeline/owner_lookup.js';
import type { OwnerMemory } from '../../src/pipeline/tasks.js';
import { Policy } from '../../src/policy/policy.js';
import { utcOffset } from '../../src/record/clock.js';
import { COUNTER } from '../../src/record/counters.js';
import { EcsFormat } from '../../src/record/ecs.js';
import { JsonFormat } from '../../src/record/json.js';
import { LocalAddresses } from '../../src/record/locality.js';
import { TextFormat } from '../../src/record/text.js';
import { TsvFormat } from '../../src/record/tsv.js';
import { COLUMN_NAMES, withOwnerColumns } from '../../src/record/tsv_columns.js';
import type { LineFormat, RecordView } from '../../src/record/view.js';
import { BatchConsumer } from '../../src/ring/batch_consumer.js';
import { BatchProducer } from '../../src/ring/batch_producer.js';
import { allocateBatchRing } from '../../src/ring/batch_ring.js';
import { allocateLineBlock, LineBlock } from '../../src/ring/line_blocks.js';
import { allocateLinkTable, LinkRegistry } from '../../src/ring/link_table.js';
import { flowOwners } from './flow_owners.js';

export interface AllocationReport {
  /** packets of the measured passes */
  readonly packets: number;
  readonly records: number;
  /** records written with a process */
  readonly owned: number;
  readonly batches: number;
  /** growth of the JavaScript heap over them: everything allocated, when nothing was collected */
  readonly allocatedBytes: number;
  readonly collections: number;
}

const SLOT_BYTES = 4 << 20;
const SLOT_FRAMES = 32_768;
const REGION_BYTES = 2 << 20;
const PASSES = 10;
const SERVICE_PORT = 80;

/** A format with the mistake the test is there to find: an object a record. */
class WastefulFormat extends TextFormat {
  kept: object = {};

  override write(...[out, at, record]: Parameters<TextFormat['write']>): number {
    this.kept = { at };
    return super.write(out, at, record);
  }
}

/** Counts the records that reach a format with a process. */
class CountingFormat implements LineFormat {
  owned = 0;

  constructor(private readonly format: LineFormat) {}

  period(seconds: number, lengthSeconds: number): number {
    return this.format.period(seconds, lengthSeconds);
  }

  bound(record: RecordView): number {
    return this.format.bound(record);
  }

  write(out: Uint8Array, at: number, record: RecordView): number {
    if (record.owner.pid !== 0) this.owned++;
    return this.format.write(out, at, record);
  }
}

const text = { zone: utcOffset, addVlan: true, addInterface: true };
const HEADERS = ['accept', 'server', 'host'];
/** Everything that may be asked of a record but -sample, and no record is left out. */
const POLICY: PolicySettings = {
  include: parseRules(['path=/* method=GET addr=10.0.0.0/8,2001:db8::/32', 'status=2??']) ?? [],
  exclude: parseRules(['host=*.internal', 'path=*nowhere*']) ?? [],
  sample: 1,
  anonymize: { ipv4: 24, ipv6: 48 },
  redact: 'query',
};
const COLUMNS = [...COLUMN_NAMES, ...HEADERS.map((name) => `headers.${name}`)];
const FORMATS: Readonly<Record<string, (addOwner: boolean) => LineFormat>> = {
  text: (addOwner) => new TextFormat({ ...text, addOwner }),
  tsv: (addOwner) => new TsvFormat(addOwner ? withOwnerColumns(COLUMNS) : COLUMNS),
  json: () => new JsonFormat({ headers: HEADERS, addCommunityId: true }),
  ecs: () => new EcsFormat({ headers: HEADERS, hostname: 'h' }),
  wasteful: () => new WastefulFormat(text),
};

/** The stages from file to line; the writer gives blocks back at once. */
class Stages {
  packets = 0;
  records = 0;
  batches = 0;
  private readonly links = allocateLinkTable();
  private readonly registry = new LinkRegistry(this.links);
  private readonly producer: BatchProducer;
  private readonly consumer: BatchConsumer;
  private readonly parser: BatchParser;

  constructor(format: LineFormat, owners: OwnerMemory | undefined) {
    const memory = allocateBatchRing(2, SLOT_BYTES, SLOT_FRAMES);
    this.producer = new BatchProducer(memory);
    this.consumer = new BatchConsumer(memory);
    const blocks = [0, 1].map(() => new LineBlock(allocateLineBlock(1, REGION_BYTES, false)));
    const output = new LineOutput(blocks, false, (block) => blocks[block].setFree(), () => true);
    const ports = new Uint8Array(65_536);
    ports[SERVICE_PORT] = 1;
    this.parser = new BatchParser(
      this.consumer, new LinkCache(this.links, () => undefined), format, output, {
        ports, split: false, limit: -1, headers: HEADERS, policy: new Policy(POLICY, HEADERS, MAX_PAYLOAD_BYTES),
        owners: owners && new OwnerLookup(owners, 0),
      }, new LocalAddresses([]));
  }

  async pass(file: string): Promise<void> {
    const { producer, consumer, parser } = this;
    const source = await openSavefile(file, 0, SLOT_BYTES, this.registry, assert.fail, () => false);
    for (let outcome: number = FILL.MORE; outcome === FILL.MORE;) {
      assert.ok(producer.acquire(0));
      outcome = await source.fill(producer);
      producer.publish(0, 1, 0, 0);
      consumer.claim(0);
      assert.ok(parser.parse());
      consumer.release();
      this.batches++;
      this.packets += parser.counters[COUNTER.PARSED];
      this.records += parser.counters[COUNTER.RECORDS] + parser.counters[COUNTER.RECORDS + 1];
    }
    source.close();
  }
}

async function report(file: string, format: LineFormat, owners: OwnerMemory | undefined): Promise<AllocationReport> {
  let collections = 0;
  new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  }).observe({ entryTypes: ['gc'] });
  const counting = new CountingFormat(format);
  const stages = new Stages(counting, owners);
  for (let pass = 0; pass < PASSES; pass++) await stages.pass(file);
  const { packets, records, batches } = stages;
  const { owned } = counting;
  globalThis.gc?.();
  await turns();
  collections = 0;
  const before = process.memoryUsage().heapUsed;
  for (let pass = 0; pass < PASSES; pass++) await stages.pass(file);
  const allocatedBytes = process.memoryUsage().heapUsed - before;
  await turns();
  return {
    packets: stages.packets - packets, records: stages.records - records, owned: counting.owned - owned, batches: stages.batches - batches,
    allocatedBytes, collections,
  };
}

/** Entries of the observer come with a later turn of the event loop. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

const [file, name, proc, flows] = process.argv.slice(2);
const owners = proc === undefined ? undefined : flowOwners(Number(flows), proc === 'proc6');
process.stdout.write(JSON.stringify(await report(file, FORMATS[name](owners !== undefined), owners)));
