// A live handle that reads through libpcap: frames are copied into the slot.

import type { BatchProducer } from '../ring/batch_producer.js';
import type { FrameSink, LiveHandle } from './live_handle.js';
import type { PcapHandle } from './pcap_handle.js';
import type { SlotDump } from './slot_dump.js';
import { FILL, SourceError } from './source.js';

const NANOSECONDS_IN_MICROSECOND = 1000;

export class LibpcapReader implements LiveHandle {
  readonly way = 'libpcap';
  readonly holding = false;
  readonly pressed = false;
  readonly fd: number;
  readonly linkType: number;
  readonly nanoseconds: boolean;

  /**
   * @param handle its filter is set
   * @param dump shared by all readers of the thread
   */
  constructor(private readonly handle: PcapHandle, private readonly dump: SlotDump) {
    this.fd = handle.fd;
    this.linkType = handle.linkType;
    this.nanoseconds = handle.nanoseconds;
  }

  fill(slot: BatchProducer, most: number, sink: FrameSink): number {
    const { handle, dump } = this;
    if (slot.frames === 0) dump.begin(slot, handle);
    const before = slot.frames;
    const unit = this.nanoseconds ? 1 : NANOSECONDS_IN_MICROSECOND;
    for (;;) {
      const frames = Math.min(slot.room, dump.room(handle.snaplen), most - (slot.frames - before));
      if (frames === 0) return FILL.MORE;
      const result = dump.read(handle, frames, unit, sink);
      if (result < 0) throw new SourceError(`${handle.name}: capture broke off: ${handle.errorText()}`);
      if (result === 0) return FILL.IDLE;
    }
  }

  reclaim(): void {
    // libpcap gives its blocks back itself, when their frames are copied
  }

  stopIntake(): void {
    this.handle.stopIntake();
  }

  readStatistics(into: Uint32Array): boolean {
    return this.handle.readStatistics(into);
  }

  close(): void {
    this.handle.close();
  }
}
