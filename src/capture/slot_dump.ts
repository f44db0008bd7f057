// libpcap's dump into a slot of the batch ring: a C stream whose buffer is the slot's memory, so that pcap_dispatch with pcap_dump as
// its callback puts frames there, by one copy and without a JavaScript call a packet.
//
//   slot  | record header, 16 | frame | record header, 16 | frame | ... | left free |
//           seconds, fraction, captured length, wire length: native order, 4 bytes each
//
// The stream is to /dev/null: what lies in the buffer is thrown away when the next slot takes its place. room() says how many frames
// surely fit, so that nothing is before.

import { LITTLE_ENDIAN, type Pointer, closeStream, openStream, setStreamBuffer } from '../host/libc.js';
import type { BatchProducer } from '../ring/batch_producer.js';
import { libpcap } from './libpcap.js';
import type { FrameSink } from './live_handle.js';
import type { PcapHandle } from './pcap_handle.js';
import { SourceError } from './source.js';

/** A stream that is filled to the last byte would be flushed. */
const LEFT_FREE = 64;
/** Micro- and nanoseconds, native order. */
const MAGICS: readonly number[] = [0xa1b2c3d4, 0xa1b23c4d];
/** C libraries begin at the first byte of a buffer (glibc), or leave room for ungetc (musl). */
const BEGINNINGS = [0, 8];
const RECORD_HEADER_BYTES = 16;
const SECONDS = 0;
const FRACTION = 4;
const CAPTURED_LENGTH = 8;
const WIRE_LENGTH = 12;
/** libpcap puts back a VLAN tag which the kernel took off. */
const VLAN_TAG_BYTES = 4;
const FULLY_BUFFERED = 0;

/** One stream, over the slot that is open. */
export class SlotDump {
  private stream: Pointer = null;
  private dumper: Pointer = null;
  private view: DataView = new DataView(new ArrayBuffer(0));
  /** first byte of the slot in the ring's bytes */
  private start = 0;
  /** bytes of the slot */
  private size = 0;
  /** where the stream's buffer begins in the slot, and the stream's position there */
  private first = 0;
  private firstPosition = 0;
  /** bytes of the slot in use */
  private used = 0;

  /**
   * Starts at the beginning of the open slot, which must hold no frames.
   * @throws SourceError when there is no stream to be had
   */
  begin(slot: BatchProducer, handle: PcapHandle): void {
    if (this.stream !== null && this.start === slot.start && this.used === this.first) return;
    this.start = slot.start;
    this.size = slot.limit - slot.start;
    this.view = new DataView(slot.bytes.buffer, slot.start, this.size);
    if (this.stream === null) this.stream = openStream('/dev/null', 'w');
    else libpcap().dumpFlush(this.dumper); // into nothing
    if (this.stream === null) throw new SourceError(`${handle.name}: /dev/null cannot be opened`);
    for (const beginning of BEGINNINGS) this.view.setUint32(beginning, 0);
    setStreamBuffer(this.stream, slot.bytes.subarray(slot.start, slot.limit), FULLY_BUFFERED, this.size);
    this.dumper = handle.openDumper(this.stream);
    if (this.dumper === null) throw new SourceError(`${handle.name}: cannot dump: ${handle.errorText()}`);
    const beginning = BEGINNINGS.find((offset) => MAGICS.includes(this.view.getUint32(offset, LITTLE_ENDIAN)));
    if (beginning === undefined) throw new SourceError(`${handle.name}: libpcap's dump has an unknown header`);
    // The header has done its work. glibc would flush it with the next write anyway: a buffer set late counts as full until then.
    libpcap().dumpFlush(this.dumper);
    this.first = this.used = beginning;
    this.firstPosition = this.position;
  }

  /** How many frames of this snaplen surely fit; 0 when the slot is as good as full. */
  room(snaplen: number): number {
    const largest = snaplen + RECORD_HEADER_BYTES + VLAN_TAG_BYTES;
    const left = this.size - this.used - LEFT_FREE;
    return left < this.size >> 3 ? 0 : Math.floor(left / largest);
  }

  /**
   * Reads at most `frames` frames of the handle into the slot and tells the sink each.
   * @param unit nanoseconds that the fraction of a second counts in
   * @returns as PcapHandle.dispatch(); frames read before an error are told too
   */
  read(handle: PcapHandle, frames: number, unit: number, sink: FrameSink): number {
    const result = handle.dispatch(frames, this.dumper);
    if (result !== 0) this.walk(this.first + this.position - this.firstPosition, unit, sink);
    return result;
  }

  /** Of the stream: it counts what is in the buffer. */
  private get position(): number {
    return Number(libpcap().dumpFtell(this.dumper));
  }

  private walk(end: number, unit: number, sink: FrameSink): void {
    const { view, start } = this;
    let at = this.used;
    while (at < end) {
      const length = view.getUint32(at + CAPTURED_LENGTH, LITTLE_ENDIAN);
      sink.frame(
        start + at + RECORD_HEADER_BYTES,
        length,
        view.getUint32(at + WIRE_LENGTH, LITTLE_ENDIAN),
        view.getUint32(at + SECONDS, LITTLE_ENDIAN),
        view.getUint32(at + FRACTION, LITTLE_ENDIAN) * unit,
        0, // libpcap has put the tag back into the frame
      );
      at += RECORD_HEADER_BYTES + length;
    }
    this.used = end;
  }

  /** Closes the stream, which must not outlive the slot's memory: the C library flushes what is open at exit. Safe to call twice. */
  close(): void {
    if (this.stream === null) return;
    closeStream(this.stream);
    this.stream = null;
    this.dumper = null;
  }
}
