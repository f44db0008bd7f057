// Hears of TCP connections as they begin: every SYN that crosses an interface of this network namespace, at once, through a packet socket
// (packet(7)) of its own that gets nothing else. What finds no room in its buffer is lost: those connections are found later.

import { be16, be32 } from '../bytes/read.js';
import { DatagramBatch } from './datagram_batch.js';
import { attachFilter, bindSocket, close, errnoText, LITTLE_ENDIAN, socket } from './libc.js';
import { enlargeReceiveBuffer, stampArrivals, takePacketDrops } from './socket_options.js';

const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL = 3;
const RECEIVE_BUFFER_BYTES = 4 << 20;
const PACKETS_A_CALL = 64;
/** The longest IPv4 header, the ports and the sequence number. What is longer is cut: length() must not take that for no packet. */
const PACKET_BYTES = 68;

const IPV4_ADDRESSES = 12;
const IPV6_ADDRESSES = 8;
const IPV6_HEADER_BYTES = 40;

// The classic BPF program (linux/filter.h): TCP over IPv4 (first fragments) or IPv6 without extension headers, SYN set and ACK not.
const [LDH, LDB, LDX_HEADER, LDB_X, AND, JEQ, JSET, RET] = [0x28, 0x30, 0xb1, 0x50, 0x54, 0x15, 0x45, 0x06];
/** SKF_AD_OFF + SKF_AD_PROTOCOL: the EtherType */
const ETHER_TYPE = 0xfffff000;
const FLAGS_BYTE = 13;
const SYN = 0x02;
const SYN_AND_ACK = 0x12;
const PROGRAM: readonly (readonly [code: number, ifTrue: number, ifFalse: number, value: number])[] = [
  [LDH, 0, 0, ETHER_TYPE],
  [JEQ, 1, 0, 0x0800],
  [JEQ, 8, 13, 0x86dd],
  // IPv4: protocol, fragment offset, flags
  [LDB, 0, 0, 9],
  [JEQ, 0, 11, 6],
  [LDH, 0, 0, 6],
  [JSET, 9, 0, 0x1fff],
  [LDX_HEADER, 0, 0, 0],
  [LDB_X, 0, 0, FLAGS_BYTE],
  [AND, 0, 0, SYN_AND_ACK],
  [JEQ, 6, 5, SYN],
  // IPv6: next header, flags
  [LDB, 0, 0, 6],
  [JEQ, 0, 3, 6],
  [LDB, 0, 0, IPV6_HEADER_BYTES + FLAGS_BYTE],
  [AND, 0, 0, SYN_AND_ACK],
  [JEQ, 1, 0, SYN],
  [RET, 0, 0, 0],
  [RET, 0, 0, PACKET_BYTES],
];

function assemble(): Uint8Array {
  const program = new Uint8Array(PROGRAM.length * 8);
  const view = new DataView(program.buffer);
  for (const [i, [code, ifTrue, ifFalse, value]] of PROGRAM.entries()) {
    view.setUint16(8 * i, code, LITTLE_ENDIAN);
    view.setUint8(8 * i + 2, ifTrue);
    view.setUint8(8 * i + 3, ifFalse);
    view.setUint32(8 * i + 4, value, LITTLE_ENDIAN);
  }
  return program;
}

/**
 * Called for a SYN: who sends it, and to whom, its sequence number, which the same SYN sent again has too, and when the kernel had it, in
 * microseconds of CLOCK_REALTIME (0: not known); addresses are offsets in `bytes`, valid during the call.
 */
export type SynVisitor = (
  bytes: Uint8Array, source: number, destination: number, addressLength: number, sourcePort: number, destinationPort: number, sequence: number,
  timeUs: number,
) => void;

/** First packets cannot be heard. `message` is one line for the user. */
export class SynWatchError extends Error {
  override readonly name = 'SynWatchError';
}

export class SynWatch {
  /** for poll() */
  readonly fd: number;
  /** first packets that found no room so far, as of countDropped() */
  dropped = 0;
  private readonly batch = new DatagramBatch(PACKETS_A_CALL, PACKET_BYTES);
  private readonly bytes: Uint8Array;

  /** @throws SynWatchError when the kernel refuses: it takes CAP_NET_RAW */
  constructor() {
    this.bytes = new Uint8Array(this.batch.view.buffer);
    // Nothing comes in before the filter is there: the protocol is 0 until then.
    this.fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.fd < 0) throw new SynWatchError(`cannot hear of connections as they begin: ${errnoText()} (CAP_NET_RAW is needed)`);
    const address = new Uint8Array(20); // struct sockaddr_ll: family, protocol, interface (0: all), …
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, LITTLE_ENDIAN);
    view.setUint16(2, ETH_P_ALL);
    enlargeReceiveBuffer(this.fd, RECEIVE_BUFFER_BYTES);
    stampArrivals(this.fd);
    if (attachFilter(this.fd, assemble()) < 0 || bindSocket(this.fd, address, address.length) < 0) {
      const reason = errnoText();
      this.close();
      throw new SynWatchError(`cannot hear of connections as they begin: ${reason}`);
    }
  }

  /** Hands over what is waiting, a bounded number. @returns whether more may be waiting */
  drain(visit: SynVisitor): boolean {
    const { batch, bytes } = this;
    const count = batch.receive(this.fd);
    for (let i = 0; i < count; i++) {
      const at = batch.start(i);
      const length = batch.length(i);
      const isIpv4 = length > 0 && bytes[at] >> 4 === 4;
      const ports = at + (isIpv4 ? (bytes[at] & 0x0f) * 4 : IPV6_HEADER_BYTES);
      if (ports + 8 > at + length) continue;
      const addressLength = isIpv4 ? 4 : 16;
      const source = at + (isIpv4 ? IPV4_ADDRESSES : IPV6_ADDRESSES);
      visit(bytes, source, source + addressLength, addressLength, be16(bytes, ports), be16(bytes, ports + 2), be32(bytes, ports + 4), batch.timeUs(i));
    }
    return count === batch.capacity;
  }

  /** Asks the kernel how many found no room. */
  countDropped(): number {
    this.dropped += takePacketDrops(this.fd);
    return this.dropped;
  }

  close(): void {
    close(this.fd);
  }
}
