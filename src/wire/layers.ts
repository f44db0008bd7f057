// Every protocol we understand, one row each: its decoder and the numbers by which others announce it. Adding one is a file
// beside this and a row here.

import { type Decoder, FIRST_LAYER, etherTypes, ipProtocols } from './dispatch.js';
import { ethernet } from './ethernet.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_MPLS } from './ethertypes.js';
import { ciscoHdlc } from './hdlc.js';
import { ieee80211, radiotap } from './ieee80211.js';
import { ipv4 } from './ipv4.js';
import { ipv6 } from './ipv6.js';
import { loopback } from './loopback.js';
import { mpls } from './mpls.js';
import { nflog } from './nflog.js';
import { ppp, pppoe } from './ppp.js';
import { rawIp } from './raw_ip.js';
import { linuxSll, linuxSll2 } from './sll.js';
import { tcp } from './tcp.js';
import { vlan } from './vlan.js';

interface Row {
  readonly decoder: Decoder;
  /** LINKTYPE_ values of savefiles (www.tcpdump.org/linktypes.html), and DLT_ values that stand in some of them */
  readonly linkTypes?: Readonly<Record<number, string>>;
  readonly etherTypes?: readonly number[];
  readonly ipProtocols?: readonly number[];
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
  for (const protocol of row.ipProtocols ?? []) ipProtocols[protocol] = layer;
});

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
