// IP addresses, and networks (an address and how many of its leading bits count), between text and bytes.

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
  for (let at = 0; at < bytes.length; at++) bytes[at] &= 0xff00 >> Math.min(8, Math.max(0, prefix - at * 8));
  return { bytes, prefix };
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

/** The canonical text of an address of 4 or 16 bytes: dotted decimal, or RFC 5952 (IPv4-mapped in its mixed form). */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push((bytes[at] << 8) | bytes[at + 1]);
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)) return `::ffff:${bytes.subarray(12).join('.')}`;
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
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

/** The longest run of zero groups, the first of equals (RFC 5952 section 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [at, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: at - length + 1, length };
  }
  return best;
}
