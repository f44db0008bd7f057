// Opening one interface as the settings want it: the way frames come, the filter, and what the user is told about both.

import type { CaptureChoice, PortRange } from '../config/settings.js';
import type { Link } from '../host/links.js';
import type { Tunnel } from '../wire/encap.js';
import { linkLayer, linkTypeName } from '../wire/layers.js';
import { AfpacketHandle, AfpacketRefusal } from './afpacket_handle.js';
import type { ClosedRings } from './closed_rings.js';
import { portFilter } from './filter.js';
import { grantedBufferBytes } from './granted_buffer.js';
import { LibpcapReader } from './libpcap_reader.js';
import type { LiveHandle } from './live_handle.js';
import { type HandleOptions, PcapHandle } from './pcap_handle.js';
import type { SlotDump } from './slot_dump.js';
import { SourceError } from './source.js';

export interface OpenOptions extends HandleOptions {
  readonly capture: CaptureChoice;
  /** service ports, for the built filter */
  readonly ports: readonly PortRange[];
  /** tunnels whose carriers the built filter lets through; default: none */
  readonly tunnels?: readonly Tunnel[];
  /** BPF expression in place of the built one; '' for none */
  readonly filter: string;
}

/** What the handles of a capture thread share. */
export interface HandleSurroundings {
  readonly dump: SlotDump;
  readonly closedRings: ClosedRings;
}

export interface OpenedInterface {
  readonly handle: LiveHandle;
  readonly filter: string;
  /** as LiveTotals.begin() takes it */
  readonly kernelFilters: boolean;
  /** undefined where the kernel does not tell */
  readonly bufferBytes: number | undefined;
}

/** An interface that opening again cannot help: its link type is not understood, the filter does not fit it. */
export class UnsuitableInterface extends SourceError {}

/** The filter does not compile for the interface. */
export class FilterError extends UnsuitableInterface {}

/** Link types of which a raw socket gets the bytes that the link type says (LINKTYPE_ETHERNET, LINKTYPE_RAW): others are libpcap's making. */
const RAW_SOCKET_LINK_TYPES: readonly number[] = [1, 101];
const LEAST_BUFFER_MIB = 1;

/**
 * @param warn gets one line each
 * @throws SourceError when the interface cannot be opened, UnsuitableInterface when it never can be
 */
export function openInterface(
  link: Link, options: OpenOptions, surroundings: HandleSurroundings, warn: (text: string) => void,
): OpenedInterface {
  const opened = (options.capture === 'libpcap' ? undefined : openAfpacket(link, options, surroundings, warn))
    ?? openLibpcap(link, options, surroundings, warn);
  const { bufferBytes } = opened;
  if (bufferBytes !== undefined && bufferBytes < options.bufferMiB * 2 ** 20 * 0.9) {
    warn(`${link.name}: the kernel granted a buffer of ${(bufferBytes / 2 ** 20).toFixed(1)} MiB, not ${options.bufferMiB} (-b)`);
  }
  return opened;
}

/** @returns undefined where libpcap may do what this cannot, and the choice leaves it free */
function openAfpacket(
  link: Link, options: OpenOptions, { closedRings }: HandleSurroundings, warn: (text: string) => void,
): OpenedInterface | undefined {
  // A handle of libpcap's on the same interface knows its link type and compiles for the tags that the kernel takes off.
  const compiler = PcapHandle.open(link, { ...options, promiscuous: false, bufferMiB: LEAST_BUFFER_MIB }, () => undefined);
  let filter: string;
  let program: Uint8Array;
  try {
    filter = filterFor(compiler, options);
    program = asFilterError(() => compiler.compile(filter));
  } finally {
    compiler.close();
  }
  const { linkType } = compiler;
  try {
    if (!RAW_SOCKET_LINK_TYPES.includes(linkType)) {
      if (options.capture === 'auto') return undefined;
      throw new UnsuitableInterface(`${link.name}: -capture afpacket is for Ethernet and raw IP, not for ${linkTypeName(linkType)}`);
    }
    const handle = AfpacketHandle.open(link, { ...options, program, linkType }, closedRings, warn);
    return { handle, filter, kernelFilters: true, bufferBytes: handle.bufferBytes };
  } catch (error) {
    if (!(error instanceof AfpacketRefusal) || options.capture !== 'auto') throw error;
    warn(`${error.message}; capturing through libpcap`);
    return undefined;
  }
}

function openLibpcap(
  link: Link, options: OpenOptions, { dump }: HandleSurroundings, warn: (text: string) => void,
): OpenedInterface {
  const handle = PcapHandle.open(link, options, warn);
  try {
    const filter = filterFor(handle, options);
    const kernelFilters = asFilterError(() => handle.setFilter(filter));
    if (!kernelFilters) {
      warn(
        `${link.name}: the kernel refuses the filter (too long?), so libpcap applies it: slower, and frames it turns away show as prefilter`,
      );
    }
    return { handle: new LibpcapReader(handle, dump), filter, kernelFilters, bufferBytes: grantedBufferBytes(handle.fd) };
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** @throws UnsuitableInterface when its frames are not understood */
function filterFor({ name, linkType }: PcapHandle, { filter, ports, tunnels }: OpenOptions): string {
  if (linkLayer(linkType) === undefined) {
    throw new UnsuitableInterface(`${name}: its packets cannot be decoded (${linkTypeName(linkType)})`);
  }
  return filter === '' ? portFilter(ports, linkType, tunnels) : filter;
}

function asFilterError<T>(compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    throw error instanceof SourceError ? new FilterError(error.message) : error;
  }
}
