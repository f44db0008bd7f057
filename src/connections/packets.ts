// Packets of all interfaces that pass a filter, from their IP header on, as soon as the kernel has them.

import { DatagramBatch } from '../host/datagram_batch.js';
import { LITTLE_ENDIAN, attachFilter, bindSocket, close, errnoText, socket } from '../host/libc.js';
import { enlargeReceiveBuffer, takePacketDrops } from '../host/socket_options.js';
import { CAPTURED_BYTES } from './capture_filter.js';

const AF_PACKET = 17;
const SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
const ETH_P_ALL = 3;
const BUFFER_BYTES = 16 << 20;
/** struct sockaddr_ll: family, protocol, interface, hardware type, packet type; more of it is not asked for */
const ADDRESS_BYTES = 20;
const PACKET_TYPE = 10;
/** linux/if_packet.h */
const PACKET_HOST = 0;
const PACKET_OUTGOING = 4;
const PACKETS_A_CALL = 64;
const MOST_CALLS = 64;

/** Called for a packet; its bytes stand until it returns. */
export type PacketVisitor = (view: DataView, at: number, bytes: number, isOutgoing: boolean) => void;

export class Packets {
  /** for poll() */
  readonly fd: number;
  /** packets the kernel had no room for */
  dropped = 0;
  private readonly batch = new DatagramBatch(PACKETS_A_CALL, CAPTURED_BYTES);

  /** @throws Error: one line for the user */
  constructor(filter: Uint8Array) {
    this.fd = socket(AF_PACKET, SOCK_DGRAM_CLOEXEC, 0);
    if (this.fd < 0) throw new Error(`capture takes CAP_NET_RAW: ${errnoText()}`);
    // The filter stands before the socket is bound: nothing slips in.
    const address = new Uint8Array(ADDRESS_BYTES);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, LITTLE_ENDIAN);
    view.setUint16(2, ETH_P_ALL);
    enlargeReceiveBuffer(this.fd, BUFFER_BYTES);
    if (attachFilter(this.fd, filter) < 0 || bindSocket(this.fd, address, ADDRESS_BYTES) < 0) {
      const reason = errnoText();
      this.close();
      throw new Error(`cannot capture: ${reason}`);
    }
  }

  /** Hands over what is waiting. @returns whether more may be */
  read(visit: PacketVisitor): boolean {
    const { batch } = this;
    for (let call = 0; call < MOST_CALLS; call++) {
      const count = batch.receive(this.fd);
      for (let i = 0; i < count; i++) {
        const type = batch.addressByte(i, PACKET_TYPE);
        if (type === PACKET_HOST || type === PACKET_OUTGOING) visit(batch.view, batch.start(i), batch.length(i), type === PACKET_OUTGOING);
      }
      if (count < batch.capacity) return false;
    }
    return true;
  }

  /** Packets dropped so far. */
  countDropped(): number {
    this.dropped += takePacketDrops(this.fd);
    return this.dropped;
  }

  close(): void {
    close(this.fd);
  }
}
