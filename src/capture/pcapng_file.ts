// The pcapng format (draft-ietf-opsawg-pcapng): sections of blocks, each section with its byte order and its interfaces.

import { UNKNOWN_LINK_TYPE, type LinkRegistry } from '../ring/link_table.js';
import type { BatchProducer } from '../ring/batch_producer.js';
import {
  BLOCK_LENGTH,
  BLOCK_TYPE,
  INTERFACE,
  MIN_BLOCK_BYTES,
  PACKET,
  readInterface,
  SECTION,
  SECTION_MAGIC,
  SIMPLE,
  type CaptureInterface,
} from './pcapng_blocks.js';
import { PART, SplitTime } from './pcapng_time.js';
import type { RecordWalker, Warn } from './savefile.js';

/** Bytes that tell a pcapng file, and the least one has. */
export const PCAPNG_HEADER_BYTES = SECTION.BYTES;

/** Most interfaces a section may describe: no capture has them, and a hostile one must not fill the memory. */
const MAX_INTERFACES = 65536;

/** Whether a file that begins with these bytes (4 at least) is pcapng. */
export function isPcapng(head: DataView): boolean {
  return head.getUint32(0) === BLOCK_TYPE.SECTION;
}

/**
 * Lists the packets of a pcapng file. A block is looked at when all of it is in the slot. Of one longer than a slot only the
 * beginning is: a packet in it is listed if it is there, the rest is skipped and its closing LENGTH not compared.
 */
export class PcapngWalker implements RecordWalker {
  linkType = UNKNOWN_LINK_TYPE;
  nextFrame = 1;
  newestSeconds = 0;
  newestNanoseconds = 0;
  damage = '';
  private little = false;
  private interfaces: CaptureInterface[] = [];
  private readonly time = new SplitTime();
  private timeWarned = false;
  /** bytes of the block to go, none of which matter */
  private skip = 0;

  constructor(
    private readonly name: string,
    private readonly slotBytes: number,
    private readonly links: LinkRegistry,
    private readonly warn: Warn,
  ) {}

  get skipping(): boolean {
    return this.skip > 0;
  }

  walk(slot: BatchProducer, start: number, end: number): number {
    const view = new DataView(slot.bytes.buffer);
    const { slotBytes } = this;
    let at = start + Math.min(this.skip, end - start);
    this.skip -= at - start;
    let little = this.little;
    while (slot.room > 0 && end - at >= MIN_BLOCK_BYTES) {
      const type = view.getUint32(at, little);
      if (type === BLOCK_TYPE.SECTION) {
        if (!this.beginSection(view, at)) break;
        little = this.little;
      }
      const length = view.getUint32(at + BLOCK_LENGTH, little);
      if (length < MIN_BLOCK_BYTES || (length & 3) !== 0) {
        this.damage = `a block of ${length} bytes`;
        break;
      }
      const whole = Math.min(length, slotBytes);
      if (end - at < whole) break;
      if (length === whole && view.getUint32(at + length - 4, little) !== length) {
        this.damage = `a block whose two lengths differ (${length} and ${view.getUint32(at + length - 4, little)})`;
        break;
      }
      const isPacket = type === BLOCK_TYPE.ENHANCED_PACKET;
      const good = isPacket ? this.packet(slot, view, at, length, false) : this.other(slot, view, type, at, length);
      if (!good) break;
      at += whole;
      this.skip = length - whole;
    }
    return at;
  }

  /** @returns false for damage */
  private beginSection(view: DataView, at: number): boolean {
    const little = view.getUint32(at + SECTION.MAGIC, true) === SECTION_MAGIC;
    if (!little && view.getUint32(at + SECTION.MAGIC, false) !== SECTION_MAGIC) {
      this.damage = 'a section header without byte-order magic';
      return false;
    }
    this.little = little;
    return true;
  }

  /**
   * Lists an Enhanced Packet Block or an obsolete Packet Block.
   * @returns false for damage
   */
  private packet(slot: BatchProducer, view: DataView, at: number, length: number, obsolete: boolean): boolean {
    if (length < PACKET.BYTES) return this.tooShort(length);
    const { little, time } = this;
    const captured = view.getUint32(at + PACKET.CAPTURED_LENGTH, little);
    if (captured > Math.min(length - PACKET.BYTES, this.slotBytes - PACKET.DATA)) {
      this.damage = `a frame of ${captured} bytes in a block of ${length}`;
      return false;
    }
    const number = obsolete ? view.getUint16(at + PACKET.INTERFACE, little) : view.getUint32(at + PACKET.INTERFACE, little);
    let link = 0;
    if (number < this.interfaces.length) {
      const from = this.interfaces[number];
      link = from.link;
      if (!time.set(from.tick, from.offsetSeconds, view, at + PACKET.TIME, little)) this.warnOfTime();
    } else {
      time.parts.fill(0);
    }
    const seconds = time.parts[PART.SECONDS];
    const nanoseconds = time.parts[PART.NANOSECONDS];
    slot.add(at + PACKET.DATA, captured, view.getUint32(at + PACKET.WIRE_LENGTH, little), seconds, nanoseconds, link);
    this.nextFrame++;
    if (seconds > this.newestSeconds || (seconds === this.newestSeconds && nanoseconds > this.newestNanoseconds)) {
      this.newestSeconds = seconds;
      this.newestNanoseconds = nanoseconds;
    }
    return true;
  }

  /** Any other block; @returns false for damage */
  private other(slot: BatchProducer, view: DataView, type: number, at: number, length: number): boolean {
    switch (type) {
      case BLOCK_TYPE.PACKET:
        return this.packet(slot, view, at, length, true);
      case BLOCK_TYPE.SIMPLE_PACKET:
        return this.simplePacket(slot, view, at, length);
      case BLOCK_TYPE.INTERFACE:
        return this.addInterface(slot, at, length);
      case BLOCK_TYPE.SECTION:
        return this.checkSection(view, at, length);
      default:
        return true;
    }
  }

  /** A Simple Packet Block: no time, of the section's first interface, as long as that one's snaplen lets it be. */
  private simplePacket(slot: BatchProducer, view: DataView, at: number, length: number): boolean {
    if (length < SIMPLE.BYTES) return this.tooShort(length);
    const wireLength = view.getUint32(at + SIMPLE.WIRE_LENGTH, this.little);
    const first = this.interfaces.length > 0 ? this.interfaces[0] : undefined;
    const snaplen = first === undefined || first.snaplen === 0 ? wireLength : first.snaplen;
    const captured = Math.min(wireLength, snaplen, length - SIMPLE.BYTES);
    if (captured > this.slotBytes - SIMPLE.DATA) {
      this.damage = `a frame of ${captured} bytes in a block of ${length}`;
      return false;
    }
    slot.add(at + SIMPLE.DATA, captured, wireLength, 0, 0, first?.link ?? 0);
    this.nextFrame++;
    return true;
  }

  private addInterface(slot: BatchProducer, at: number, length: number): boolean {
    if (length < INTERFACE.BYTES) return this.tooShort(length);
    if (this.interfaces.length === MAX_INTERFACES) {
      this.damage = `more than ${MAX_INTERFACES} interfaces in a section`;
      return false;
    }
    const end = at + Math.min(length - 4, this.slotBytes);
    const described = readInterface(slot.bytes, at, end, this.little, this.links);
    this.interfaces.push(described);
    if (this.linkType === UNKNOWN_LINK_TYPE) this.linkType = described.linkType;
    return true;
  }

  private checkSection(view: DataView, at: number, length: number): boolean {
    if (length < SECTION.BYTES) return this.tooShort(length);
    const major = view.getUint16(at + SECTION.MAJOR, this.little);
    if (major !== 1) {
      this.damage = `a section of pcapng version ${major}; only version 1 is known`;
      return false;
    }
    this.interfaces = [];
    return true;
  }

  private tooShort(length: number): boolean {
    this.damage = `a block of ${length} bytes, too short for its type`;
    return false;
  }

  private warnOfTime(): void {
    if (this.timeWarned) return;
    this.timeWarned = true;
    this.warn(`${this.name}: frame ${this.nextFrame} has a time outside 1970 to 9999; such times are taken as 1970-01-01`);
  }
}
