// Captures to try: files with bytes changed, and files made anew of frames changed one by one, of messages put together from
// parts, in every link layer and tunnel.

import { gzipSync } from 'node:zlib';
import { ETHERTYPE, PROTOCOL, authenticated, erspan2, genevePacket, grePacket, gtpuPacket, teredoPacket, udpDatagram,
  vxlanPacket } from '../support/frames/tunnels.js';
import { in8023, inMpls, inPppoe } from '../support/frames/other_links.js';
import { join, withTags } from '../support/frames/link_layer.js';
import { type Capture, type Frame, writePcap } from '../support/frames/pcap_file.js';
import { writePcapng } from '../support/frames/pcapng_file.js';
import { ethernetFrame, extension, fragmentHeader, ipv4Packet, ipv6Packet, tcpSegment } from '../support/packets.js';
import type { SeededRandom } from '../support/random.js';
import { mutate } from './bytes.js';
import type { Seeds } from './seeds.js';
import { MESSAGE_PARTS } from './tokens.js';

const ETHERNET = 1;
const SERVER = [198, 18, 1, 1];
const MOST_FRAMES = 12;
const INTERFACE_NAMES = ['', 'eth0', 'a b', '-', 'x\ny', '"', '\u00e9\u2028', 'vlan=1', 'n'.repeat(80)];

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)];
}

/** Once in `times`. */
function once(random: SeededRandom, times: number): boolean {
  return random.below(times) === 0;
}

/** A message of parts that fit each other more or less. */
export function message(random: SeededRandom): Uint8Array {
  const { methods, targets, versions, status, ends, fields, values, chunks } = MESSAGE_PARTS;
  const end = (): Uint8Array => (once(random, 4) ? pick(random, ends) : ends[0]);
  const parts = once(random, 2)
    ? [pick(random, methods), pick(random, targets), pick(random, versions), end()]
    : [pick(random, status), end()];
  for (let lines = random.below(6); lines > 0; lines--) parts.push(pick(random, fields), pick(random, values), pick(random, values), end());
  parts.push(end());
  if (once(random, 2)) parts.push(pick(random, chunks));
  if (once(random, 4)) parts.push(message(random));
  return join(...parts);
}

const WRAPS: readonly ((packet: Uint8Array, random: SeededRandom) => Uint8Array)[] = [
  (packet) => ipv4Packet(packet, { protocol: packet[0] >> 4 === 6 ? PROTOCOL.IPV6 : PROTOCOL.IPV4 }),
  (packet) => ipv6Packet(packet, { nextHeader: packet[0] >> 4 === 6 ? PROTOCOL.IPV6 : PROTOCOL.IPV4 }),
  (packet, random) => ipv4Packet(grePacket(type(packet), packet, { checksum: once(random, 2), key: 1, ...(once(random, 2) && { sequence: 2 }) }), { protocol: PROTOCOL.GRE }),
  (packet) => ipv4Packet(grePacket(ETHERTYPE.ERSPAN, erspan2(5, ethernet(packet)), { sequence: 1 }), { protocol: PROTOCOL.GRE }),
  (packet) => udp(4789, vxlanPacket(7, ethernet(packet))),
  (packet) => udp(6081, genevePacket(7, type(packet), packet, new Uint8Array(8))),
  (packet) => udp(2152, gtpuPacket(7, packet, { sequence: 1, extensions: [[0x85, [0, 9]]] })),
  (packet) => udp(3544, teredoPacket(packet, { authentication: [[1], [2, 3]], origin: true })),
  (packet) => udp(4754, grePacket(type(packet), packet)),
  (packet) => ipv6Packet(join(extension(60), extension(PROTOCOL.IPV6), packet), { nextHeader: 0 }),
];

const type = (packet: Uint8Array): number => (packet[0] >> 4 === 6 ? ETHERTYPE.IPV6 : ETHERTYPE.IPV4);
const ethernet = (packet: Uint8Array): Uint8Array => ethernetFrame(type(packet), packet);
const udp = (port: number, payload: Uint8Array): Uint8Array => ipv4Packet(udpDatagram(port, payload), { protocol: PROTOCOL.UDP });

/** A frame that carries a message, maybe through tunnels. */
function messageFrame(random: SeededRandom): Uint8Array {
  const segment = tcpSegment(message(random), { dataOffset: 5 + random.below(3), sourcePort: once(random, 2) ? 80 : 40000 });
  let packet: Uint8Array;
  switch (random.below(5)) {
    case 0: packet = ipv6Packet(segment); break;
    case 1: packet = ipv6Packet(join(fragmentHeader(PROTOCOL.TCP, 0, true), segment), { nextHeader: 44 }); break;
    case 2: packet = ipv4Packet(authenticated(PROTOCOL.TCP, segment), { protocol: PROTOCOL.AH }); break;
    case 3: packet = ipv4Packet(segment, { destination: SERVER, flagsAndOffset: 0x2000 }); break;
    default: packet = ipv4Packet(segment, { source: SERVER, headerWords: 5 + random.below(3) });
  }
  for (let depth = once(random, 2) ? random.below(10) : 0; depth > 0; depth--) packet = pick(random, WRAPS)(packet, random);
  switch (random.below(6)) {
    case 0: return in8023(packet);
    case 1: return inPppoe(packet);
    case 2: return inMpls(packet, [16, 17]);
    case 3: return withTags(ethernet(packet), Array.from({ length: 1 + random.below(20) }, (_, vlan) => ({ tpid: 0x8100, vlan }))) ?? packet;
    default: return ethernet(packet);
  }
}

/** Frames of one link type: messages of ours, or frames of a seed. */
function frames(random: SeededRandom, seeds: Seeds): Capture {
  if (once(random, 2)) {
    const made = Array.from({ length: 1 + random.below(MOST_FRAMES) }, (): Frame => {
      const bytes = messageFrame(random);
      return { seconds: random.next(), nanoseconds: random.below(1e9), bytes, originalLength: bytes.length };
    });
    return { linkType: ETHERNET, frames: made };
  }
  const seed = pick(random, seeds.captures);
  return { linkType: seed.linkType, frames: Array.from({ length: 1 + random.below(MOST_FRAMES) }, () => pick(random, seed.frames)) };
}

/** The frame with bytes changed, cut, or longer on the wire than it is. */
function mutateFrame(frame: Frame, random: SeededRandom, other: Uint8Array): Frame {
  const bytes = once(random, 3) ? frame.bytes : mutate(frame.bytes, random, other, 4);
  return { ...frame, bytes, originalLength: once(random, 3) ? bytes.length + random.below(100) : bytes.length };
}

function write({ linkType, frames: list }: Capture, random: SeededRandom): Uint8Array {
  const bigEndian = once(random, 3);
  if (once(random, 3)) {
    const name = pick(random, INTERFACE_NAMES);
    return writePcapng([{ bigEndian, interfaces: [{ linkType, name, decimals: pick(random, [3, 6, 9]), frames: list }] }]);
  }
  return writePcap({ linkType: once(random, 20) ? random.below(300) : linkType, frames: list }, { bigEndian, nanoseconds: once(random, 2) });
}

/** A capture file to try. */
export function nextCapture(random: SeededRandom, seeds: Seeds): Uint8Array {
  const other = pick(random, seeds.files);
  if (once(random, 3)) return mutate(pick(random, seeds.files), random, other, 8);
  const { linkType, frames: list } = frames(random, seeds);
  const foreign = pick(random, pick(random, seeds.captures).frames).bytes;
  const file = write({ linkType, frames: list.map((frame) => mutateFrame(frame, random, foreign)) }, random);
  const mutated = once(random, 4) ? mutate(file, random, other, 3) : file;
  return once(random, 100) ? new Uint8Array(gzipSync(mutated)) : mutated;
}
