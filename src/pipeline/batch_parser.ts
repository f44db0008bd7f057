// The parsing of a batch: every frame is decoded, counted once, and its messages become lines. This is the one code path for
// frames of every source; nothing in it allocates, and it throws on no frame.

import { messageEnd } from '../http/body.js';
import { MESSAGE, Message } from '../http/message.js';
import { scanMessage } from '../http/scan.js';
import { type Policy, WRITTEN } from '../policy/policy.js';
import { DAY_SECONDS } from '../record/clock.js';
import { COUNTER, COUNTERS, framesDone } from '../record/counters.js';
import { type LocalAddresses, requestKind, responseKind } from '../record/locality.js';
import { Values } from '../record/values.js';
import { RecordView, type LineFormat } from '../record/view.js';
import type { BatchConsumer } from '../ring/batch_consumer.js';
import { FRAME, FRAME_WORDS } from '../ring/batch_ring.js';
import { decode } from '../wire/decode.js';
import { Frame } from '../wire/frame.js';
import { OUTCOME } from '../wire/outcome.js';
import { beginsConnection } from '../wire/tcp.js';
import type { LineOutput } from './line_output.js';
import type { LinkCache } from './link_cache.js';
import type { OwnerLookup } from './owner_lookup.js';
import { isHttp2Preface, isTlsHello } from '../http/other_protocols.js';

/**
 * Header sections are read this far into a payload; no IP packet is longer, only segmentation offload makes such frames. A line may
 * hold what it takes from there twice (a target and its parts, a field asked for again), each byte as five: that fits REGION_BYTES.
 */
export const MAX_PAYLOAD_BYTES = 131072;
const VLAN_ID_MASK = 0x0fff;
/** Few enough that parseStretch() is called often: the engine optimises a function for its calls, a running loop only makeshift. */
const STRETCH_FRAMES = 64;

export interface BatchParserOptions {
  /** 65536 entries, 1 for a service port; undefined: every port is one */
  readonly ports: Uint8Array | undefined;
  /** lines go to a file for each kind */
  readonly split: boolean;
  /** frames to parse in all before the rest is passed over; -1 for no end */
  readonly limit: number;
  /** what one file holds, in seconds of the records' time; default a day */
  readonly periodSeconds?: number;
  /** names of the header fields that records keep beside those of every message; default none */
  readonly headers?: readonly string[];
  /** undefined: every record is written, as it came */
  readonly policy?: Policy | undefined;
  /** finds the process behind each record; undefined: records do not tell */
  readonly owners?: OwnerLookup | undefined;
}

export class BatchParser {
  /** of the batch being parsed, by COUNTER */
  readonly counters = new Float64Array(COUNTERS);
  local: LocalAddresses;
  private readonly frame = new Frame();
  private readonly message: Message;
  private readonly view: RecordView;
  /** frames still to parse; -1 for no end. Always an integer: a field that once held Infinity boxes every value it is given. */
  private left = -1;
  private readonly periodSeconds: number;

  /** number of the batch that the counters are of */
  private counted = -1;

  constructor(
    private readonly ring: BatchConsumer,
    private readonly links: LinkCache,
    private readonly format: LineFormat,
    private readonly output: LineOutput,
    private readonly options: BatchParserOptions,
    local: LocalAddresses,
  ) {
    const { headers = [] } = options;
    this.message = new Message(headers);
    this.view = new RecordView(this.frame, this.message, new Values(headers.length));
    this.left = Math.max(-1, options.limit);
    this.periodSeconds = options.periodSeconds ?? DAY_SECONDS;
    this.local = local;
  }

  /**
   * Parses the batch that the consumer has claimed and hands its lines to the writer.
   * @returns false when the run was abandoned while waiting for the writer
   */
  parse(): boolean {
    const { ring, counters } = this;
    counters.fill(0);
    this.counted = ring.batch;
    counters[COUNTER.FRAMES] = ring.frames;
    for (let first = 0; first < ring.frames; first += STRETCH_FRAMES) {
      if (!this.parseStretch(first, Math.min(first + STRETCH_FRAMES, ring.frames))) return false;
    }
    return this.output.finish(ring, counters);
  }

  /**
   * parse() threw: hands over what it had done of the batch; the rest counts as lost.
   * @returns frames lost
   */
  giveUp(): number {
    const { ring, counters } = this;
    if (this.counted !== ring.batch) for (let counter = 0; counter < counters.length; counter++) counters[counter] = 0;
    const lost = ring.frames - framesDone(counters);
    counters[COUNTER.FRAMES] = ring.frames;
    counters[COUNTER.LOST] = lost;
    this.output.finish(ring, counters);
    return lost;
  }

  /** Parses the frames `first` to `behind` (exclusive) of the batch. @returns false when the run was abandoned */
  private parseStretch(first: number, behind: number): boolean {
    const { ring, links, frame, counters } = this;
    const { bytes, index } = ring;
    const { ports, owners } = this.options;
    for (let i = first, word = ring.firstWord + first * FRAME_WORDS; i < behind; i++, word += FRAME_WORDS) {
      if (this.left === 0) {
        counters[COUNTER.BEHIND_LIMIT]++;
        continue;
      }
      const offset = index[word + FRAME.OFFSET];
      const length = index[word + FRAME.LENGTH];
      const wireLength = index[word + FRAME.WIRE_LENGTH];
      const link = index[word + FRAME.LINK];
      if (link !== links.row) links.use(link);
      if (links.filter !== undefined && !links.filter(bytes, offset, length, wireLength)) {
        counters[COUNTER.FILTERED]++;
        continue;
      }
      // -c counts what passed the filter: the expression, or else the ports.
      if (ports === undefined && this.left > 0) this.left--;
      frame.begin(offset, length, wireLength);
      const tag = index[word + FRAME.TAG];
      if (tag !== 0) frame.vlans[frame.vlanCount++] = tag & VLAN_ID_MASK;
      const outcome = decode(bytes, frame, links.layer);
      if (outcome !== OUTCOME.TCP) {
        counters[outcome]++;
        continue;
      }
      if (ports !== undefined && ports[frame.sourcePort] === 0 && ports[frame.destinationPort] === 0) {
        counters[COUNTER.OTHER_PORT]++;
        continue;
      }
      if (ports !== undefined && this.left > 0) this.left--;
      if (frame.at >= frame.end) {
        counters[COUNTER.EMPTY]++;
        if (owners !== undefined && beginsConnection(bytes, frame)) this.beginConnection(owners, word);
      } else if (!this.parsePayload(i, word)) {
        return false;
      }
      // Last: what is counted of a batch when one of its blocks is passed is done with.
      counters[COUNTER.PARSED]++;
    }
    return true;
  }

  private beginConnection(owners: OwnerLookup, word: number): void {
    const { frame, ring: { bytes, index } } = this;
    const seconds = index[word + FRAME.SECONDS] + index[word + FRAME.SECONDS_HIGH] * 0x100000000;
    owners.begin(frame, bytes, seconds * 1e6 + Math.floor(index[word + FRAME.NANOSECONDS] / 1000));
  }

  /** Makes a record of each message whose start this payload tells. */
  private parsePayload(ordinalInBatch: number, word: number): boolean {
    const { frame, message, counters, ring: { bytes } } = this;
    const end = Math.min(frame.end, frame.at + MAX_PAYLOAD_BYTES);
    let at = frame.at;
    let kind = scanMessage(bytes, at, end, message);
    if (kind === MESSAGE.NONE) {
      counters[COUNTER.NO_MESSAGE]++;
      if (isTlsHello(bytes, at, end)) counters[COUNTER.TLS]++;
      else if (isHttp2Preface(bytes, at, end)) counters[COUNTER.HTTP2]++;
      return true;
    }
    frame.end = end;
    this.beginRecords(ordinalInBatch, word);
    while (kind !== MESSAGE.NONE) {
      if (!this.writeRecord(kind === MESSAGE.REQUEST)) return false;
      at = messageEnd(bytes, end, message, kind);
      // A length may point beyond the packet, never back: the walk ends.
      if (at < 0 || at >= end) break;
      kind = scanMessage(bytes, at, end, message);
    }
    return true;
  }

  /** What all records of a frame share. */
  private beginRecords(ordinalInBatch: number, word: number): void {
    const { view, ring } = this;
    const { index } = ring;
    view.seconds = index[word + FRAME.SECONDS] + index[word + FRAME.SECONDS_HIGH] * 0x100000000;
    view.nanoseconds = index[word + FRAME.NANOSECONDS];
    view.ordinal = ring.firstFrame + ordinalInBatch;
    view.interfaceName = this.links.name;
  }

  private writeRecord(isRequest: boolean): boolean {
    const { view, frame, message, format, output, counters } = this;
    const { bytes } = this.ring;
    const { policy, owners } = this.options;
    view.take(bytes, isRequest);
    const leftOut = policy === undefined ? WRITTEN : policy.leftOut(view);
    if (leftOut !== WRITTEN) {
      counters[leftOut]++;
      return true;
    }
    const sourceLocal = this.local.has(bytes, frame.source, frame.addressLength);
    const destinationLocal = this.local.has(bytes, frame.destination, frame.addressLength);
    view.kind = isRequest ? requestKind(sourceLocal, destinationLocal) : responseKind(sourceLocal, destinationLocal);
    const owned = owners === undefined ? -1 : owners.find(view, bytes, !sourceLocal && !destinationLocal);
    policy?.hide(view);
    const period = format.period(view.seconds, this.periodSeconds);
    const at = output.reserve(this.ring, counters, this.options.split ? view.kind : 0, period, format.bound(view));
    if (at < 0) return false;
    const end = format.write(output.bytes, at, view);
    output.commit(end, view.seconds, view.nanoseconds);
    counters[COUNTER.RECORDS + view.kind]++;
    if (owned >= 0) counters[owned]++;
    counters[COUNTER.LINE_BYTES] += end - at;
    if (view.truncated) counters[COUNTER.TRUNCATED]++;
    if (message.malformed) counters[COUNTER.MALFORMED_MESSAGE]++;
    return true;
  }
}
