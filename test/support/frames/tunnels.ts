// Tunnel headers around packets, each with the fields a test wants to bend. All return what an IP header carries, but for what
// their names say.

import { join } from './link_layer.js';

/** Two bytes in network order. */
function word(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

/** Three bytes in network order. */
function word24(value: number): number[] {
  return [value >> 16, ...word(value)];
}

/** Four bytes in network order. */
function word32(value: number): number[] {
  return [...word(value >>> 16), ...word(value)];
}

/** IP protocol numbers of the carriers. */
export const PROTOCOL = { IPV4: 4, TCP: 6, UDP: 17, IPV6: 41, GRE: 47, AH: 51 } as const;

export const ETHERTYPE = { IPV4: 0x0800, TEB: 0x6558, IPV6: 0x86dd, PPP: 0x880b, MPLS: 0x8847, ERSPAN: 0x88be, ERSPAN_3: 0x22eb } as const;

export interface UdpForm {
  readonly sourcePort?: number;
  /** what the header says; 0 as segmentation offload leaves it */
  readonly length?: number;
}

/** A UDP datagram. */
export function udpDatagram(destinationPort: number, payload: Uint8Array, { sourcePort = 50000, length }: UdpForm = {}): Uint8Array {
  return join(Uint8Array.of(...word(sourcePort), ...word(destinationPort), ...word(length ?? payload.length + 8), 0, 0), payload);
}

export interface GreForm {
  readonly checksum?: boolean;
  /** source routes of RFC 1701, without the entry that ends them: their bytes */
  readonly routes?: readonly (readonly number[])[];
  readonly key?: number;
  readonly sequence?: number;
  /** version 1 only */
  readonly acknowledgement?: number;
  readonly version?: number;
}

/** GRE: RFC 2784, RFC 2890, routing of RFC 1701; version 1: RFC 2637. */
export function grePacket(protocol: number, payload: Uint8Array, form: GreForm = {}): Uint8Array {
  const { checksum = false, routes, key, sequence, acknowledgement, version = 0 } = form;
  const flags = (checksum ? 0x8000 : 0) | (routes ? 0x4000 : 0) | (key === undefined ? 0 : 0x2000) | (sequence === undefined ? 0 : 0x1000)
    | (acknowledgement === undefined ? 0 : 0x0080) | version;
  const fields = [
    ...(checksum || routes ? [0xab, 0xcd, 0, 0] : []),
    ...[key, sequence, acknowledgement].flatMap((field) => (field === undefined ? [] : word32(field))),
    ...(routes ?? []).flatMap((route) => [...word(0x0800), 0, route.length, ...route]),
    ...(routes ? [0, 0, 0, 0] : []),
  ];
  return join(Uint8Array.of(...word(flags), ...word(protocol), ...fields), payload);
}

/** What GRE with a sequence number carries as ERSPAN type II: a header of 8 bytes and the mirrored frame. */
export function erspan2(session: number, frame: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0x10, 0x64, ...word(0x1800 | session), 0, 0, 0, 7), frame);
}

export interface Erspan3Form {
  readonly subheader?: boolean;
  /** 0: Ethernet, 2: IP */
  readonly frameType?: number;
}

/** ERSPAN type III: a header of 12 bytes, maybe a subheader of 8, and what was mirrored. */
export function erspan3(session: number, mirrored: Uint8Array, { subheader = false, frameType = 0 }: Erspan3Form = {}): Uint8Array {
  const last = (frameType << 10) | (subheader ? 1 : 0);
  const header = [0x20, 0x64, ...word(session), ...word32(0x01020304), 0, 9, ...word(last)];
  return join(Uint8Array.from(header), new Uint8Array(subheader ? 8 : 0).fill(0x45), mirrored);
}

/** VXLAN (RFC 7348), to stand in UDP. */
export function vxlanPacket(network: number, frame: Uint8Array, flags = 0x08): Uint8Array {
  return join(Uint8Array.of(flags, 0, 0, 0, ...word24(network), 0), frame);
}

/** Geneve (RFC 8926), to stand in UDP. @param options a multiple of four bytes, 252 at most */
export function genevePacket(network: number, protocol: number, payload: Uint8Array, options: Uint8Array = new Uint8Array(0)): Uint8Array {
  return join(Uint8Array.of(options.length >> 2, 0, ...word(protocol), ...word24(network), 0), options, payload);
}

export interface GtpuForm {
  readonly sequence?: number;
  /** extension headers: their type, and their content of a multiple of four bytes less two */
  readonly extensions?: readonly (readonly [type: number, content: readonly number[]])[];
  readonly messageType?: number;
}

/** GTP-U (3GPP TS 29.281), to stand in UDP. */
export function gtpuPacket(tunnel: number, packet: Uint8Array, { sequence, extensions = [], messageType = 255 }: GtpuForm = {}): Uint8Array {
  const flags = 0x30 | (extensions.length > 0 ? 0x04 : 0) | (sequence === undefined ? 0 : 0x02);
  const types = [...extensions.map(([type]) => type), 0];
  const chain = extensions.flatMap(([, content], index) => [(content.length + 2) >> 2, ...content, types[index + 1]]);
  const optional = (flags & 0x07) === 0 ? [] : [...word(sequence ?? 0), 0, types[0], ...chain];
  return join(Uint8Array.of(flags, messageType, ...word(optional.length + packet.length), ...word32(tunnel), ...optional), packet);
}

export interface TeredoForm {
  /** client identifier and authentication value */
  readonly authentication?: readonly [client: readonly number[], value: readonly number[]];
  readonly origin?: boolean;
}

/** Teredo (RFC 4380), to stand in UDP. */
export function teredoPacket(packet: Uint8Array, { authentication, origin = false }: TeredoForm = {}): Uint8Array {
  const [client, value] = authentication ?? [[], []];
  const head = authentication === undefined ? [] : [0, 1, client.length, value.length, ...client, ...value, 1, 2, 3, 4, 5, 6, 7, 8, 0];
  return join(Uint8Array.from(head), Uint8Array.from(origin ? [0, 0, 0x12, 0x34, 0xf5, 0xff, 0xff, 0xfe] : []), packet);
}

export interface AyiyaForm {
  readonly nextHeader?: number;
  readonly operation?: number;
  /** bytes of the identity as a power of two */
  readonly identityPower?: number;
  /** words of the signature */
  readonly signatureWords?: number;
}

/** AYIYA (draft-massar-v6ops-ayiya-02), to stand in UDP. */
export function ayiyaPacket(packet: Uint8Array, form: AyiyaForm = {}): Uint8Array {
  const { nextHeader = PROTOCOL.IPV6, operation = 1, identityPower = 4, signatureWords = 5 } = form;
  const head = [(identityPower << 4) | 1, (signatureWords << 4) | 2, 0x10 | operation, nextHeader, 1, 2, 3, 4];
  return join(Uint8Array.from(head), new Uint8Array((1 << identityPower) + signatureWords * 4).fill(0x45), packet);
}

/** An authentication header (RFC 4302). @param checkBytes of its integrity check value, a multiple of four */
export function authenticated(nextHeader: number, payload: Uint8Array, checkBytes = 12): Uint8Array {
  return join(Uint8Array.of(nextHeader, (checkBytes + 12) / 4 - 2, 0, 0, ...word32(0x100), ...word32(1)), new Uint8Array(checkBytes).fill(0x45), payload);
}
