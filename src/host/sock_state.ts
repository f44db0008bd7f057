// Records of the trace event sock:inet_sock_set_state: a socket goes from one TCP state to the next.

import { LITTLE_ENDIAN } from './libc.js';
import { AF_INET, AF_INET6 } from './socket_rows.js';
import { needField, type TraceFormat } from './trace_format.js';

const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** One transition. */
export interface SockStateChange {
  /** names the socket while it lives: the low 48 bits of its address in the kernel */
  readonly socket: number;
  /** CLOCK_MONOTONIC */
  readonly timeNs: number;
  /** thread in whose context it happened, in the initial PID namespace: the socket's own only for CLOSE to SYN_SENT or LISTEN */
  readonly threadId: number;
  readonly from: number;
  readonly to: number;
  /** 4 or 16 bytes; an IPv4-mapped address has 4 */
  readonly localAddress: Uint8Array;
  /** 0: not chosen yet */
  readonly localPort: number;
  readonly remoteAddress: Uint8Array;
  readonly remotePort: number;
}

/** Reads the records of one kernel. */
export class SockStateReader {
  private readonly id: number;
  private readonly idAt: number;
  private readonly threadAt: number;
  private readonly socketAt: number;
  private readonly fromAt: number;
  private readonly toAt: number;
  private readonly localPortAt: number;
  private readonly remotePortAt: number;
  private readonly familyAt: number;
  private readonly local4: number;
  private readonly remote4: number;
  private readonly local6: number;
  private readonly remote6: number;
  private readonly recordBytes: number;
  private readonly socketBytes: number;

  /** @throws Error that names a field the kernel's event does not have */
  constructor(format: TraceFormat) {
    const at = (name: string, ...sizes: readonly number[]): number => needField(format, name, ...sizes).offset;
    this.id = format.id ?? -1;
    this.idAt = at('common_type', 2);
    this.threadAt = at('common_pid', 4);
    const socket = needField(format, 'skaddr', 4, 8);
    this.socketAt = socket.offset;
    this.socketBytes = socket.size;
    this.fromAt = at('oldstate', 4);
    this.toAt = at('newstate', 4);
    this.localPortAt = at('sport', 2);
    this.remotePortAt = at('dport', 2);
    this.familyAt = at('family', 2);
    this.local4 = at('saddr', 4);
    this.remote4 = at('daddr', 4);
    this.local6 = at('saddr_v6', 16);
    this.remote6 = at('daddr_v6', 16);
    this.recordBytes = Math.max(...[...format.fields.values()].map(({ offset, size }) => offset + size));
  }

  /** @returns undefined for records of another event, of another family, and those cut short */
  read(view: DataView, at: number, end: number, timeNs: number): SockStateChange | undefined {
    if (at + this.recordBytes > end || view.getUint16(at + this.idAt, LITTLE_ENDIAN) !== this.id) return undefined;
    const family = view.getUint16(at + this.familyAt, LITTLE_ENDIAN);
    if (family !== AF_INET && family !== AF_INET6) return undefined;
    const isV6 = family === AF_INET6;
    return {
      socket: this.socketAddress(view, at + this.socketAt),
      timeNs,
      threadId: view.getInt32(at + this.threadAt, LITTLE_ENDIAN),
      from: view.getInt32(at + this.fromAt, LITTLE_ENDIAN),
      to: view.getInt32(at + this.toAt, LITTLE_ENDIAN),
      localAddress: addressAt(view, at + (isV6 ? this.local6 : this.local4), isV6),
      localPort: view.getUint16(at + this.localPortAt, LITTLE_ENDIAN),
      remoteAddress: addressAt(view, at + (isV6 ? this.remote6 : this.remote4), isV6),
      remotePort: view.getUint16(at + this.remotePortAt, LITTLE_ENDIAN),
    };
  }

  private socketAddress(view: DataView, at: number): number {
    if (this.socketBytes === 4) return view.getUint32(at, LITTLE_ENDIAN);
    const [low, high] = LITTLE_ENDIAN ? [at, at + 4] : [at + 4, at];
    return (view.getUint32(high, LITTLE_ENDIAN) & 0xffff) * 2 ** 32 + view.getUint32(low, LITTLE_ENDIAN);
  }
}

function addressAt(view: DataView, at: number, isV6: boolean): Uint8Array {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, isV6 ? 16 : 4).slice();
  return isV6 ? unmapped(bytes) : bytes;
}

/** An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) as the IPv4 address that is on the wire; others as they are. */
export function unmapped(address: Uint8Array): Uint8Array {
  return address.length === 16 && MAPPED_PREFIX.every((byte, i) => address[i] === byte) ? address.slice(12) : address;
}
