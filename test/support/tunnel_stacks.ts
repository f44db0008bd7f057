// A frame of every tunnel in every guise it has, with the same message inside, for tests that hold for all of them.

import type { Tunnel } from '../../src/wire/encap.js';
import { join } from './frames/link_layer.js';
import { ETHERTYPE, PROTOCOL, authenticated, ayiyaPacket, erspan2, erspan3, genevePacket, grePacket, gtpuPacket, teredoPacket, udpDatagram,
  vxlanPacket } from './frames/tunnels.js';
import { ethernetFrame, extension, fragmentHeader, ipv4Packet, ipv6Packet, snapFrame, tcpSegment } from './packets.js';

export const PAYLOAD = 'GET / HTTP/1.1\r\n\r\n';

const TCP = tcpSegment(PAYLOAD, { dataOffset: 8 });
const OUTER4 = { source: [203, 0, 113, 1], destination: [203, 0, 113, 2] };
const OUTER6 = { source: [0x20, 1, 0xd, 0xb8, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], destination: [0x20, 1, 0xd, 0xb8, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2] };

/** The packets inside, from CLIENT4 to SERVER4 and CLIENT6 to SERVER6, with PAYLOAD. */
export const INNER4 = ipv4Packet(TCP);
export const INNER6 = ipv6Packet(TCP);
export const INNER_FRAME = ethernetFrame(ETHERTYPE.IPV4, INNER4);
const INNER_FRAME6 = ethernetFrame(ETHERTYPE.IPV6, INNER6);

/** An outer IPv4 packet in an Ethernet frame. */
export function over4(protocol: number, body: Uint8Array): Uint8Array {
  return ethernetFrame(ETHERTYPE.IPV4, ipv4Packet(body, { protocol, ...OUTER4 }));
}

/** An outer IPv6 packet in an Ethernet frame. */
export function over6(nextHeader: number, body: Uint8Array): Uint8Array {
  return ethernetFrame(ETHERTYPE.IPV6, ipv6Packet(body, { nextHeader, ...OUTER6 }));
}

const udp4 = (port: number, body: Uint8Array, sourcePort = 50000): Uint8Array => over4(PROTOCOL.UDP, udpDatagram(port, body, { sourcePort }));
const udp6 = (port: number, body: Uint8Array): Uint8Array => over6(PROTOCOL.UDP, udpDatagram(port, body));

export interface TunnelStack {
  readonly name: string;
  /** what -decap has to name */
  readonly tunnels: readonly Tunnel[];
  readonly encap: readonly string[];
  /** whether the innermost addresses are IPv6 */
  readonly ipv6: boolean;
  /** an Ethernet frame */
  readonly frame: Uint8Array;
}

type Row = readonly [name: string, tunnels: readonly Tunnel[], encap: readonly string[], ipv6: boolean, frame: Uint8Array];

const ROUTES = [[192, 0, 2, 1, 192, 0, 2, 2], [192, 0, 2, 3]];
const OPTIONS = Uint8Array.of(1, 2, 0x80, 1, 0x45, 0, 0, 60);
const AUTHENTICATION = [[1, 2, 3], [4, 5, 6, 7, 8]] as const;

const rows: readonly Row[] = [
  ['IPv4 in IPv4', ['ipip'], ['ipip'], false, over4(PROTOCOL.IPV4, INNER4)],
  ['IPv6 in IPv4', ['6in4'], ['6in4'], true, over4(PROTOCOL.IPV6, INNER6)],
  ['IPv4 in IPv6', ['4in6'], ['4in6'], false, over6(PROTOCOL.IPV4, INNER4)],
  ['IPv4 in IPv6 behind a limit of nesting', ['4in6'], ['4in6'], false, over6(60, join(extension(PROTOCOL.IPV4), INNER4))],
  ['IPv6 in IPv6', ['6in6'], ['6in6'], true, over6(PROTOCOL.IPV6, INNER6)],
  ['GRE, IPv4', ['gre'], ['gre'], false, over4(PROTOCOL.GRE, grePacket(ETHERTYPE.IPV4, INNER4))],
  ['GRE, IPv6', ['gre'], ['gre'], true, over4(PROTOCOL.GRE, grePacket(ETHERTYPE.IPV6, INNER6))],
  ['GRE in IPv6', ['gre'], ['gre'], false, over6(PROTOCOL.GRE, grePacket(ETHERTYPE.IPV4, INNER4, { key: 7 }))],
  ['GRE with every field', ['gre'], ['gre'], false,
    over4(PROTOCOL.GRE, grePacket(ETHERTYPE.IPV4, INNER4, { checksum: true, routes: ROUTES, key: 1, sequence: 2 }))],
  ['GRE, MPLS', ['gre'], ['gre'], false, over4(PROTOCOL.GRE, grePacket(ETHERTYPE.MPLS, join(Uint8Array.of(0, 0x10, 1, 64), INNER4)))],
  ['GRE, Ethernet', ['gre'], ['gre'], true, over4(PROTOCOL.GRE, grePacket(ETHERTYPE.TEB, INNER_FRAME6, { key: 9 }))],
  ['GRE version 1, PPP', ['gre'], ['gre'], false,
    over4(PROTOCOL.GRE, grePacket(ETHERTYPE.PPP, join(Uint8Array.of(0xff, 3, 0, 0x21), INNER4), { version: 1, key: 1, sequence: 2, acknowledgement: 3 }))],
  ['ERSPAN I', ['gre'], ['gre'], false, over4(PROTOCOL.GRE, grePacket(ETHERTYPE.ERSPAN, INNER_FRAME))],
  ['ERSPAN II', ['gre'], ['gre', 'erspan:1023'], false, over4(PROTOCOL.GRE, grePacket(ETHERTYPE.ERSPAN, erspan2(1023, INNER_FRAME), { sequence: 5 }))],
  ['ERSPAN III', ['gre'], ['gre', 'erspan:7'], false, over4(PROTOCOL.GRE, grePacket(ETHERTYPE.ERSPAN_3, erspan3(7, INNER_FRAME), { sequence: 5 }))],
  ['ERSPAN III with subheader', ['gre'], ['gre', 'erspan:0'], false,
    over4(PROTOCOL.GRE, grePacket(ETHERTYPE.ERSPAN_3, erspan3(0, INNER_FRAME, { subheader: true }), { sequence: 5 }))],
  ['ERSPAN III, IP', ['gre'], ['gre', 'erspan:1'], true,
    over4(PROTOCOL.GRE, grePacket(ETHERTYPE.ERSPAN_3, erspan3(1, INNER6, { frameType: 2 }), { sequence: 5 }))],
  ['VXLAN', ['vxlan'], ['vxlan:4096'], false, udp4(4789, vxlanPacket(4096, INNER_FRAME))],
  ['VXLAN on Linux\'s port', ['vxlan'], ['vxlan:16777215'], true, udp4(8472, vxlanPacket(0xffffff, INNER_FRAME6))],
  ['VXLAN in IPv6, SNAP inside', ['vxlan'], ['vxlan:0'], false, udp6(4789, vxlanPacket(0, snapFrame(ETHERTYPE.IPV4, INNER4)))],
  ['Geneve, Ethernet', ['geneve'], ['geneve:77'], false, udp4(6081, genevePacket(77, ETHERTYPE.TEB, INNER_FRAME))],
  ['Geneve with options, IPv6', ['geneve'], ['geneve:1'], true, udp6(6081, genevePacket(1, ETHERTYPE.IPV6, INNER6, OPTIONS))],
  ['GTP-U', ['gtpu'], ['gtpu:4294967295'], false, udp4(2152, gtpuPacket(0xffffffff, INNER4))],
  ['GTP-U from the port', ['gtpu'], ['gtpu:1'], true, udp4(40000, gtpuPacket(1, INNER6), 2152)],
  ['GTP-U with sequence number and extension headers', ['gtpu'], ['gtpu:5'], false,
    udp4(2152, gtpuPacket(5, INNER4, { sequence: 9, extensions: [[0x85, [0x10, 1]], [0xc0, [0, 0, 1, 1, 1, 1]]] }))],
  ['Teredo', ['teredo'], ['teredo'], true, udp4(3544, teredoPacket(INNER6))],
  ['Teredo with authentication', ['teredo'], ['teredo'], true, udp4(3544, teredoPacket(INNER6, { authentication: AUTHENTICATION }))],
  ['Teredo from the port, with authentication and origin', ['teredo'], ['teredo'], true,
    udp4(40000, teredoPacket(INNER6, { authentication: AUTHENTICATION, origin: true }), 3544)],
  ['AYIYA', ['ayiya'], ['ayiya'], true, udp4(5072, ayiyaPacket(INNER6))],
  ['AYIYA from the port, IPv4, no signature', ['ayiya'], ['ayiya'], false,
    udp4(40000, ayiyaPacket(INNER4, { nextHeader: PROTOCOL.IPV4, identityPower: 0, signatureWords: 0 }), 5072)],
  ['GRE in UDP', ['gre-in-udp'], ['gre-in-udp'], false, udp4(4754, grePacket(ETHERTYPE.IPV4, INNER4, { key: 3 }))],
  ['AH', ['ah'], ['ah'], false, ethernetFrame(ETHERTYPE.IPV4, ipv4Packet(authenticated(PROTOCOL.TCP, TCP), { protocol: PROTOCOL.AH }))],
  ['AH in IPv6', ['ah'], ['ah'], true, ethernetFrame(ETHERTYPE.IPV6, ipv6Packet(authenticated(PROTOCOL.TCP, TCP), { nextHeader: PROTOCOL.AH }))],
  ['AH between extension headers', ['ah'], ['ah'], true,
    ethernetFrame(ETHERTYPE.IPV6, ipv6Packet(join(extension(PROTOCOL.AH), authenticated(60, join(extension(PROTOCOL.TCP), TCP), 20)), { nextHeader: 0 }))],
  ['AH, IPv4 in IPv4', ['ah', 'ipip'], ['ah', 'ipip'], false, over4(PROTOCOL.AH, authenticated(PROTOCOL.IPV4, INNER4))],
  ['Geneve, Ethernet, GRE, IPv4 in IPv4', ['geneve', 'gre', 'ipip'], ['geneve:2', 'gre', 'ipip'], false,
    udp4(6081, genevePacket(2, ETHERTYPE.TEB, over4(PROTOCOL.GRE, grePacket(ETHERTYPE.IPV4, ipv4Packet(INNER4, { protocol: PROTOCOL.IPV4 })))))],
  ['VXLAN, VXLAN', ['vxlan'], ['vxlan:1', 'vxlan:2'], false, udp6(4789, vxlanPacket(1, udp4(8472, vxlanPacket(2, INNER_FRAME))))],
  ['6in4, an atomic fragment, GTP-U', ['6in4', 'gtpu'], ['6in4', 'gtpu:8'], false,
    over4(PROTOCOL.IPV6, ipv6Packet(join(fragmentHeader(PROTOCOL.UDP, 0, false), udpDatagram(2152, gtpuPacket(8, INNER4))), { nextHeader: 44 }))],
];

export const TUNNEL_STACKS: readonly TunnelStack[] = rows.map(([name, tunnels, encap, ipv6, frame]) => ({ name, tunnels, encap, ipv6, frame }));
