// Opening one interface as the settings want it: handle, filter, and what the user is told about both.

import type { PortRange } from '../config/settings.js';
import type { Link } from '../host/links.js';
import type { Tunnel } from '../wire/encap.js';
import { linkLayer, linkTypeName } from '../wire/layers.js';
import { portFilter } from './filter.js';
import { grantedBufferBytes } from './granted_buffer.js';
import { type HandleOptions, PcapHandle } from './pcap_handle.js';
import { SourceError } from './source.js';

export interface OpenOptions extends HandleOptions {
  /** service ports, for the built filter */
  readonly ports: readonly PortRange[];
  /** tunnels whose carriers the built filter lets through; default: none */
  readonly tunnels?: readonly Tunnel[];
  /** BPF expression in place of the built one; '' for none */
  readonly filter: string;
}

export interface OpenedInterface {
  readonly handle: PcapHandle;
  readonly filter: string;
  /** as PcapHandle.setFilter() answered */
  readonly kernelFilters: boolean;
  /** undefined where the kernel does not tell */
  readonly bufferBytes: number | undefined;
}

/** An interface that opening again cannot help: its link type is not understood, the filter does not fit it. */
export class UnsuitableInterface extends SourceError {}

/** The filter does not compile for the interface. */
export class FilterError extends UnsuitableInterface {}

/**
 * @param warn gets one line each
 * @throws SourceError when the interface cannot be opened, UnsuitableInterface when it never can be
 */
export function openInterface(link: Link, options: OpenOptions, warn: (text: string) => void): OpenedInterface {
  const handle = PcapHandle.open(link, options, warn);
  try {
    if (linkLayer(handle.linkType) === undefined) {
      throw new UnsuitableInterface(`${link.name}: its packets cannot be decoded (${linkTypeName(handle.linkType)})`);
    }
    const filter = options.filter === '' ? portFilter(options.ports, handle.linkType, options.tunnels) : options.filter;
    const kernelFilters = setFilter(handle, filter);
    if (!kernelFilters) {
      warn(
        `${link.name}: the kernel refuses the filter (too long?), so libpcap applies it: slower, and frames it turns away show as prefilter`,
      );
    }
    const bufferBytes = grantedBufferBytes(handle.fd);
    const wantedBytes = options.bufferMiB * 2 ** 20;
    if (bufferBytes !== undefined && bufferBytes < wantedBytes * 0.9) {
      warn(`${link.name}: the kernel granted a buffer of ${(bufferBytes / 2 ** 20).toFixed(1)} MiB, not ${options.bufferMiB} (-b)`);
    }
    return { handle, filter, kernelFilters, bufferBytes };
  } catch (error) {
    handle.close();
    throw error;
  }
}

function setFilter(handle: PcapHandle, filter: string): boolean {
  try {
    return handle.setFilter(filter);
  } catch (error) {
    throw error instanceof SourceError ? new FilterError(error.message) : error;
  }
}
