// A libpcap handle on one interface: opened, filtered, read in batches, its intake stopped, its counters read.

import { type Pointer, attachedFilterLength } from '../host/libc.js';
import type { Link } from '../host/links.js';
import { dltToLinkType } from './link_types.js';
import {
  ERROR_BYTES,
  type Libpcap,
  NETMASK_UNKNOWN,
  PCAP,
  PROGRAM_BYTES,
  TSTAMP_PRECISION_NANO,
  libpcap,
  programInstructions,
} from './libpcap.js';
import { BLOCK_TIMEOUT_MS } from './live_handle.js';
import { dropAll, ignoreOutgoing } from './packet_socket.js';
import { SourceError } from './source.js';

/** How to open an interface. */
export interface HandleOptions {
  readonly promiscuous: boolean;
  /** bytes of a frame to keep, 1 to 262144 */
  readonly snaplen: number;
  /** kernel buffer, 1 to 2047 */
  readonly bufferMiB: number;
}

export class PcapHandle {
  private constructor(
    private readonly pcap: Libpcap,
    private pointer: Pointer,
    readonly name: string,
    /** for poll() */
    readonly fd: number,
    /** LINKTYPE_ number */
    readonly linkType: number,
    /** whether frame times have nanoseconds (else microseconds) */
    readonly nanoseconds: boolean,
    readonly snaplen: number,
  ) {}

  /**
   * Opens an interface without filter.
   * @param warn gets one line each: what was asked for and not granted
   * @throws SourceError when it cannot be opened
   */
  static open(link: Link, options: HandleOptions, warn: (text: string) => void): PcapHandle {
    const pcap = libpcap();
    const pointer = activate(pcap, link.name, options, options.promiscuous, warn);
    const error = new Uint8Array(ERROR_BYTES);
    const fd = pcap.selectableFd(pointer);
    if (pcap.setNonblock(pointer, 1, error) < 0 || fd < 0) {
      const reason = cString(error);
      pcap.close(pointer);
      throw new SourceError(`${link.name}: cannot be polled: ${reason}`);
    }
    // libpcap hands over one of the two, but the kernel counts both.
    if (link.loopback && !ignoreOutgoing(fd)) {
      warn(`${link.name}: this kernel (before 4.20) counts every packet twice; the second count shows as prefilter`);
    }
    const linkType = dltToLinkType(pcap.datalink(pointer));
    const nanoseconds = pcap.getTstampPrecision(pointer) === TSTAMP_PRECISION_NANO;
    return new PcapHandle(pcap, pointer, link.name, fd, linkType, nanoseconds, options.snaplen);
  }

  /**
   * Compiles an expression on this handle (only there `vlan` knows of tags the kernel has taken off) and lets it take effect.
   * @returns false when the kernel would not take the program: libpcap then runs it itself, and the kernel counts all frames
   * @throws SourceError with libpcap's words when it does not compile
   */
  setFilter(expression: string): boolean {
    const set = this.withProgram(expression, (program) => this.pcap.setFilter(this.pointer, program));
    if (set < 0) throw new SourceError(`${this.name}: the filter cannot be set: ${oneLine(this.pcap.getErr(this.pointer))}`);
    return attachedFilterLength(this.fd) > 0;
  }

  /**
   * Compiles an expression on this handle, for another socket on the same interface.
   * @returns struct sock_filter, 8 bytes each; what passes is cut at the snaplen
   * @throws SourceError as setFilter()
   */
  compile(expression: string): Uint8Array {
    return this.withProgram(expression, (program) => programInstructions(program).slice());
  }

  private withProgram<T>(expression: string, use: (program: Uint8Array) => T): T {
    const { pcap } = this;
    const program = new Uint8Array(PROGRAM_BYTES);
    if (pcap.compile(this.pointer, program, expression, 1, NETMASK_UNKNOWN) < 0) {
      throw new SourceError(`${this.name}: the filter "${expression}" does not compile: ${oneLine(pcap.getErr(this.pointer))}`);
    }
    try {
      return use(program);
    } finally {
      pcap.freeCode(program);
    }
  }

  /**
   * From now on the kernel adds no frame; those it holds can still be read. Not through pcap_setfilter, which would also
   * throw away what the buffer holds.
   */
  stopIntake(): void {
    dropAll(this.fd);
  }

  /** A dumper that writes to `stream`: the savefile header at once, then what dispatch() reads. */
  openDumper(stream: Pointer): Pointer {
    return this.pcap.dumpFopen(this.pointer, stream);
  }

  /**
   * Reads what is there, at most `frames` of them, into the dumper.
   * @returns frames read, 0 when there are none now, negative when the interface cannot go on (errorText())
   */
  dispatch(frames: number, dumper: Pointer): number {
    return this.pcap.dispatch(this.pointer, frames, this.pcap.dumpCallback, dumper);
  }

  /** The kernel's counters since the handle was opened, modulo 2^32: received (with dropped), dropped, by the interface. */
  readStatistics(into: Uint32Array): boolean {
    return this.pcap.stats(this.pointer, into) === 0;
  }

  /** libpcap's last words on this handle. */
  errorText(): string {
    return oneLine(this.pcap.getErr(this.pointer));
  }

  /** Safe to call twice. */
  close(): void {
    if (this.pointer === null) return;
    this.pcap.close(this.pointer);
    this.pointer = null;
  }
}

function activate(
  pcap: Libpcap,
  name: string,
  options: HandleOptions,
  promiscuous: boolean,
  warn: (text: string) => void,
): Pointer {
  const error = new Uint8Array(ERROR_BYTES);
  const pointer = pcap.create(name, error);
  if (pointer === null) throw new SourceError(`${name}: ${cString(error)}`);
  pcap.setSnaplen(pointer, options.snaplen);
  pcap.setPromisc(pointer, promiscuous ? 1 : 0);
  pcap.setTimeout(pointer, BLOCK_TIMEOUT_MS);
  pcap.setBufferSize(pointer, options.bufferMiB << 20);
  pcap.setTstampPrecision(pointer, TSTAMP_PRECISION_NANO); // refused where the device has none: microseconds then
  const result = pcap.activate(pointer);
  const text = oneLine(pcap.getErr(pointer));
  if (result === PCAP.ERROR_PROMISC_PERM_DENIED && promiscuous) {
    pcap.close(pointer);
    warn(`${name}: promiscuous mode is not permitted (it needs CAP_NET_ADMIN or CAP_NET_RAW); capturing without it`);
    return activate(pcap, name, options, false, warn);
  }
  if (result < 0) {
    pcap.close(pointer);
    throw new SourceError(activationFailure(name, result, text, options.bufferMiB));
  }
  if (result === PCAP.WARNING_PROMISC_NOTSUP) warn(`${name}: no promiscuous mode here (${text}); capturing without it`);
  else if (result > 0 && text !== '') warn(`${name}: ${text}`);
  return pointer;
}

/** One line for a failed pcap_activate: what, where, what to do. */
function activationFailure(name: string, result: number, text: string, bufferMiB: number): string {
  switch (result) {
    case PCAP.ERROR_PERM_DENIED:
    case PCAP.ERROR_PROMISC_PERM_DENIED:
      return `${name}: no permission to capture: run httplog with sudo, or give it the capability CAP_NET_RAW`;
    case PCAP.ERROR_NO_SUCH_DEVICE:
      return `${name}: no such interface`;
    case PCAP.ERROR_IFACE_NOT_UP:
      return `${name}: the interface is down: bring it up with "ip link set ${name} up"`;
    default:
      if (/memory|ENOMEM/i.test(text)) return `${name}: no kernel buffer of ${bufferMiB} MiB (${text}): ask for less with -b`;
      return `${name}: cannot capture: ${text === '' ? `libpcap error ${result}` : text}`;
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return oneLine(new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end)));
}
