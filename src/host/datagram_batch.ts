// recvmmsg(2): several datagrams of a netlink socket in one system call, into memory that is described to the kernel once.

import koffi from 'koffi';
import { LITTLE_ENDIAN, bind } from './libc.js';
import { SOL_SOCKET, SO_TIMESTAMPNS } from './socket_options.js';

const receiveMany = bind<(fd: number, messages: bigint, count: number, flags: number, timeout: null) => number>(
  'int recvmmsg(int, void*, unsigned int, int, void*)',
);
const MSG_DONTWAIT = 0x40;

const POINTER_BYTES = koffi.sizeof('void*');
// struct msghdr: name, its length, iovec, their number, control, its length, flags; struct mmsghdr: the same and the length received
const NAME = 0;
const NAME_LENGTH = POINTER_BYTES;
const VECTORS = 2 * POINTER_BYTES;
const VECTOR_COUNT = 3 * POINTER_BYTES;
const CONTROL = 4 * POINTER_BYTES;
const CONTROL_LENGTH = 5 * POINTER_BYTES;
const FLAGS = 6 * POINTER_BYTES;
const RECEIVED = 7 * POINTER_BYTES;
const MESSAGE_BYTES = 8 * POINTER_BYTES;
const VECTOR_BYTES = 2 * POINTER_BYTES;
const MSG_TRUNC = 0x20;
// struct sockaddr_nl: family, padding, port, groups
const ADDRESS_BYTES = 12;
const PORT = 4;
// struct cmsghdr: length, level, type; behind it, of a time stamp, seconds and nanoseconds (SO_TIMESTAMPNS, socket(7)), longs all
const STAMP_LEVEL = POINTER_BYTES;
const STAMP_TYPE = POINTER_BYTES + 4;
const STAMP_SECONDS = POINTER_BYTES + 8;
const STAMP_NANOSECONDS = STAMP_SECONDS + POINTER_BYTES;
const CONTROL_BYTES = STAMP_NANOSECONDS + POINTER_BYTES;
const CONTROL_ROOM = BigInt(CONTROL_BYTES);

/** Room for a number of datagrams. */
export class DatagramBatch {
  /** all of them; datagram `i` begins at start(i) */
  readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly base: bigint;
  private readonly vectors: number;
  private readonly addresses: number;
  private readonly controls: number;
  /** datagrams of the last call */
  private received = 0;
  private readonly payloads: number;

  /**
   * @param capacity datagrams
   * @param mostBytes of one: what is longer is cut, and length() says 0
   */
  constructor(readonly capacity: number, private readonly mostBytes: number) {
    this.vectors = capacity * MESSAGE_BYTES;
    this.addresses = this.vectors + capacity * VECTOR_BYTES;
    this.controls = (this.addresses + capacity * ADDRESS_BYTES + 7) & ~7;
    this.payloads = this.controls + capacity * CONTROL_BYTES;
    this.bytes = new Uint8Array(this.payloads + capacity * mostBytes);
    this.view = new DataView(this.bytes.buffer);
    // Memory of this size does not move, and lives as long as `bytes`.
    this.base = koffi.address(this.bytes);
    for (let i = 0; i < capacity; i++) this.describe(i);
  }

  private describe(i: number): void {
    const { view, vectors, addresses } = this;
    const message = i * MESSAGE_BYTES;
    const vector = vectors + i * VECTOR_BYTES;
    this.setWord(message + NAME, this.base + BigInt(addresses + i * ADDRESS_BYTES));
    view.setUint32(message + NAME_LENGTH, ADDRESS_BYTES, LITTLE_ENDIAN);
    this.setWord(message + VECTORS, this.base + BigInt(vector));
    this.setWord(message + VECTOR_COUNT, 1n);
    this.setWord(message + CONTROL, this.base + BigInt(this.controls + i * CONTROL_BYTES));
    this.setWord(message + CONTROL_LENGTH, CONTROL_ROOM);
    this.setWord(vector, this.base + BigInt(this.start(i)));
    this.setWord(vector + POINTER_BYTES, BigInt(this.mostBytes));
  }

  private setWord(at: number, value: bigint): void {
    if (POINTER_BYTES === 8) this.view.setBigUint64(at, value, LITTLE_ENDIAN);
    else this.view.setUint32(at, Number(value), LITTLE_ENDIAN);
  }

  /** Takes what is waiting, without waiting. @returns how many datagrams, -1 for an error: errno() */
  receive(fd: number): number {
    // The kernel has written there how much it said beside each.
    for (let i = 0; i < this.received; i++) this.setWord(i * MESSAGE_BYTES + CONTROL_LENGTH, CONTROL_ROOM);
    const count = receiveMany(fd, this.base, this.capacity, MSG_DONTWAIT, null);
    for (let i = 0; i < count; i++) this.view.setUint32(i * MESSAGE_BYTES + NAME_LENGTH, ADDRESS_BYTES, LITTLE_ENDIAN);
    this.received = Math.max(0, count);
    return count;
  }

  start(i: number): number {
    return this.payloads + i * this.mostBytes;
  }

  /** Bytes of the datagram; 0 when it was longer than there is room. */
  length(i: number): number {
    const message = i * MESSAGE_BYTES;
    return (this.view.getUint32(message + FLAGS, LITTLE_ENDIAN) & MSG_TRUNC) !== 0 ? 0 : this.view.getUint32(message + RECEIVED, LITTLE_ENDIAN);
  }

  /** When the kernel had the datagram, microseconds of CLOCK_REALTIME, where the socket has SO_TIMESTAMPNS; 0: it did not say. */
  timeUs(i: number): number {
    const { view } = this;
    const at = this.controls + i * CONTROL_BYTES;
    if (this.word(i * MESSAGE_BYTES + CONTROL_LENGTH) < CONTROL_BYTES || view.getInt32(at + STAMP_LEVEL, LITTLE_ENDIAN) !== SOL_SOCKET || view.getInt32(at + STAMP_TYPE, LITTLE_ENDIAN) !== SO_TIMESTAMPNS) return 0;
    return this.word(at + STAMP_SECONDS) * 1e6 + Math.floor(this.word(at + STAMP_NANOSECONDS) / 1000);
  }

  private word(at: number): number {
    return POINTER_BYTES === 8 ? Number(this.view.getBigInt64(at, LITTLE_ENDIAN)) : this.view.getInt32(at, LITTLE_ENDIAN);
  }

  /** A byte of the sender's address, of its first ADDRESS_BYTES (12). */
  addressByte(i: number, at: number): number {
    return this.view.getUint8(this.addresses + i * ADDRESS_BYTES + at);
  }

  /** Netlink port of the sender; 0 is the kernel. */
  sender(i: number): number {
    return this.view.getUint32(this.addresses + i * ADDRESS_BYTES + PORT, LITTLE_ENDIAN);
  }
}
