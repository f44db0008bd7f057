// A batch parser from its options.

import { endianness } from 'node:os';
import type { ReplayFilter } from '../capture/replay_filters.js';
import { Policy } from '../policy/policy.js';
import { localOffset, utcOffset } from '../record/clock.js';
import { EcsFormat } from '../record/ecs.js';
import { JsonFormat } from '../record/json.js';
import { LocalAddresses } from '../record/locality.js';
import { TextFormat } from '../record/text.js';
import { TsvFormat } from '../record/tsv.js';
import type { LineFormat } from '../record/view.js';
import type { BatchConsumer } from '../ring/batch_consumer.js';
import { LocalTableReader } from '../ring/local_table.js';
import { compileBpf } from '../wire/bpf.js';
import { followTunnels } from '../wire/layers.js';
import { BatchParser, MAX_PAYLOAD_BYTES } from './batch_parser.js';
import type { LineOutput } from './line_output.js';
import { type FrameFilter, LinkCache } from './link_cache.js';
import { OwnerLookup } from './owner_lookup.js';
import { portTable } from './port_table.js';
import type { ParsingOptions } from './tasks.js';

const LITTLE_ENDIAN_HOST = endianness() === 'LE';

/** Parses the batches that `ring` claims, each with the local addresses of its time. */
export class Parsing {
  private readonly localTable: LocalTableReader;
  private readonly parser: BatchParser;

  /** @param worker number of the parsing worker, whose asks for owners are its own */
  constructor(options: ParsingOptions, private readonly ring: BatchConsumer, output: LineOutput, worker = 0) {
    followTunnels(options.tunnels);
    this.localTable = new LocalTableReader(options.shared.local);
    this.parser = new BatchParser(ring, linkCache(options), lineFormat(options), output, {
      ports: options.ports && portTable(options.ports),
      split: options.split,
      limit: options.limit,
      periodSeconds: options.rotation.periodSeconds,
      headers: options.headers,
      policy: new Policy(options.policy, options.headers, MAX_PAYLOAD_BYTES),
      owners: options.owners && new OwnerLookup(options.owners, worker),
    }, new LocalAddresses([]));
  }

  /** Parses the claimed batch and releases its slot. @returns false when the run was abandoned */
  parseClaimed(): boolean {
    const networks = this.localTable.changed();
    if (networks !== undefined) this.parser.local = new LocalAddresses(networks);
    const goOn = this.parser.parse();
    this.ring.release();
    return goOn;
  }

  /** parseClaimed() threw: what it had not done of the batch counts as lost. The parser must not be used any more. @returns frames lost */
  giveUpClaimed(): number {
    const lost = this.parser.giveUp();
    this.ring.release();
    return lost;
  }
}

function lineFormat(options: ParsingOptions): LineFormat {
  if (options.format === 'tsv') return new TsvFormat(options.fields);
  if (options.format === 'json') return new JsonFormat(options);
  if (options.format === 'ecs') return new EcsFormat(options);
  return new TextFormat({
    zone: options.utc ? utcOffset : localOffset,
    addOwner: options.owners !== undefined,
    addVlan: options.addVlan,
    addInterface: options.addInterface,
  });
}

function linkCache({ shared, filters }: ParsingOptions): LinkCache {
  return new LinkCache(shared.links, (linkType) => {
    if (filters === undefined) return undefined;
    const filter = filters.get(linkType);
    return filter === undefined ? () => false : frameFilter(filter);
  });
}

function frameFilter({ program, swapped }: ReplayFilter): FrameFilter {
  const filter = compileBpf(program);
  if (swapped === undefined) return filter;
  const swappedFilter = compileBpf(swapped);
  // Address families are small numbers: the first byte tells whether the frame is of a big-endian host.
  const [big, little] = LITTLE_ENDIAN_HOST ? [swappedFilter, filter] : [filter, swappedFilter];
  return (bytes, offset, length, wireLength) => (bytes[offset] === 0 ? big : little)(bytes, offset, length, wireLength);
}
