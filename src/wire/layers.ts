// Every protocol we understand, one row each: its decoder and the numbers by which others announce it. Adding one is a file
// beside this and a row here.

import { authenticationHeader } from './ah.js';
import { type Decoder, FIRST_LAYER, etherTypes, ipProtocols, udpPorts, udpSourcePorts } from './dispatch.js';
import type { Tunnel } from './encap.js';
import { ethernet } from './ethernet.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_MPLS } from './ethertypes.js';
import { gre, greInUdp } from './gre.js';
import { gtpu } from './gtpu.js';
import { ciscoHdlc } from './hdlc.js';
import { ieee80211, radiotap } from './ieee80211.js';
import { carriedIpv4, carriedIpv6, followIpInIp } from './ip_in_ip.js';
import { ipv4 } from './ipv4.js';
import { ipv6 } from './ipv6.js';
import { ayiya, teredo } from './ipv6_in_udp.js';
import { loopback } from './loopback.js';
import { mpls } from './mpls.js';
import { nflog } from './nflog.js';
import { OUTCOME } from './outcome.js';
import { ppp, pppoe } from './ppp.js';
import { rawIp } from './raw_ip.js';
import { linuxSll, linuxSll2 } from './sll.js';
import { tcp } from './tcp.js';
import { udp } from './udp.js';
import { vlan } from './vlan.js';
import { geneve, vxlan } from './vxlan.js';

interface Row {
  readonly decoder: Decoder;
  /** LINKTYPE_ values of savefiles (www.tcpdump.org/linktypes.html), and DLT_ values that stand in some of them */
  readonly linkTypes?: Readonly<Record<number, string>>;
  readonly etherTypes?: readonly number[];
  readonly ipProtocols?: readonly number[];
  /** UDP destination ports */
  readonly udpPorts?: readonly number[];
  /** its answers come from those ports */
  readonly udpBothWays?: true;
  /** the row counts only while one of these is looked into */
  readonly tunnels?: readonly Tunnel[];
}

const rows: readonly Row[] = [
  { decoder: ethernet, linkTypes: { 1: 'Ethernet' } },
  { decoder: vlan, etherTypes: [0x8100, 0x88a8, 0x9100, 0x9200] },
  { decoder: mpls, etherTypes: [ETHERTYPE_MPLS, 0x8848] },
  { decoder: pppoe, etherTypes: [0x8864] },
  { decoder: ppp, linkTypes: { 9: 'PPP', 50: 'PPP in HDLC' } },
  { decoder: ciscoHdlc, linkTypes: { 104: 'Cisco HDLC' } },
  { decoder: nflog, linkTypes: { 239: 'NFLOG' } },
  { decoder: ieee80211, linkTypes: { 105: '802.11' } },
  { decoder: radiotap, linkTypes: { 127: '802.11 with radiotap' } },
  { decoder: linuxSll, linkTypes: { 113: 'Linux cooked v1' } },
  { decoder: linuxSll2, linkTypes: { 276: 'Linux cooked v2' } },
  { decoder: loopback, linkTypes: { 0: 'BSD loopback', 108: 'OpenBSD loopback' } },
  { decoder: rawIp, linkTypes: { 101: 'raw IP', 12: 'raw IP', 14: 'raw IP' } },
  { decoder: ipv4, linkTypes: { 228: 'raw IPv4' }, etherTypes: [ETHERTYPE_IPV4] },
  { decoder: ipv6, linkTypes: { 229: 'raw IPv6' }, etherTypes: [ETHERTYPE_IPV6] },
  { decoder: tcp, ipProtocols: [6] },
  { decoder: carriedIpv4, tunnels: ['ipip', '4in6'], ipProtocols: [4] },
  { decoder: carriedIpv6, tunnels: ['6in4', '6in6'], ipProtocols: [41] },
  { decoder: gre, tunnels: ['gre'], ipProtocols: [47] },
  { decoder: authenticationHeader, tunnels: ['ah'], ipProtocols: [51] },
  { decoder: udp, tunnels: ['vxlan', 'geneve', 'gtpu', 'teredo', 'ayiya', 'gre-in-udp'], ipProtocols: [17] },
  { decoder: vxlan, tunnels: ['vxlan'], udpPorts: [4789, 8472] },
  { decoder: geneve, tunnels: ['geneve'], udpPorts: [6081] },
  { decoder: gtpu, tunnels: ['gtpu'], udpPorts: [2152], udpBothWays: true },
  { decoder: teredo, tunnels: ['teredo'], udpPorts: [3544], udpBothWays: true },
  { decoder: ayiya, tunnels: ['ayiya'], udpPorts: [5072], udpBothWays: true },
  { decoder: greInUdp, tunnels: ['gre-in-udp'], udpPorts: [4754] },
];

/** Decoders by layer number less FIRST_LAYER. */
export const decoders: readonly Decoder[] = rows.map((row) => row.decoder);

const linkLayers = new Map<number, number>();
const linkNames = new Map<number, string>();

rows.forEach((row, index) => {
  const layer = FIRST_LAYER + index;
  for (const [type, name] of Object.entries(row.linkTypes ?? {})) {
    linkLayers.set(Number(type), layer);
    linkNames.set(Number(type), name);
  }
  for (const type of row.etherTypes ?? []) etherTypes[type] = layer;
  if (row.tunnels === undefined) for (const protocol of row.ipProtocols ?? []) ipProtocols[protocol] = layer;
});

/** Chooses which tunnels are looked into, for this thread; at first none is. A frame costs nothing more for those that are not. */
export function followTunnels(tunnels: readonly Tunnel[]): void {
  followIpInIp(tunnels);
  rows.forEach((row, index) => {
    if (row.tunnels === undefined) return;
    const layer = row.tunnels.some((tunnel) => tunnels.includes(tunnel)) ? FIRST_LAYER + index : OUTCOME.NOT_TCP;
    for (const protocol of row.ipProtocols ?? []) ipProtocols[protocol] = layer;
    for (const port of row.udpPorts ?? []) {
      udpPorts[port] = layer;
      if (row.udpBothWays === true) udpSourcePorts[port] = layer;
    }
  });
}

/** How tunnels show on the wire, for the capture filter: IP protocols and UDP ports. */
export function tunnelCarriers(tunnels: readonly Tunnel[]): { ipProtocols: number[]; udpPorts: number[]; udpSourcePorts: number[] } {
  const carriers = rows.filter((row) => row.tunnels?.some((tunnel) => tunnels.includes(tunnel)));
  return {
    // UDP itself is told by its ports.
    ipProtocols: carriers.filter((row) => row.decoder !== udp).flatMap((row) => row.ipProtocols ?? []),
    udpPorts: carriers.flatMap((row) => row.udpPorts ?? []),
    udpSourcePorts: carriers.flatMap((row) => (row.udpBothWays === true ? row.udpPorts ?? [] : [])),
  };
}

/** The link types that are understood. */
export const LINK_TYPES: readonly number[] = [...linkLayers.keys()];

/** The first layer of a link type, or undefined when it is not understood. */
export function linkLayer(linkType: number): number | undefined {
  return linkLayers.get(linkType);
}

/** A link type's name for messages, such as `Ethernet` or `link type 147`. */
export function linkTypeName(linkType: number): string {
  return linkNames.get(linkType) ?? `link type ${linkType}`;
}
