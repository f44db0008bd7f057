// The life of a parsing worker: takes batches from the ring until there are no more.

import { LocalAddresses } from '../record/locality.js';
import { JsonFormat } from '../record/json.js';
import { TextFormat } from '../record/text.js';
import { localOffset, utcOffset } from '../record/clock.js';
import type { LineFormat } from '../record/view.js';
import type { PortRange } from '../config/settings.js';
import { BatchConsumer, CLAIM, STOP_REQUEST } from '../ring/batch_ring.js';
import { LineBlock } from '../ring/line_blocks.js';
import { LocalTableReader } from '../ring/local_table.js';
import { compileBpf } from '../wire/bpf.js';
import { BatchParser } from './batch_parser.js';
import { LineOutput } from './line_output.js';
import { LinkCache } from './link_cache.js';
import { withCpuProfile } from './cpu_profile.js';
import { NO_MORE_BLOCKS, type ParseTask } from './tasks.js';

const WAIT_MS = 1000;

/** Runs until the ring has ended and is empty, or the run is abandoned. */
export async function runParseTask(task: ParseTask): Promise<void> {
  if (task.cpuProfile === '') parseBatches(task);
  else await withCpuProfile(task.cpuProfile, () => parseBatches(task));
  task.port.postMessage(NO_MORE_BLOCKS);
  task.port.close();
}

function parseBatches(task: ParseTask): void {
  const ring = new BatchConsumer(task.shared.ring);
  const localTable = new LocalTableReader(task.shared.local);
  const abandoned = (): boolean => ring.stopRequest === STOP_REQUEST.ABANDON;
  const output = new LineOutput(
    task.blocks.map((memory) => new LineBlock(memory)),
    task.merging,
    (block) => task.port.postMessage(task.firstBlock + block),
    abandoned,
  );
  const parser = new BatchParser(ring, linkCache(task), lineFormat(task), output, {
    ports: task.ports && portTable(task.ports),
    split: task.split,
    limit: task.limit,
  }, new LocalAddresses([]));
  for (;;) {
    const claim = ring.claim(WAIT_MS);
    if (claim === CLAIM.ENDED || abandoned()) return;
    if (claim === CLAIM.NOTHING) continue;
    const networks = localTable.changed();
    if (networks !== undefined) parser.local = new LocalAddresses(networks);
    const go = parser.parse();
    ring.release();
    if (!go) return;
  }
}

function lineFormat(task: ParseTask): LineFormat {
  if (task.format === 'json') return new JsonFormat();
  return new TextFormat({
    zone: task.utc ? utcOffset : localOffset,
    addVlan: task.addVlan,
    addInterface: task.addInterface,
  });
}

function linkCache({ shared, filters }: ParseTask): LinkCache {
  return new LinkCache(shared.links, (linkType) => {
    if (filters === undefined) return undefined;
    const program = filters.get(linkType);
    return program === undefined ? () => false : compileBpf(program);
  });
}

function portTable(ranges: readonly PortRange[]): Uint8Array {
  const table = new Uint8Array(65536);
  for (const { first, last } of ranges) table.fill(1, first, last + 1);
  return table;
}
