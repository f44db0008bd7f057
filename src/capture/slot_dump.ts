// libpcap's dump into a slot of the batch ring: a C stream over the slot's memory, so that pcap_dispatch with pcap_dump as its
// callback puts frames there without a JavaScript call a packet.
//
//   slot  | savefile header, 24 | record header, 16 | frame | record header, 16 | frame | ... | NUL |
//                                 seconds, fraction, captured length, wire length: native order, 4 bytes each
//
// fmemopen wants one byte for a closing NUL. On overflow fwrite succeeds and fflush fails, with the last byte lost: room() says
// how many frames surely fit.

import { LITTLE_ENDIAN, type Pointer, closeStream, openMemoryStream, setStreamBuffer } from '../host/libc.js';
import type { BatchProducer } from '../ring/batch_ring.js';
import { libpcap } from './libpcap.js';
import type { FrameSink } from './live_handle.js';
import type { PcapHandle } from './pcap_handle.js';
import { SourceError } from './source.js';

const CLOSING_NUL = 1;
const SAVEFILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const SECONDS = 0;
const FRACTION = 4;
const CAPTURED_LENGTH = 8;
const WIRE_LENGTH = 12;
/** libpcap puts back a VLAN tag which the kernel took off. */
const VLAN_TAG_BYTES = 4;
/** Between the cache's size and a call a frame. */
const STREAM_BUFFER_BYTES = 64 << 10;
const FULLY_BUFFERED = 0;

/** One stream at a time, over the slot that is open. */
export class SlotDump {
  private stream: Pointer = null;
  private dumper: Pointer = null;
  private readonly buffer = new Uint8Array(STREAM_BUFFER_BYTES);
  private view: DataView = new DataView(new ArrayBuffer(0));
  /** first byte of the slot in the ring's bytes */
  private start = 0;
  /** bytes of the slot */
  private size = 0;
  /** bytes of it in use */
  private used = 0;

  /**
   * Starts at the beginning of the open slot, which must hold no frames.
   * @throws SourceError when there is no memory for a stream
   */
  begin(slot: BatchProducer, handle: PcapHandle): void {
    if (this.stream !== null && this.start === slot.start && this.used === SAVEFILE_HEADER_BYTES) return;
    this.close();
    this.start = slot.start;
    this.size = slot.limit - slot.start;
    this.view = new DataView(slot.bytes.buffer, slot.start, this.size);
    this.stream = openMemoryStream(slot.bytes.subarray(slot.start, slot.limit), this.size, 'w');
    if (this.stream === null) throw new SourceError(`${handle.name}: no memory for a stream`);
    setStreamBuffer(this.stream, this.buffer, FULLY_BUFFERED, this.buffer.length);
    this.dumper = handle.openDumper(this.stream);
    if (this.dumper === null) throw new SourceError(`${handle.name}: cannot dump: ${handle.errorText()}`);
    this.used = this.flushed(handle);
    if (this.used !== SAVEFILE_HEADER_BYTES) throw new SourceError(`${handle.name}: libpcap's dump has an unknown header`);
  }

  /** How many frames of this snaplen surely fit; 0 when the slot is as good as full. */
  room(snaplen: number): number {
    const largest = snaplen + RECORD_HEADER_BYTES + VLAN_TAG_BYTES;
    const left = this.size - this.used - CLOSING_NUL;
    return left < this.size >> 3 ? 0 : Math.floor(left / largest);
  }

  /**
   * Reads at most `frames` frames of the handle into the slot and tells the sink each.
   * @param unit nanoseconds that the fraction of a second counts in
   * @returns as PcapHandle.dispatch(); frames read before an error are told too
   * @throws SourceError when the stream overflowed, which room() excludes
   */
  read(handle: PcapHandle, frames: number, unit: number, sink: FrameSink): number {
    const result = handle.dispatch(frames, this.dumper);
    if (result === 0) return 0;
    const end = this.flushed(handle);
    this.walk(end, unit, sink);
    return result;
  }

  private flushed(handle: PcapHandle): number {
    const pcap = libpcap();
    if (pcap.dumpFlush(this.dumper) < 0) throw new SourceError(`${handle.name}: a slot of the batch ring overflowed`);
    return Number(pcap.dumpFtell(this.dumper));
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
