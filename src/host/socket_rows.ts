// Sockets in columns: tens of thousands of them without an object each. Addresses are kept in the form of IPv6, those of IPv4 as
// ::ffff:a.b.c.d: a dual-stack server's connection over IPv4 reads the same, whichever family its socket is of.

/** TCP states (include/net/tcp_states.h); as a mask, bit N is state N. UDP sockets are ESTABLISHED when connected, else CLOSE. */
export const TCP_STATE = {
  ESTABLISHED: 1, SYN_SENT: 2, SYN_RECV: 3, FIN_WAIT1: 4, FIN_WAIT2: 5, TIME_WAIT: 6, CLOSE: 7, CLOSE_WAIT: 8, LAST_ACK: 9,
  LISTEN: 10, CLOSING: 11, NEW_SYN_RECV: 12,
} as const;

/** Every state, also those of later kernels. */
export const ALL_STATES = 0xffffffff;

export const AF_INET = 2;
export const AF_INET6 = 10;
export const ADDRESS_BYTES = 16;
/** of ::ffff:0:0/96 */
const MAPPED_PREFIX_BYTES = 12;

/** Writes an IPv4 address as the IPv6 address that stands for it (RFC 4291 section 2.5.5.2). */
export function writeMapped(out: Uint8Array, at: number, bytes: Uint8Array, address: number): void {
  out.fill(0, at, at + MAPPED_PREFIX_BYTES - 2);
  out[at + 10] = 0xff;
  out[at + 11] = 0xff;
  for (let i = 0; i < 4; i++) out[at + MAPPED_PREFIX_BYTES + i] = bytes[address + i];
}

/** Whether an address of 16 bytes stands for one of IPv4. */
export function isMapped(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}

const FIRST_ROOM = 256;

/** Columns that grow; row `i` is of the socket that was added as number `i`. */
export class SocketRows {
  count = 0;
  /** AF_INET or AF_INET6, the socket's own */
  family = new Uint8Array(FIRST_ROOM);
  /** IPPROTO_TCP or IPPROTO_UDP */
  protocol = new Uint8Array(FIRST_ROOM);
  /** TCP_STATE */
  state = new Uint8Array(FIRST_ROOM);
  localPort = new Uint16Array(FIRST_ROOM);
  remotePort = new Uint16Array(FIRST_ROOM);
  /** index of the interface the socket is bound to, 0: none */
  boundTo = new Uint32Array(FIRST_ROOM);
  /** who made the socket; of one nobody has accepted yet, 0 */
  uid = new Uint32Array(FIRST_ROOM);
  /** inode in sockfs; 0: no process has it (time wait, not accepted yet, closed by all) */
  inode = new Uint32Array(FIRST_ROOM);
  /** names the socket in its network namespace, for ever */
  cookieLow = new Uint32Array(FIRST_ROOM);
  cookieHigh = new Uint32Array(FIRST_ROOM);
  /** local and remote address of each, ADDRESS_BYTES each */
  addresses = new Uint8Array(FIRST_ROOM * 2 * ADDRESS_BYTES);

  clear(): void {
    this.count = 0;
  }

  /** @returns the number of a new row, whose columns hold anything; columns taken before are the old ones */
  add(): number {
    if (this.count === this.state.length) this.grow();
    return this.count++;
  }

  /** Offset of the row's local address in `addresses`; the remote one follows. */
  localAt(row: number): number {
    return row * 2 * ADDRESS_BYTES;
  }

  remoteAt(row: number): number {
    return row * 2 * ADDRESS_BYTES + ADDRESS_BYTES;
  }

  /** The cookie as one number. */
  cookie(row: number): bigint {
    return (BigInt(this.cookieHigh[row]) << 32n) | BigInt(this.cookieLow[row]);
  }

  private grow(): void {
    this.family = doubled(this.family);
    this.protocol = doubled(this.protocol);
    this.state = doubled(this.state);
    this.localPort = doubled(this.localPort);
    this.remotePort = doubled(this.remotePort);
    this.boundTo = doubled(this.boundTo);
    this.uid = doubled(this.uid);
    this.inode = doubled(this.inode);
    this.cookieLow = doubled(this.cookieLow);
    this.cookieHigh = doubled(this.cookieHigh);
    this.addresses = doubled(this.addresses);
  }
}

function doubled<T extends Uint8Array | Uint16Array | Uint32Array>(column: T): T {
  const larger = new (column.constructor as new (length: number) => T)(column.length * 2);
  larger.set(column);
  return larger;
}
