// Captures of real messages with other addresses, ports, header fields, link layers and tunnels: what no test was written for.

import { readFileSync } from 'node:fs';
import { decode } from '../../src/wire/decode.js';
import { Frame as DecodedFrame } from '../../src/wire/frame.js';
import { linkLayer } from '../../src/wire/layers.js';
import { OUTCOME } from '../../src/wire/outcome.js';
import { latin1, latin1Text } from '../support/fence.js';
import { fixturePath } from '../support/fixtures.js';
import { join, withTags } from '../support/frames/link_layer.js';
import { in8023, inMpls, inPppoe } from '../support/frames/other_links.js';
import { type Frame, readPcap, writePcap } from '../support/frames/pcap_file.js';
import { ETHERTYPE, PROTOCOL, authenticated, erspan2, genevePacket, grePacket, gtpuPacket, teredoPacket, udpDatagram,
  vxlanPacket } from '../support/frames/tunnels.js';
import { ethernetFrame, extension, ipv4Packet, ipv6Packet, tcpSegment } from '../support/packets.js';
import type { SeededRandom } from '../support/random.js';

/** Fixtures whose payloads curl and nginx wrote. */
const SOURCES = ['basic-keepalive', 'methods', 'ipv6', 'http10', 'no-fields', 'post-chunked', 'pipelined-nginx', 'loopback'];
/** Below every client port, so that tshark asks HTTP first. */
export const SERVICE_PORTS = [80, 8080];
const FIRST_CLIENT_PORT = 49152;
/** IEEE 802.3 clause 3.2.6: 1500 is the largest length, 8 of it are LLC and SNAP. */
const MOST_SNAP_BYTES = 1492;

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)];
}

function once(random: SeededRandom, times: number): boolean {
  return random.below(times) === 0;
}

/** The payloads of the fixtures that begin a message, as text of one byte a character. */
export function realMessages(): string[] {
  return SOURCES.flatMap((name) => readPcap(readFileSync(fixturePath(`${name}.pcap`))).frames.flatMap(({ bytes }) => {
    const frame = new DecodedFrame();
    frame.begin(0, bytes.length, bytes.length);
    if (decode(bytes, frame, linkLayer(1) ?? OUTCOME.LINK_TYPE) !== OUTCOME.TCP) return [];
    const payload = latin1Text(bytes.subarray(frame.at, frame.end));
    return /^([A-Z]+ [^ ]+ )?HTTP\/1\./.test(payload) ? [payload] : [];
  }));
}

const VALUES = ['', '-', 'example.test', 'a b c', 'a:b', '\xc3\xa9t\xc3\xa9', '\xff\xfe', '"quoted"', 'back\\slash', 'x'.repeat(200), '\xe2\x82\xac \xf0\x9f\x98\x80', '[2001:db8::1]:8080'];
const NAMES = ['Host', 'User-Agent', 'Content-Type', 'X-Forwarded-For', 'Hosts', 'User-Agents', 'Accept', 'Via'];
const TARGETS = ['/', '*', '/a?b=c', '/%20%0a', 'http://proxy.test/path', '/caf\xc3\xa9', '/\xff', `/${'long/'.repeat(40)}`, '/"\\', 'host.test:443'];
const REASONS = ['OK', '', 'Not Found', 'I\'m a teapot', 'caf\xe9'];
const LENGTHS = ['0', '5', '12', '007', '4294967296'];

/** The message with another start line, or other fields: more, fewer, in another order, in other letters. */
export function mutateMessage(message: string, random: SeededRandom): string {
  const headEnd = message.indexOf('\r\n\r\n');
  if (headEnd < 0) return message;
  const [start, ...fields] = message.slice(0, headEnd).split('\r\n');
  const body = message.slice(headEnd + 4);
  const lines = fields.map((line) => (once(random, 3) ? mutateField(line, random) : line)).filter(() => !once(random, 6));
  if (once(random, 2)) lines.splice(random.below(lines.length + 1), 0, `${anyCase(pick(random, NAMES), random)}:${blanks(random)}${pick(random, VALUES)}`);
  if (once(random, 4)) lines.push(lines.shift() ?? 'Via: 1');
  const end = once(random, 5) ? '\n' : '\r\n';
  return [once(random, 2) ? mutateStart(start, random) : start, ...lines, '', ''].join(end) + body;
}

function mutateStart(start: string, random: SeededRandom): string {
  const response = /^(HTTP\/1\.\d) (\d{3})/.exec(start);
  if (response) return `${pick(random, ['HTTP/1.0', 'HTTP/1.1'])} ${100 + random.below(500)} ${pick(random, REASONS)}`;
  const [method, target] = start.split(' ');
  // what CONNECT asks for is no path
  return `${method} ${method === 'CONNECT' ? target : pick(random, TARGETS)} ${pick(random, ['HTTP/1.0', 'HTTP/1.1'])}`;
}

function mutateField(line: string, random: SeededRandom): string {
  const colon = line.indexOf(':');
  const name = anyCase(line.slice(0, colon), random);
  const value = /^content-length$/i.test(name) ? pick(random, LENGTHS) : once(random, 2) ? pick(random, VALUES) : line.slice(colon + 1).trim();
  return `${name}:${blanks(random)}${value}${blanks(random)}`;
}

function anyCase(name: string, random: SeededRandom): string {
  return [...name].map((letter) => (once(random, 2) ? letter.toUpperCase() : letter.toLowerCase())).join('');
}

function blanks(random: SeededRandom): string {
  return pick(random, ['', ' ', ' ', ' ', '  ', '\t', ' \t ']);
}

const address = (random: SeededRandom, bytes: number): number[] => {
  const numbers = Array.from({ length: bytes }, () => (once(random, 3) ? 0 : random.below(256)));
  numbers[0] = bytes === 4 ? 1 + random.below(126) : 0x20; // nothing special: no multicast, no loopback
  return numbers;
};

const type = (packet: Uint8Array): number => (packet[0] >> 4 === 6 ? ETHERTYPE.IPV6 : ETHERTYPE.IPV4);
const ethernet = (packet: Uint8Array): Uint8Array => ethernetFrame(type(packet), packet);
const protocolOf = (packet: Uint8Array): number => (packet[0] >> 4 === 6 ? PROTOCOL.IPV6 : PROTOCOL.IPV4);

/** One more packet around a packet. */
function wrap(packet: Uint8Array, random: SeededRandom): Uint8Array {
  const over = (protocol: number, body: Uint8Array): Uint8Array => (once(random, 2)
    ? ipv4Packet(body, { protocol, source: address(random, 4), destination: address(random, 4) })
    : ipv6Packet(body, { nextHeader: protocol, source: address(random, 16), destination: address(random, 16) }));
  const udp = (port: number, body: Uint8Array): Uint8Array => over(PROTOCOL.UDP, udpDatagram(port, body, { sourcePort: FIRST_CLIENT_PORT + random.below(10_000) }));
  switch (random.below(8)) {
    case 0: return over(protocolOf(packet), packet);
    case 1: return over(PROTOCOL.GRE, grePacket(type(packet), packet, once(random, 2) ? { key: random.next(), sequence: random.next() } : {}));
    case 2: return over(PROTOCOL.GRE, grePacket(ETHERTYPE.TEB, ethernet(packet)));
    case 3: return over(PROTOCOL.GRE, grePacket(ETHERTYPE.ERSPAN, erspan2(random.below(1024), ethernet(packet)), { sequence: 1 }));
    case 4: return udp(4789, vxlanPacket(random.below(1 << 24), ethernet(packet)));
    case 5: return udp(6081, genevePacket(random.below(1 << 24), ETHERTYPE.TEB, ethernet(packet), new Uint8Array(random.below(3) * 4)));
    case 6: return udp(2152, gtpuPacket(random.next(), packet, once(random, 2) ? { sequence: 7 } : {}));
    default: return packet[0] >> 4 === 6 ? udp(3544, teredoPacket(packet)) : over(PROTOCOL.IPV4, packet);
  }
}

/** The payload between random ends, in a packet of either version. */
function packetOf(payload: string, random: SeededRandom): Uint8Array {
  const ports = [pick(random, SERVICE_PORTS), FIRST_CLIENT_PORT + random.below(65536 - FIRST_CLIENT_PORT)];
  const [sourcePort, destinationPort] = payload.startsWith('HTTP/') ? ports : ports.toReversed();
  const segment = tcpSegment(latin1(payload), { sourcePort, destinationPort, dataOffset: 5 + random.below(4) });
  const ends = (bytes: number): { source: number[]; destination: number[] } => ({ source: address(random, bytes), destination: address(random, bytes) });
  switch (random.below(6)) {
    case 0: return ipv4Packet(authenticated(PROTOCOL.TCP, segment), { protocol: PROTOCOL.AH, ...ends(4) });
    case 1: return ipv6Packet(join(extension(60), extension(PROTOCOL.TCP, 2), segment), { nextHeader: 0, ...ends(16) });
    case 2: return ipv6Packet(segment, ends(16));
    case 3: return ipv4Packet(segment, { headerWords: 6, ...ends(4) });
    default: return ipv4Packet(segment, ends(4));
  }
}

function linkOf(packet: Uint8Array, random: SeededRandom): Uint8Array {
  const tags = Array.from({ length: random.below(3) }, () => ({ tpid: 0x8100, vlan: 1 + random.below(4094) }));
  const labelled = (inner: Uint8Array): Uint8Array => inMpls(inner, [16 + random.below(1000)]);
  const snap = packet.length <= MOST_SNAP_BYTES ? in8023 : ethernet;
  const link = pick(random, [ethernet, ethernet, ethernet, snap, inPppoe, labelled])(packet);
  const tagged = withTags(link, tags) ?? link;
  // Ethernet's padding, and what a switch may leave behind: no payload
  return once(random, 4) ? join(tagged, latin1('GET /trailer HTTP/1.1\r\n\r\n')) : tagged;
}

/** A capture of `count` frames, each with a message or several. */
export function randomCapture(messages: readonly string[], count: number, random: SeededRandom): Uint8Array {
  const frames = Array.from({ length: count }, (_, index): Frame => {
    let payload = mutateMessage(pick(random, messages), random);
    // a second one behind a request without body is found
    if (/^GET /.test(payload) && once(random, 4)) payload += mutateMessage(messages[0], random);
    let packet = packetOf(payload, random);
    for (let depth = once(random, 2) ? 1 + random.below(3) : 0; depth > 0; depth--) packet = wrap(packet, random);
    const bytes = linkOf(packet, random);
    return { seconds: 1_500_000_000 + index, nanoseconds: random.below(1e9), bytes, originalLength: bytes.length };
  });
  return writePcap({ linkType: 1, frames }, { nanoseconds: true, bigEndian: once(random, 2) });
}
