// The BPF expression for the service ports, by link type. It may let too much through, for the decoder tests the ports
// itself, but never too little.

import type { PortRange } from '../config/settings.js';
import type { Tunnel } from '../wire/encap.js';
import { tunnelCarriers } from '../wire/layers.js';

const LINKTYPE_ETHERNET = 1;
/** libpcap filters nothing of it: every frame comes, the decoder tests the ports. */
const LINKTYPE_NFLOG = 239;

/**
 * IPv6 extension headers behind which TCP may come and `tcp port` does not look (wire/ipv6.ts skips the same): hop-by-hop
 * options, routing, fragment, destination options, mobility, HIP, shim6. `protochain` would follow them, but the kernel
 * refuses its loop.
 */
const IPV6_EXTENSIONS = [0, 43, 44, 60, 135, 139, 140];
const IPV6_NEXT_HEADER = 6;
/** Where the first extension header says what follows it: not worth a copy when that is UDP (unless it may carry a tunnel) or ICMPv6
 * (neighbours' MLD reports). */
const EXTENSION_NEXT_HEADER = 40;
const UDP = 17;
const ICMPV6 = 58;

/**
 * Ethernet frames whose IP header BPF does not find by itself: PPPoE sessions, MPLS, and 802.3 with LLC and SNAP (unnumbered
 * information). All of them pass: `pppoes` and `mpls` would move the offsets of every test behind them.
 */
const OTHER_ETHERNET = ['ether proto 0x8864', 'ether proto 0x8847', 'ether proto 0x8848', 'llc ui'];

/** More ranges than this become the one range around them: a program of some thousand instructions a packet costs more
 * than the frames it spares, and the kernel refuses the longest. */
const MAX_RANGES = 64;

/**
 * The expression for frames that may carry TCP on one of the ports: IPv4 (of fragments the first), IPv6, IPv6 with extension
 * headers (unless the first leads to UDP or ICMPv6), and for whatever carries the tunnels that are looked into; on Ethernet also
 * for PPPoE, MPLS and SNAP, whatever they carry, and all of that inside one or two VLAN tags.
 * @param ports at least one range
 * @param linkType LINKTYPE_ number
 * @returns '' where libpcap has no filter
 */
export function portFilter(ports: readonly PortRange[], linkType: number, tunnels: readonly Tunnel[] = []): string {
  if (linkType === LINKTYPE_NFLOG) return '';
  const carriers = carrierTests(tunnels);
  const never = tunnels.length > 0 ? [ICMPV6] : [UDP, ICMPV6];
  const extended = `(ip6 and (${byteTest(IPV6_NEXT_HEADER, IPV6_EXTENSIONS)}) and not (${byteTest(EXTENSION_NEXT_HEADER, never)}))`;
  const others = linkType === LINKTYPE_ETHERNET ? OTHER_ETHERNET : [];
  const plain = `(${[portTest(mergeRanges(ports)), ...carriers, extended, ...others].join(' or ')})`;
  // `vlan` moves the offsets of everything after it, so the tagged frames come last, each level inside the one before.
  return linkType === LINKTYPE_ETHERNET ? `${plain} or (vlan and (${plain} or (vlan and ${plain})))` : plain;
}

function carrierTests(tunnels: readonly Tunnel[]): string[] {
  const { ipProtocols, udpPorts, udpSourcePorts } = tunnelCarriers(tunnels);
  return [
    ...ipProtocols.flatMap((protocol) => [`ip proto ${protocol}`, `ip6[${IPV6_NEXT_HEADER}] = ${protocol}`]),
    ...udpPorts.map((port) => `udp dst port ${port}`),
    ...udpSourcePorts.map((port) => `udp src port ${port}`),
  ];
}

function byteTest(offset: number, values: readonly number[]): string {
  return values.map((value) => `ip6[${offset}] = ${value}`).join(' or ');
}

function portTest(ranges: readonly PortRange[]): string {
  return ranges
    .map(({ first, last }) => (first === last ? `tcp port ${first}` : `tcp portrange ${first}-${last}`))
    .join(' or ');
}

/** Rising, apart from each other, at most MAX_RANGES. */
function mergeRanges(ports: readonly PortRange[]): PortRange[] {
  const merged: PortRange[] = [];
  for (const range of [...ports].sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before !== undefined && range.first <= before.last + 1) {
      merged[merged.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
    } else merged.push(range);
  }
  if (merged.length <= MAX_RANGES) return merged;
  return [{ first: merged[0].first, last: merged[merged.length - 1].last }];
}
