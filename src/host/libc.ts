// The C library through koffi: only what live capture needs. The functions are those of the process itself (glibc or musl,
// whichever Node runs on). Calls are synchronous; a failing one returns -1 or null and leaves its reason in errno().

import { endianness } from 'node:os';
import koffi from 'koffi';

/** A C pointer; null is NULL. */
export type Pointer = bigint | null;

const library = koffi.load(null);

/** A function of the C library, by its C declaration. */
export function bind<T>(declaration: string): T {
  return library.func(declaration) as unknown as T;
}

/** Byte order of C structures on this machine, as DataView wants it. */
export const LITTLE_ENDIAN = endianness() === 'LE';

export const socket = bind<(domain: number, type: number, protocol: number) => number>('int socket(int, int, int)');
export const bindSocket = bind<(fd: number, address: Uint8Array, bytes: number) => number>('int bind(int, void*, uint32_t)');
export const send = bind<(fd: number, data: Uint8Array, bytes: number, flags: number) => number>(
  'intptr_t send(int, void*, size_t, int)',
);
export const sendTo = bind<(fd: number, data: Uint8Array, bytes: number, flags: number, address: Uint8Array, addressBytes: number) => number>(
  'intptr_t sendto(int, void*, size_t, int, void*, uint32_t)',
);
export const receive = bind<(fd: number, into: Uint8Array, bytes: number, flags: number) => number>(
  'intptr_t recv(int, void*, size_t, int)',
);
export const setSocketOption = bind<(fd: number, level: number, option: number, value: Uint8Array, bytes: number) => number>(
  'int setsockopt(int, int, int, void*, uint32_t)',
);
/** `bytes` holds the room in `value` and gets what was written. */
export const getSocketOption = bind<
  (fd: number, level: number, option: number, value: Uint8Array | null, bytes: Uint32Array) => number
>('int getsockopt(int, int, int, void*, void*)');

/** A BPF program: 8 bytes an instruction. */
export interface InstructionProgram {
  readonly length: number;
  readonly instructions: Uint8Array;
}

koffi.struct('sock_fprog', { length: 'uint16_t', instructions: 'void*' }); // struct sock_fprog of linux/filter.h
const setSocketFilter = bind<
  (fd: number, level: number, option: number, program: InstructionProgram, bytes: number) => number
>('int setsockopt(int, int, int, sock_fprog*, uint32_t)');
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const INSTRUCTION_BYTES = 8;

/**
 * Makes the kernel run a BPF program over what the socket gets from now on; what it already holds stays.
 * @param instructions struct sock_filter, 8 bytes each
 * @returns -1 when the kernel refuses
 */
export function attachFilter(fd: number, instructions: Uint8Array): number {
  const program = { length: instructions.length / INSTRUCTION_BYTES, instructions };
  return setSocketFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, koffi.sizeof('sock_fprog'));
}

/** Instructions of the socket's filter, 0 when it has none. */
export function attachedFilterLength(fd: number): number {
  const length = new Uint32Array(1);
  return getSocketOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, null, length) < 0 ? 0 : length[0]; // read, it is SO_GET_FILTER
}

/** Names of files end in NUL. */
export const openFile = bind<(path: Uint8Array, flags: number) => number>('int open(void*, int)');
export const readFile = bind<(fd: number, into: Uint8Array, bytes: number) => number>('intptr_t read(int, void*, size_t)');
export const readLink = bind<(path: Uint8Array, into: Uint8Array, bytes: number) => number>('intptr_t readlink(void*, void*, size_t)');

/** A counter that poll() sees: whoever writes 8 bytes to it wakes who waits for it. */
export const eventfd = bind<(initial: number, flags: number) => number>('int eventfd(unsigned int, int)');
export const EFD_CLOEXEC_NONBLOCK = 0x80800;

const setpriority = bind<(which: number, who: number, nice: number) => number>('int setpriority(int, uint32_t, int)');

/** Has the kernel prefer the calling thread, -20 (most) to 19. @returns false where that is not allowed: CAP_SYS_NICE */
export function setThreadNice(nice: number): boolean {
  return setpriority(0, 0, nice) === 0; // on Linux a thread's own, setpriority(2)
}

export const close = bind<(fd: number) => number>('int close(int)');

const flock = bind<(fd: number, operation: number) => number>('int flock(int, int)');
const LOCK_EX_NB = 2 | 4; // LOCK_EX | LOCK_NB of sys/file.h

/** Takes the lock of an open file, unless somebody has it: -1 with errno EWOULDBLOCK. The kernel releases it with the descriptor. */
export function lockFile(fd: number): number {
  return flock(fd, LOCK_EX_NB);
}

/** `entries` holds `count` times struct pollfd: int fd, short events, short revents. */
export const poll = bind<(entries: Uint8Array, count: number, timeoutMs: number) => number>('int poll(void*, unsigned long, int)');
const ppoll = bind<(entries: Uint8Array, count: number, timeout: Uint8Array, mask: null) => number>('int ppoll(void*, unsigned long, void*, void*)');
const timespec = new BigInt64Array(2);
const timespecBytes = new Uint8Array(timespec.buffer);
const IS_64_BIT = koffi.sizeof('void*') === 8;

/** poll() for a fraction of a millisecond, too, where struct timespec is known to be two words of 64 bits. */
export function pollFor(entries: Uint8Array, count: number, timeoutMs: number): number {
  if (!IS_64_BIT) return poll(entries, count, Math.ceil(timeoutMs));
  const seconds = Math.floor(timeoutMs / 1000);
  timespec[0] = BigInt(seconds);
  timespec[1] = BigInt(Math.ceil((timeoutMs - seconds * 1000) * 1e6)) % 1_000_000_000n;
  return ppoll(entries, count, timespecBytes, null);
}
export const POLLIN = 1;
export const POLLFD_BYTES = 8;

const mmap = bind<(address: Pointer, bytes: number, protection: number, flags: number, fd: number, offset: number) => Pointer>(
  'void* mmap(void*, size_t, int, int, int, long)',
);
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_ANONYMOUS = 0x20;
const MAP_FAILED = 2n ** BigInt(8 * koffi.sizeof('void*')) - 1n;

/** Maps the first bytes of a file or socket for reading and writing; null when the kernel refuses. */
export function mapShared(fd: number, bytes: number): Pointer {
  const address = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  return isMapped(address) ? address : null;
}

function isMapped(address: Pointer): boolean {
  return address !== null && BigInt.asUintN(64, address) !== MAP_FAILED;
}

/** Maps memory that belongs to no file, all zero; null when there is none. */
export function mapAnonymous(bytes: number): Pointer {
  const address = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return isMapped(address) ? address : null;
}

/** Takes a mapping away: any thread that reads there afterwards ends the process. */
export const unmap = bind<(address: bigint, bytes: number) => number>('int munmap(void*, size_t)');

/** A stream over memory the caller keeps alive until closeStream(). */
export const openMemoryStream = bind<(memory: Uint8Array, bytes: number, mode: string) => Pointer>(
  'void* fmemopen(void*, size_t, const char*)',
);
export const openStream = bind<(path: string, mode: string) => Pointer>('void* fopen(const char*, const char*)');
/** `mode` 0 is fully buffered; the buffer is the caller's and lives as long as the stream. */
export const setStreamBuffer = bind<(stream: Pointer, buffer: Uint8Array, mode: number, bytes: number) => number>(
  'int setvbuf(void*, void*, int, size_t)',
);
export const closeStream = bind<(stream: Pointer) => number>('int fclose(void*)');

const strerror = bind<(code: number) => string>('const char* strerror(int)');

/** errno of this thread's last call. */
export function errno(): number {
  return koffi.errno();
}

/** What errno (of this thread's last call, or as given) means, such as `Operation not permitted`. */
export function errnoText(code = koffi.errno()): string {
  return strerror(code);
}

/** The memory at a C pointer: valid until its owner frees it. */
export function memoryAt(pointer: bigint, bytes: number): Uint8Array {
  return new Uint8Array(koffi.view(pointer, bytes));
}
