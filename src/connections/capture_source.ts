// Source (b): frames that open and close TCP connections, and UDP; the process is looked up in that moment, and unknown when it is
// gone already. What this host forwards is none of its connections.

import { networkInterfaces } from 'node:os';
import { formatAddress } from '../config/network.js';
import { monotonicNs } from '../host/clocks.js';
import { IPPROTO_TCP, IPPROTO_UDP } from '../host/sock_diag.js';
import { socketEnds, type Ends } from '../host/socket_ends.js';
import { SocketRows, TCP_STATE } from '../host/socket_rows.js';
import type { Entry } from './book.js';
import { connectionFilter } from './capture_filter.js';
import type { Protocol } from './connection.js';
import { OldUdpSockets } from './old_udp.js';
import type { LiveSource, SourceParts } from './open_source.js';
import { Packets } from './packets.js';
import { HolderList } from './socket_list.js';
import { UdpConversations } from './udp_conversations.js';

const TCP = 6;
const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 0x10;
const V4_BYTES = 20;
const V6_BYTES = 40;
const PORTS_BYTES = 4;
const TCP_FLAGS = 13;
/** This host's addresses are looked up again for one that is not among them, but not more often than this. */
const ADDRESSES_MS = 1000;
/** How long a connection that was answered may take to be established. */
const HANDSHAKE_MS = 3000;
const AGAIN_MS = 4;
const MOST_HALF_OPEN = 16_384;

interface HalfOpen {
  readonly entry: Entry;
  readonly endMs: number;
}

export class CaptureSource implements LiveSource {
  readonly fds: readonly number[];
  private readonly packets: Packets;
  private readonly udp: UdpConversations;
  private readonly oldUdp: OldUdpSockets;
  private readonly rows = new SocketRows();
  /** answered, and not seen established */
  private halfOpen: HalfOpen[] = [];
  private halfOpenLost = 0;
  /** entries with the inode of their socket, whose process is to be looked up */
  private unowned: { readonly entry: Entry; readonly inode: number }[] = [];
  private readonly fins = new WeakMap<Entry, { near: boolean; far: boolean }>();
  private local = new Set<string>();
  private localMs = -Infinity;

  constructor(private readonly parts: SourceParts, protocol: Protocol | 'both') {
    this.packets = new Packets(connectionFilter(protocol));
    this.fds = [this.packets.fd];
    this.udp = new UdpConversations(parts.book, (entry) => this.lookUp(IPPROTO_UDP, entry));
    this.oldUdp = new OldUdpSockets(parts.book, parts.diag);
    if (protocol !== 'udp') parts.closings.endsByDestruction = true;
  }

  get dueMs(): number | undefined {
    if (this.halfOpen.length > 0) return performance.now() + AGAIN_MS;
    return Math.min(this.udp.dueMs ?? Infinity, this.oldUdp.dueMs ?? Infinity);
  }

  read(): boolean {
    const ns = Number(monotonicNs());
    return this.packets.read((view, at, bytes, isOutgoing) => this.packet(view, at, bytes, isOutgoing, ns));
  }

  /** What is captured is booked at once: there is nothing exact to wait for. */
  applyUntil(ns: bigint | undefined): void {
    if (ns === undefined) this.findOwners();
  }

  tend(): void {
    this.udp.expire();
    this.oldUdp.tend();
    if (this.halfOpen.length === 0) return;
    const nowMs = performance.now();
    this.halfOpen = this.halfOpen.filter((half) => !this.handshakeEnded(half, nowMs));
  }

  lost(): Record<string, number> {
    return { packets: this.packets.countDropped(), 'handshakes not followed': this.halfOpenLost, 'UDP conversations for want of room': this.udp.evicted };
  }

  stop(): void {
    // what the kernel holds is read by the last rounds
  }

  close(): void {
    this.packets.close();
  }

  private packet(view: DataView, at: number, bytes: number, isOutgoing: boolean, ns: number): void {
    if (bytes < V4_BYTES) return;
    const isV6 = view.getUint8(at) >> 4 === 6;
    const headerBytes = isV6 ? V6_BYTES : (view.getUint8(at) & 15) * 4;
    const addressBytes = isV6 ? 16 : 4;
    const addresses = at + (isV6 ? 8 : 12);
    const ports = at + headerBytes;
    if (bytes < headerBytes + PORTS_BYTES) return;
    const protocol = view.getUint8(at + (isV6 ? 6 : 9));
    if (protocol !== TCP) {
      const payload = bytes < headerBytes + 6 ? 0 : view.getUint16(ports + 4) - 8;
      if (this.udp.packet(view, addresses, addressBytes, ports, isOutgoing, Math.max(0, payload), ns)) return;
    } else if (bytes <= headerBytes + TCP_FLAGS) {
      return;
    }
    const address = (i: number): string => formatAddress(new Uint8Array(view.buffer, view.byteOffset + addresses + i * addressBytes, addressBytes));
    const [near, far] = isOutgoing ? [0, 1] : [1, 0];
    const ends: Ends = {
      local: address(near), localPort: view.getUint16(ports + 2 * near), remote: address(far), remotePort: view.getUint16(ports + 2 * far),
    };
    if (!this.isLocal(ends.local)) return;
    if (protocol === TCP) this.segment(ends, view.getUint8(ports + TCP_FLAGS), isOutgoing, ns);
    else this.udp.begin(ends, isOutgoing, ns);
  }

  private segment(ends: Ends, flags: number, isOutgoing: boolean, ns: number): void {
    const { book } = this.parts;
    const entry = book.withEnds('tcp', ends).find((known) => !this.parts.closings.has(known));
    const handshake = flags & (SYN | ACK | RST);
    if ((flags & RST) === 0 && handshake === SYN) {
      if (isOutgoing && entry === undefined) this.opens(ends, ns);
    } else if ((flags & RST) === 0 && handshake === (SYN | ACK)) {
      if (isOutgoing) this.answers(ends, entry, ns);
      else if (entry?.direction === 'out' && !entry.isEstablished) this.establish(entry, ns);
    } else if (entry !== undefined) {
      this.ends(entry, flags, isOutgoing, ns);
    }
  }

  private opens(ends: Ends, ns: number): void {
    const entry = this.parts.book.add({ protocol: 'tcp', ends, direction: 'out', sinceNs: ns, isPending: true });
    this.parts.book.tell(entry, 'open', ns);
    this.lookUp(IPPROTO_TCP, entry);
  }

  private answers(ends: Ends, known: Entry | undefined, ns: number): void {
    if (known !== undefined) return;
    const entry = this.parts.book.add({ protocol: 'tcp', ends, direction: 'in', sinceNs: ns, isPending: true });
    if (this.halfOpen.length >= MOST_HALF_OPEN) {
      this.halfOpenLost++;
      this.parts.book.remove(entry);
      return;
    }
    this.halfOpen.push({ entry, endMs: performance.now() + HANDSHAKE_MS });
  }

  private establish(entry: Entry, ns: number): void {
    entry.isEstablished = true;
    this.parts.book.tell(entry, 'established', ns);
    if (entry.direction === 'in') this.parts.accepted.find(entry);
  }

  private ends(entry: Entry, flags: number, isOutgoing: boolean, ns: number): void {
    const fins = this.fins.get(entry) ?? { near: false, far: false };
    this.fins.set(entry, fins);
    if ((flags & FIN) !== 0) {
      // Who sends FIN was established, or was called and never heard the end of the handshake.
      if (entry.direction === 'in' && !entry.isEstablished && !entry.isOld) this.establish(entry, ns);
      if (isOutgoing) fins.near = true;
      else fins.far = true;
    }
    const isReset = (flags & RST) !== 0;
    if (!isReset && !(fins.near && fins.far)) return;
    if (!entry.isEstablished && entry.direction === 'in' && !entry.isOld) this.parts.book.remove(entry);
    else this.parts.closings.add(entry, ns, !entry.isEstablished && !entry.isOld);
  }

  /** @returns whether it is established, or will not be */
  private handshakeEnded({ entry, endMs }: HalfOpen, nowMs: number): boolean {
    if (entry.isEstablished) return true;
    this.rows.clear();
    const row = this.parts.diag.find(IPPROTO_TCP, socketEnds(entry.ends), this.rows);
    const state = row < 0 ? TCP_STATE.CLOSE : this.rows.state[row];
    if (state === TCP_STATE.NEW_SYN_RECV || state === TCP_STATE.SYN_RECV || state === TCP_STATE.LISTEN || state === TCP_STATE.CLOSE) {
      if (nowMs < endMs) return false;
      this.parts.book.remove(entry);
      return true;
    }
    this.establish(entry, Number(monotonicNs()));
    return true;
  }

  /** Remembers the socket: its process is found with those of all others that came at once. */
  private lookUp(protocol: number, entry: Entry): void {
    this.rows.clear();
    const row = this.parts.diag.find(protocol, socketEnds(entry.ends), this.rows);
    const isIt = row >= 0 && this.rows.state[row] !== TCP_STATE.LISTEN;
    this.unowned.push({ entry, inode: isIt ? this.rows.inode[row] : 0 });
  }

  private findOwners(): void {
    if (this.unowned.length === 0) return;
    const unowned = this.unowned;
    this.unowned = [];
    this.parts.processes.rescan();
    const holders = new HolderList(this.parts.processes, monotonicNs());
    for (const { entry, inode } of unowned) {
      const { owner, shared } = inode === 0 ? { owner: undefined, shared: 0 } : holders.of(inode);
      this.parts.book.settle(entry, owner, 'scan', shared);
    }
  }

  private isLocal(address: string): boolean {
    if (this.local.has(address) || address.startsWith('127.') || address === '::1') return true;
    const nowMs = performance.now();
    if (nowMs - this.localMs < ADDRESSES_MS) return false;
    this.localMs = nowMs;
    this.local = new Set(Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map((entry) => entry.address)));
    return this.local.has(address);
  }
}
