// The pcap savefile format (draft-ietf-opsawg-pcap, pcap-savefile(5)): a file header, then a record header before each frame.
//
//   file header    MAGIC(4) MAJOR(2) MINOR(2) zone(4) accuracy(4) SNAPLEN(4) LINK_TYPE(4)
//   record header  SECONDS(4) FRACTION(4) CAPTURED_LENGTH(4) WIRE_LENGTH(4) [Kuznetzov: ifindex(4) protocol(2) type(1) pad(1)]

import type { LinkRegistry } from '../ring/link_table.js';
import type { BatchProducer } from '../ring/batch_producer.js';
import type { RecordWalker } from './savefile.js';
import { SourceError } from './source.js';

export const PCAP_HEADER_BYTES = 24;
const MAJOR = 4;
const MINOR = 6;
const SNAPLEN = 16;
const LINK_TYPE = 20;
/** The upper bits tell the length of the frame check sequence, which no decoder of ours reaches. */
const LINK_TYPE_MASK = 0xffff;

const SECONDS = 0;
const FRACTION = 4;
const CAPTURED_LENGTH = 8;
const WIRE_LENGTH = 12;

/** Longest frame any link type has, whatever the snaplen says (MAXIMUM_SNAPLEN of libpcap). */
const MAX_FRAME_BYTES = 262144;
const NANOSECONDS = 1_000_000_000;

interface Variant {
  readonly nanosecondsPerUnit: number;
  readonly recordHeaderBytes: number;
}

/**
 * Where the parser will look in a frame: network and transport headers, and the payload behind them. The walk reads these bytes
 * for nothing, because the processor fetches their cache lines beside that of the next record header, which the walk waits for
 * anyway; the parser then finds them near (a quarter of its time on a file read by another core, bench/peers.ts).
 */
const NEAR_BYTES = 40;
const FAR_BYTES = 72;

/** Few enough that walkStretch() is called often: the engine optimises a function for its calls, a running loop only makeshift. */
const STRETCH_FRAMES = 64;

const VARIANTS: ReadonlyMap<number, Variant> = new Map([
  [0xa1b2c3d4, { nanosecondsPerUnit: 1000, recordHeaderBytes: 16 }],
  [0xa1b23c4d, { nanosecondsPerUnit: 1, recordHeaderBytes: 16 }],
  // Linux kernels' patched libpcap of the 1990s, by A. Kuznetzov.
  [0xa1b2cd34, { nanosecondsPerUnit: 1000, recordHeaderBytes: 24 }],
]);

function isLittleEndian(head: DataView): boolean {
  return VARIANTS.has(head.getUint32(0, true));
}

/** Whether a file that begins with these bytes (4 at least) is a pcap savefile. */
export function isPcap(head: DataView): boolean {
  return isLittleEndian(head) || VARIANTS.has(head.getUint32(0, false));
}

/** Lists the records of a pcap savefile. */
export class PcapWalker implements RecordWalker {
  readonly linkType: number;
  nextFrame = 1;
  newestSeconds = 0;
  newestNanoseconds = 0;
  damage = '';
  /** a record is either here or incomplete at the end of the slot */
  readonly skipping = false;
  private readonly little: boolean;
  private readonly nanosecondsPerUnit: number;
  private readonly recordHeaderBytes: number;
  private readonly maxLength: number;
  private readonly link: number;
  /** keeps the engine from leaving out the reads that warm the cache */
  protected touched = 0;

  /**
   * @param head the file header, PCAP_HEADER_BYTES; isPcap() was true for it
   * @param slotBytes bytes of a slot: no record can be longer
   * @throws SourceError for a version that is not 2.4
   */
  constructor(name: string, head: DataView, slotBytes: number, links: LinkRegistry) {
    const little = isLittleEndian(head);
    const major = head.getUint16(MAJOR, little);
    const minor = head.getUint16(MINOR, little);
    if (major !== 2 || minor !== 4) {
      throw new SourceError(`${name}: pcap version ${major}.${minor}; only 2.4 is known (editcap -F pcap converts)`);
    }
    const variant = VARIANTS.get(head.getUint32(0, little)) as Variant;
    this.little = little;
    this.nanosecondsPerUnit = variant.nanosecondsPerUnit;
    this.recordHeaderBytes = variant.recordHeaderBytes;
    const longest = Math.max(MAX_FRAME_BYTES, head.getUint32(SNAPLEN, little));
    this.maxLength = Math.min(longest, slotBytes - this.recordHeaderBytes);
    this.linkType = head.getUint32(LINK_TYPE, little) & LINK_TYPE_MASK;
    this.link = links.row(this.linkType, '');
  }

  walk(slot: BatchProducer, start: number, end: number): number {
    const view = new DataView(slot.bytes.buffer);
    let at = start;
    for (;;) {
      const most = Math.min(slot.room, STRETCH_FRAMES);
      const before = this.nextFrame;
      at = this.walkStretch(slot, view, at, end, most);
      if (most === 0 || this.nextFrame - before < most) return at;
    }
  }

  /** Lists at most `most` records. @returns where it stopped, as walk() */
  private walkStretch(slot: BatchProducer, view: DataView, start: number, end: number, most: number): number {
    const { little, nanosecondsPerUnit, recordHeaderBytes, maxLength, link } = this;
    const { bytes } = slot;
    const touchable = bytes.length - FAR_BYTES;
    let touched = 0;
    let { newestSeconds, newestNanoseconds } = this;
    let at = start;
    let room = most;
    while (room > 0 && end - at >= recordHeaderBytes) {
      const length = view.getUint32(at + CAPTURED_LENGTH, little);
      if (length > maxLength) {
        this.damage = `a frame of ${length} bytes where ${maxLength} is the most`;
        break;
      }
      const data = at + recordHeaderBytes;
      if (end - data < length) break;
      if (data < touchable) touched ^= bytes[data + NEAR_BYTES] ^ bytes[data + FAR_BYTES];
      let seconds = view.getUint32(at + SECONDS, little);
      let nanoseconds = view.getUint32(at + FRACTION, little) * nanosecondsPerUnit;
      if (nanoseconds >= NANOSECONDS) {
        // Nothing forbids a fraction above a second; the time it means is clear.
        seconds += Math.floor(nanoseconds / NANOSECONDS);
        nanoseconds %= NANOSECONDS;
      }
      slot.add(data, length, view.getUint32(at + WIRE_LENGTH, little), seconds, nanoseconds, link);
      if (seconds > newestSeconds || (seconds === newestSeconds && nanoseconds > newestNanoseconds)) {
        newestSeconds = seconds;
        newestNanoseconds = nanoseconds;
      }
      at = data + length;
      room--;
    }
    this.touched = touched;
    this.nextFrame += most - room;
    this.newestSeconds = newestSeconds;
    this.newestNanoseconds = newestNanoseconds;
    return at;
  }
}
