// IP addresses, and networks (an address and how many of its leading bits count), between text and bytes.

import { ADDRESS_TEXT_BYTES, writeAddress } from '../bytes/address.js';
import type { Network } from './settings.js';

/**
 * A network from `ADDRESS` or `ADDRESS/PREFIX`, IPv4 or IPv6; bits behind the prefix are cleared.
 * @returns undefined when it is neither
 */
export function parseNetwork(text: string): Network | undefined {
  const [address, prefixText, ...more] = text.split('/');
  const bytes = parseAddress(address);
  if (bytes === undefined || more.length > 0) return undefined;
  const bits = bytes.length * 8;
  if (prefixText === undefined) return { bytes, prefix: bits };
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefixText) || Number(prefixText) > bits) return undefined;
  const prefix = Number(prefixText);
  return { bytes: maskAddress(bytes, prefix), prefix };
}

/** The canonical text of a network: RFC 5952 or dotted decimal, and `/PREFIX` unless every bit counts. */
export function formatNetwork(network: Network): string {
  const address = formatAddress(network.bytes);
  return network.prefix === network.bytes.length * 8 ? address : `${address}/${network.prefix}`;
}

/**
 * An address from its text.
 * @param text IPv4 dotted decimal without leading zeros, or IPv6 (RFC 4291 section 2.2) without zone
 * @returns 4 or 16 bytes; undefined when it is neither
 */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}

const DECODER = new TextDecoder();

/** The canonical text of an address of 4 or 16 bytes, as records have it. */
export function formatAddress(bytes: Uint8Array): string {
  const text = new Uint8Array(ADDRESS_TEXT_BYTES);
  return DECODER.decode(text.subarray(0, writeAddress(text, 0, bytes, 0, bytes.length)));
}

/** A copy of an address whose bits behind the prefix are cleared. @param prefix 0 to all of its bits */
export function maskAddress(bytes: Uint8Array, prefix: number): Uint8Array {
  return bytes.map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - at * 8))));
}

function parseIPv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let at = 0; at < 4; at++) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(parts[at]) || Number(parts[at]) > 255) return undefined;
    bytes[at] = Number(parts[at]);
  }
  return bytes;
}

function parseIPv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0], halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1], true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const given = head.length + tail.length;
  if (halves.length === 1 ? given !== 16 : given > 14) return undefined; // `::` stands for one group at least
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** Bytes of groups joined by `:`; where `last`, the final one may be an IPv4 address. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [at, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const embedded = last && at === groups.length - 1 ? parseIPv4(group) : undefined;
    if (embedded === undefined) return undefined;
    bytes.push(...embedded);
  }
  return bytes;
}
