// Packets layer by layer, each header with the fields a test wants to bend, and what decode() finds in a frame.

import assert from 'node:assert/strict';
import { decode } from '../../src/wire/decode.js';
import { ENCAPS } from '../../src/wire/encap.js';
import { Frame } from '../../src/wire/frame.js';
import { linkLayer } from '../../src/wire/layers.js';
import { OUTCOME } from '../../src/wire/outcome.js';
import { type Fenced, latin1, latin1Text, readSafely } from './fence.js';
import { join } from './frames/link_layer.js';

export const CLIENT4 = [10, 0, 0, 1] as const;
export const SERVER4 = [192, 0, 2, 80] as const;
export const CLIENT6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] as const;
export const SERVER6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50] as const;

/** Two bytes in network order. */
export function word(value: number): number[] {
  return [value >> 8, value & 0xff];
}

export interface TcpForm {
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** header length in 4-byte words; the options are filled with NOPs up to there */
  readonly dataOffset?: number;
}

export function tcpSegment(payload: string | Uint8Array, { sourcePort = 50905, destinationPort = 80, dataOffset = 5 }: TcpForm = {}): Uint8Array {
  return join(
    Uint8Array.of(...word(sourcePort), ...word(destinationPort), 0, 0, 0, 1, 0, 0, 0, 2, dataOffset << 4, 0x18, 0xff, 0xff, 0, 0, 0, 0),
    new Uint8Array(Math.max(0, dataOffset - 5) * 4).fill(1),
    typeof payload === 'string' ? latin1(payload) : payload,
  );
}

export interface Ipv4Form {
  readonly version?: number;
  /** header length in 4-byte words; the options are filled with NOPs up to there */
  readonly headerWords?: number;
  readonly totalLength?: number;
  readonly flagsAndOffset?: number;
  readonly protocol?: number;
  readonly source?: readonly number[];
  readonly destination?: readonly number[];
}

export function ipv4Packet(payload: Uint8Array, form: Ipv4Form = {}): Uint8Array {
  const { version = 4, headerWords = 5, flagsAndOffset = 0x4000, protocol = 6, source = CLIENT4, destination = SERVER4 } = form;
  const options = new Uint8Array(Math.max(0, headerWords - 5) * 4).fill(1);
  const totalLength = form.totalLength ?? 20 + options.length + payload.length;
  return join(
    Uint8Array.of((version << 4) | headerWords, 0, ...word(totalLength), 0, 7, ...word(flagsAndOffset), 64, protocol, 0, 0),
    Uint8Array.of(...source, ...destination),
    options,
    payload,
  );
}

export interface Ipv6Form {
  readonly version?: number;
  readonly payloadLength?: number;
  readonly nextHeader?: number;
  readonly source?: readonly number[];
  readonly destination?: readonly number[];
}

export function ipv6Packet(payload: Uint8Array, form: Ipv6Form = {}): Uint8Array {
  const { version = 6, payloadLength = payload.length, nextHeader = 6, source = CLIENT6, destination = SERVER6 } = form;
  return join(
    Uint8Array.of(version << 4, 0, 0, 0, ...word(payloadLength), nextHeader, 64, ...source, ...destination),
    payload,
  );
}

/** An IPv6 extension header of `units` times eight bytes. */
export function extension(nextHeader: number, units = 1): Uint8Array {
  const header = new Uint8Array(units * 8);
  header[0] = nextHeader;
  header[1] = units - 1;
  return header;
}

/** An IPv6 fragment header. @param offset in bytes, a multiple of 8 */
export function fragmentHeader(nextHeader: number, offset: number, more: boolean): Uint8Array {
  return Uint8Array.of(nextHeader, 0, ...word(offset | (more ? 1 : 0)), 0, 0, 0, 9);
}

export function ethernetFrame(etherType: number, payload: Uint8Array): Uint8Array {
  return join(Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...word(etherType)), payload);
}

/** As 802.3 with LLC and SNAP: the field behind the addresses is the length of what follows. */
export function snapFrame(etherType: number, payload: Uint8Array): Uint8Array {
  return ethernetFrame(payload.length + 8, join(Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, ...word(etherType)), payload));
}

export interface Decoded {
  /** a name of OUTCOME */
  readonly outcome: string;
  readonly vlans: readonly number[];
  /** the wrappers opened, outer first: `gre`, `vxlan:4096`; left out when there is none */
  readonly encap?: readonly string[];
  /** only of TCP */
  readonly tcp?: {
    readonly source: readonly number[];
    readonly destination: readonly number[];
    readonly ports: readonly [source: number, destination: number];
    readonly payload: string;
    readonly fragmented: boolean;
  };
}

/**
 * What decode() finds in a frame, whatever stands around it.
 * @param cutBytes how many bytes of the frame were on the wire but not captured
 */
export function decoded(frame: Uint8Array, linkType = 1, cutBytes = 0): Decoded {
  const layer = linkLayer(linkType);
  assert.ok(layer !== undefined, `link type ${linkType} is understood`);
  return readSafely(frame, ({ bytes, at, end }) => decodeFence({ bytes, at, end }, layer, cutBytes));
}

/** Only the payload of a frame that must be TCP. */
export function payloadOf(frame: Uint8Array, linkType = 1): string {
  const { outcome, tcp } = decoded(frame, linkType);
  assert.equal(outcome, 'TCP');
  return tcp!.payload;
}

function encapName(frame: Frame, number: number): string {
  const { name, id } = ENCAPS[frame.encaps[number]];
  return id ? `${name}:${frame.encapIds[number]}` : name;
}

function decodeFence({ bytes, at, end }: Fenced, layer: number, cutBytes: number): Decoded {
  const frame = new Frame();
  frame.begin(at, end - at, end - at + cutBytes);
  const number = decode(bytes, frame, layer);
  const outcome = Object.entries(OUTCOME).find(([, value]) => value === number)?.[0] ?? `unknown ${number}`;
  const vlans = Array.from({ length: frame.vlanCount }, (_, i) => frame.vlans[i]);
  const encap = frame.encapCount === 0 ? {} : { encap: Array.from({ length: frame.encapCount }, (_, i) => encapName(frame, i)) };
  if (number !== OUTCOME.TCP) return { outcome, vlans, ...encap };
  assert.ok(frame.at >= at && frame.at <= frame.end && frame.end <= end, 'the payload lies in the frame');
  const range = (from: number, length: number): number[] => Array.from({ length }, (_, i) => bytes[from + i]);
  return {
    outcome,
    vlans,
    ...encap,
    tcp: {
      source: range(frame.source, frame.addressLength),
      destination: range(frame.destination, frame.addressLength),
      ports: [frame.sourcePort, frame.destinationPort],
      payload: latin1Text(Uint8Array.from(range(frame.at, frame.end - frame.at))),
      fragmented: frame.fragmented,
    },
  };
}
