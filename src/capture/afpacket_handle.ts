// A packet socket of our own on one interface, with the kernel's buffer (TPACKET_V3) mapped into this process: no frame is copied
// on its way to the workers (docs/decisions/afpacket.md).

import { readFileSync } from 'node:fs';
import { attachFilter, bindSocket, close, errnoText, getSocketOption, mapShared, memoryAt, setSocketOption, socket, unmap } from '../host/libc.js';
import type { Link } from '../host/links.js';
import type { BatchProducer } from '../ring/batch_producer.js';
import { AfpacketBlocks } from './afpacket_blocks.js';
import type { ClosedRings, MappedRing } from './closed_rings.js';
import { BLOCK_TIMEOUT_MS, type FrameSink, type LiveHandle } from './live_handle.js';
import { PACKET, SOL_PACKET, dropAll, ignoreOutgoing, setPacketOption } from './packet_socket.js';
import type { HandleOptions } from './pcap_handle.js';
import { FILL, SourceError } from './source.js';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const ETH_P_ALL = 3;
const TPACKET_V3 = 2;
const PACKET_MR_PROMISC = 1;

/** Many small blocks: one that is being filled or read is lost to the kernel as a whole. */
const LEAST_BLOCK_BYTES = 128 << 10;
/** Headers of a block and a frame, the kernel's alignment: more than there are before a frame's bytes. */
const OVERHEAD_BYTES = 512;
/** Version 3 packs frames without regard to it, but checks that it fits. */
const FRAME_BYTES = 2048;
const LEAST_BLOCKS = 2;

// struct tpacket_stats_v3
const PACKETS = 0;
const DROPS = 1;
/** the queue was frozen: every block was ours, and frames are dropped until one comes back */
const FREEZES = 2;
const STATISTICS = 3;

/** What the kernel refused; libpcap may yet be able to. */
export class AfpacketRefusal extends SourceError {}

/** What to open besides the interface. */
export interface AfpacketOptions extends HandleOptions {
  /** struct sock_filter, 8 bytes each; its answer cuts the frame at the snaplen */
  readonly program: Uint8Array;
  /** LINKTYPE_ of the bytes a raw socket on the interface gets */
  readonly linkType: number;
}

export class AfpacketHandle implements LiveHandle {
  readonly way = 'afpacket';
  readonly nanoseconds = true;
  private readonly statistics = new Uint32Array(STATISTICS);
  private received = 0;
  private dropped = 0;
  private freezes = 0;
  private readonly interfaceDropsBefore: number;
  private interfaceDrops: number;
  private closed = false;

  private constructor(
    readonly fd: number,
    private readonly name: string,
    readonly linkType: number,
    private readonly ring: MappedRing,
    private readonly closedRings: ClosedRings,
  ) {
    this.interfaceDropsBefore = this.interfaceDrops = readInterfaceDrops(name);
  }

  /**
   * Opens an interface with its filter in force from the first frame: the socket is bound last.
   * @param warn gets one line each: what was asked for and not granted
   * @throws AfpacketRefusal with the kernel's reason
   */
  static open(link: Link, options: AfpacketOptions, closedRings: ClosedRings, warn: (text: string) => void): AfpacketHandle {
    const refuse = (what: string): never => {
      throw new AfpacketRefusal(`${link.name}: no capture through AF_PACKET: ${what}: ${errnoText()}`);
    };
    // Protocol 0: it gets nothing until it is bound.
    const fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) refuse('no packet socket');
    let ring: MappedRing | undefined;
    try {
      if (!setPacketOption(fd, PACKET.VERSION, TPACKET_V3)) refuse('no TPACKET_V3');
      if (link.loopback && !ignoreOutgoing(fd)) refuse('this kernel (before 4.20) would show every packet twice');
      if (attachFilter(fd, options.program) < 0) refuse('the kernel does not take the filter (too long?)');
      ring = mapRing(fd, options) ?? refuse(`no buffer of ${options.bufferMiB} MiB`);
      if (options.promiscuous && !becomePromiscuous(fd, link.index)) {
        warn(`${link.name}: no promiscuous mode here (${errnoText()}); capturing without it`);
      }
      if (bindSocket(fd, linkLayerAddress(link.index), LINK_LAYER_ADDRESS_BYTES) < 0) refuse('it cannot be bound');
      return new AfpacketHandle(fd, link.name, options.linkType, ring, closedRings);
    } catch (error) {
      if (ring !== undefined) unmap(ring.address, ring.bytes);
      close(fd);
      throw error;
    }
  }

  get bufferBytes(): number {
    return this.ring.bytes;
  }

  get holding(): boolean {
    return this.ring.blocks.holding;
  }

  get pressed(): boolean {
    return this.ring.blocks.pressed;
  }

  fill(slot: BatchProducer, most: number, sink: FrameSink): number {
    const result = this.ring.blocks.list(slot, most, sink);
    if (result === FILL.IDLE) this.check();
    return result;
  }

  /** A socket whose interface went away says so once, and poll() does not wait until it has been asked. */
  private check(): void {
    const error = new Int32Array(1);
    const bytes = new Uint8Array(error.buffer);
    getSocketOption(this.fd, SOL_SOCKET, SO_ERROR, bytes, new Uint32Array([bytes.length]));
    if (error[0] !== 0) throw new SourceError(`${this.name}: capture broke off: ${errnoText(error[0])}`);
  }

  reclaim(producer: BatchProducer): void {
    this.ring.blocks.giveBack(producer);
  }

  stopIntake(): void {
    dropAll(this.fd);
  }

  /** The kernel's own are cleared when read; its packets include the dropped ones. */
  readStatistics(into: Uint32Array): boolean {
    const { statistics } = this;
    const bytes = new Uint8Array(statistics.buffer);
    if (getSocketOption(this.fd, SOL_PACKET, PACKET.STATISTICS, bytes, new Uint32Array([bytes.length])) < 0) return false;
    this.received += statistics[PACKETS];
    this.dropped += statistics[DROPS];
    this.freezes += statistics[FREEZES];
    into[0] = this.received;
    into[1] = this.dropped;
    this.interfaceDrops = Math.max(this.interfaceDrops, readInterfaceDrops(this.name)); // one that vanished has none
    into[2] = this.interfaceDrops - this.interfaceDropsBefore;
    into[3] = this.freezes;
    return true;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    // The socket lives as long as it is mapped.
    dropAll(this.fd);
    close(this.fd);
    this.closedRings.add(this.ring);
  }
}

/** Asks for the buffer, for less when there is no memory; undefined when not even the least can be had. */
function mapRing(fd: number, { bufferMiB, snaplen }: HandleOptions): MappedRing | undefined {
  let blockBytes = LEAST_BLOCK_BYTES;
  while (blockBytes < snaplen + OVERHEAD_BYTES) blockBytes *= 2;
  let blocks = Math.max(LEAST_BLOCKS, (bufferMiB * 2 ** 20) / blockBytes);
  const ask = (): boolean => setPacketOption(
    // struct tpacket_req3: the last two are private bytes a block and features
    fd, PACKET.RX_RING, blockBytes, blocks, FRAME_BYTES, (blockBytes / FRAME_BYTES) * blocks, BLOCK_TIMEOUT_MS, 0, 0,
  );
  while (!ask()) {
    if (blocks === LEAST_BLOCKS) return undefined;
    blocks = Math.max(LEAST_BLOCKS, blocks >> 1);
  }
  const bytes = blockBytes * blocks;
  const address = mapShared(fd, bytes);
  if (address === null) return undefined;
  return { blocks: new AfpacketBlocks(memoryAt(address, bytes), Number(address), blockBytes, blocks), address, bytes };
}

// struct packet_mreq: interface, type, length of an address and the address
const MEMBERSHIP_BYTES = 16;

function becomePromiscuous(fd: number, index: number): boolean {
  const membership = new Uint8Array(MEMBERSHIP_BYTES);
  new Int32Array(membership.buffer)[0] = index;
  new Uint16Array(membership.buffer)[2] = PACKET_MR_PROMISC;
  return setSocketOption(fd, SOL_PACKET, PACKET.ADD_MEMBERSHIP, membership, MEMBERSHIP_BYTES) >= 0;
}

// struct sockaddr_ll (linux/if_packet.h): family, protocol in network order, interface; the rest is of no concern to bind()
const LINK_LAYER_ADDRESS_BYTES = 20;

function linkLayerAddress(index: number): Uint8Array {
  const address = new Uint8Array(LINK_LAYER_ADDRESS_BYTES);
  new Uint16Array(address.buffer)[0] = AF_PACKET;
  address[3] = ETH_P_ALL;
  new Int32Array(address.buffer)[1] = index;
  return address;
}

/** What the interface dropped since it exists, as libpcap counts it; 0 where /sys does not tell. */
function readInterfaceDrops(name: string): number {
  return ['rx_missed_errors', 'rx_fifo_errors'].reduce((sum, counter) => {
    try {
      return sum + Number(readFileSync(`/sys/class/net/${name}/statistics/${counter}`, 'latin1'));
    } catch {
      return sum;
    }
  }, 0);
}
