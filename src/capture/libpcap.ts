// libpcap through koffi: its functions and constants as pcap/pcap.h has them. Loaded at the first call of libpcap(), so that a
// replay without -f needs none.

import koffi, { type LibraryHandle } from 'koffi';
import { type Pointer, memoryAt } from '../host/libc.js';
import { SourceError } from './source.js';

/** Sonames: upstream (Fedora, Alpine, Arch), Debian and Ubuntu. */
const SONAMES = ['libpcap.so.1', 'libpcap.so.0.8'];

export const ERROR_BYTES = 256;

/** Answers of pcap_activate that get words of their own. */
export const PCAP = {
  WARNING: 1,
  WARNING_PROMISC_NOTSUP: 2,
  ERROR: -1,
  ERROR_NO_SUCH_DEVICE: -5,
  ERROR_PERM_DENIED: -8,
  ERROR_IFACE_NOT_UP: -9,
  ERROR_PROMISC_PERM_DENIED: -11,
} as const;
export const TSTAMP_PRECISION_NANO = 1;
export const NETMASK_UNKNOWN = 0xffffffff;

/** The functions used, with their C names less `pcap_`. */
export interface Libpcap {
  create(device: string, error: Uint8Array): Pointer;
  /** reads a savefile's header from the stream, which the handle then owns: close() closes both */
  fopenOffline(stream: Pointer, error: Uint8Array): Pointer;
  setSnaplen(handle: Pointer, bytes: number): number;
  setPromisc(handle: Pointer, on: number): number;
  setTimeout(handle: Pointer, ms: number): number;
  setBufferSize(handle: Pointer, bytes: number): number;
  setTstampPrecision(handle: Pointer, precision: number): number;
  getTstampPrecision(handle: Pointer): number;
  activate(handle: Pointer): number;
  setNonblock(handle: Pointer, on: number, error: Uint8Array): number;
  datalink(handle: Pointer): number;
  selectableFd(handle: Pointer): number;
  compile(handle: Pointer, program: Uint8Array, expression: string, optimize: number, netmask: number): number;
  setFilter(handle: Pointer, program: Uint8Array): number;
  freeCode(program: Uint8Array): void;
  /** one call for many frames: `callback` and `user` are native (dumpCallback and a dumper) */
  dispatch(handle: Pointer, count: number, callback: Pointer, user: Pointer): number;
  dumpFopen(handle: Pointer, stream: Pointer): Pointer;
  dumpFlush(dumper: Pointer): number;
  dumpFtell(dumper: Pointer): number | bigint;
  /** `into` gets struct pcap_stat: received, dropped, dropped by the interface */
  stats(handle: Pointer, into: Uint32Array): number;
  getErr(handle: Pointer): string;
  close(handle: Pointer): void;
  /** the address of pcap_dump, for dispatch() */
  readonly dumpCallback: Pointer;
}

koffi.struct('bpf_program', { length: 'unsigned int', instructions: 'void*' });
/** Bytes of struct bpf_program. */
export const PROGRAM_BYTES = koffi.sizeof('bpf_program');
const INSTRUCTION_BYTES = 8;

/** The instructions of a compiled program (struct bpf_insn, 8 bytes each), in libpcap's memory: valid until freeCode(). */
export function programInstructions(program: Uint8Array): Uint8Array {
  const { length, instructions } = koffi.decode(program, 'bpf_program') as { length: number; instructions: Pointer };
  return instructions === null ? new Uint8Array(0) : memoryAt(instructions, length * INSTRUCTION_BYTES);
}

let loaded: Libpcap | undefined;

/**
 * libpcap, loaded once.
 * @throws SourceError naming the packages when the machine has none
 */
export function libpcap(): Libpcap {
  loaded ??= bindFunctions(load());
  return loaded;
}

function load(): LibraryHandle {
  let reason = '';
  for (const soname of SONAMES) {
    try {
      return koffi.load(soname);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  throw new SourceError(
    `libpcap cannot be loaded (${reason}): install the package libpcap0.8 (Debian, Ubuntu) or libpcap (Fedora, Alpine)`,
  );
}

function bindFunctions(library: LibraryHandle): Libpcap {
  const bind = <T>(declaration: string): T => library.func(declaration) as unknown as T;
  return {
    create: bind('void* pcap_create(const char*, void*)'),
    fopenOffline: bind('void* pcap_fopen_offline(void*, void*)'),
    setSnaplen: bind('int pcap_set_snaplen(void*, int)'),
    setPromisc: bind('int pcap_set_promisc(void*, int)'),
    setTimeout: bind('int pcap_set_timeout(void*, int)'),
    setBufferSize: bind('int pcap_set_buffer_size(void*, int)'),
    setTstampPrecision: bind('int pcap_set_tstamp_precision(void*, int)'),
    getTstampPrecision: bind('int pcap_get_tstamp_precision(void*)'),
    activate: bind('int pcap_activate(void*)'),
    setNonblock: bind('int pcap_setnonblock(void*, int, void*)'),
    datalink: bind('int pcap_datalink(void*)'),
    selectableFd: bind('int pcap_get_selectable_fd(void*)'),
    compile: bind('int pcap_compile(void*, void*, const char*, int, uint32_t)'),
    setFilter: bind('int pcap_setfilter(void*, void*)'),
    freeCode: bind('void pcap_freecode(void*)'),
    dispatch: bind('int pcap_dispatch(void*, int, void*, void*)'),
    dumpFopen: bind('void* pcap_dump_fopen(void*, void*)'),
    dumpFlush: bind('int pcap_dump_flush(void*)'),
    dumpFtell: bind('long pcap_dump_ftell(void*)'),
    stats: bind('int pcap_stats(void*, void*)'),
    getErr: bind('const char* pcap_geterr(void*)'),
    close: bind('void pcap_close(void*)'),
    dumpCallback: library.symbol('pcap_dump') as Pointer,
  };
}
