// One captured stretch of traffic, over and over: each round comes from another client address, with other ports, later.

import { be16, be32, le32 } from '../../src/bytes/read.js';
import { putIpv4Checksum } from '../../test/support/frames/ip_headers.js';

/** A pcap file of this machine's tcpdump: little-endian, microseconds, Ethernet. */
const MAGIC = 0xa1b2c3d4;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

/** Offsets in an untagged Ethernet frame. */
const ETHERTYPE_AT = 12;
const IP_AT = 14;
const SOURCE_AT = IP_AT + 12;
const DESTINATION_AT = IP_AT + 16;
const IPV4_TCP_BYTES = 54;

/** Linux's ephemeral ports: a client's port is turned round inside this range, so that ports stay different. */
const EPHEMERAL = { first: 32_768, count: 28_232 } as const;
const PORT_STEP = 7919;
const GAP_MICROSECONDS = 1000;

/** Clients of the rounds: 198.19.0.1 and on, of the benchmark range (RFC 2544). */
const FIRST_CLIENT = 0xc613_0001;
const LAST_CLIENT = 0xc613_fffe;

export interface RepeatReport {
  readonly bytes: number;
  readonly frames: number;
  /** frames whose payload begins with an HTTP/1.x message */
  readonly messages: number;
  readonly rounds: number;
  /** bytes of a frame, without record headers */
  readonly averageFrameBytes: number;
}

/** What stays of a frame over the rounds. */
interface Entry {
  /** of its record header */
  readonly at: number;
  readonly endAt: number;
  readonly microseconds: number;
  /** where the client's address and port stand; -1 when the frame is no TCP over IPv4 of the service port */
  readonly addressAt: number;
  readonly portAt: number;
  readonly port: number;
  readonly isMessage: boolean;
}

/**
 * Hands a pcap file of about `targetBytes` to `write`, which has to be done with a chunk when it returns: the chunk is
 * the base itself, changed in place. IPv4 checksums are kept right; TCP's are not, as on a host that offloads them.
 * @throws Error when the base is no such file, is empty, or the clients run out
 */
export function repeatCapture(
  base: Uint8Array, servicePort: number, targetBytes: number, write: (chunk: Uint8Array) => void,
): RepeatReport {
  const entries = indexFrames(base, servicePort);
  if (entries.length === 0) {
    throw new Error('the base has no frames');
  }
  const view = new DataView(base.buffer, base.byteOffset, base.byteLength);
  const roundMicroseconds = spanMicroseconds(entries) + GAP_MICROSECONDS;
  write(base.subarray(0, FILE_HEADER_BYTES));
  let bytes = FILE_HEADER_BYTES;
  let frames = 0;
  let messages = 0;
  let rounds = 0;
  while (bytes < targetBytes) {
    if (FIRST_CLIENT + rounds > LAST_CLIENT) {
      throw new Error('the clients run out: take a larger base');
    }
    let end = FILE_HEADER_BYTES;
    for (const entry of entries) {
      if (bytes + end - FILE_HEADER_BYTES >= targetBytes) {
        break;
      }
      moveFrame(base, view, entry, rounds, roundMicroseconds);
      end = entry.endAt;
      frames++;
      messages += entry.isMessage ? 1 : 0;
    }
    write(base.subarray(FILE_HEADER_BYTES, end));
    bytes += end - FILE_HEADER_BYTES;
    rounds++;
  }
  const averageFrameBytes = (bytes - FILE_HEADER_BYTES) / frames - RECORD_HEADER_BYTES;
  return { bytes, frames, messages, rounds, averageFrameBytes };
}

function moveFrame(base: Uint8Array, view: DataView, entry: Entry, round: number, roundMicroseconds: number): void {
  const microseconds = entry.microseconds + round * roundMicroseconds;
  view.setUint32(entry.at, Math.floor(microseconds / 1e6), true);
  view.setUint32(entry.at + 4, microseconds % 1e6, true);
  if (entry.addressAt >= 0) {
    view.setUint32(entry.addressAt, FIRST_CLIENT + round);
    view.setUint16(entry.portAt, turnedPort(entry.port, round));
    putIpv4Checksum(base, entry.at + RECORD_HEADER_BYTES + IP_AT);
  }
}

function turnedPort(port: number, round: number): number {
  const place = port - EPHEMERAL.first;
  return place < 0 || place >= EPHEMERAL.count ? port : EPHEMERAL.first + (place + round * PORT_STEP) % EPHEMERAL.count;
}

function indexFrames(base: Uint8Array, servicePort: number): Entry[] {
  if (base.length < FILE_HEADER_BYTES || le32(base, 0) !== MAGIC || le32(base, 20) !== 1) {
    throw new Error('the base has to be a little-endian pcap file with microseconds and Ethernet frames');
  }
  const entries: Entry[] = [];
  let at = FILE_HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= base.length) {
    const endAt = at + RECORD_HEADER_BYTES + le32(base, at + 8);
    if (endAt > base.length) {
      break;
    }
    entries.push(entryOf(base, at, endAt, servicePort));
    at = endAt;
  }
  return entries;
}

function entryOf(base: Uint8Array, at: number, endAt: number, servicePort: number): Entry {
  const frameAt = at + RECORD_HEADER_BYTES;
  const common = { at, endAt, microseconds: le32(base, at) * 1e6 + le32(base, at + 4) };
  const other = { ...common, addressAt: -1, portAt: -1, port: 0, isMessage: false };
  if (endAt - frameAt < IPV4_TCP_BYTES || be16(base, frameAt + ETHERTYPE_AT) !== 0x0800 || base[frameAt + IP_AT + 9] !== 6) {
    return other;
  }
  const tcpAt = frameAt + IP_AT + (base[frameAt + IP_AT] & 0x0f) * 4;
  const fromServer = be16(base, tcpAt) === servicePort;
  if (!fromServer && be16(base, tcpAt + 2) !== servicePort) {
    return other;
  }
  const portAt = fromServer ? tcpAt + 2 : tcpAt;
  const payloadAt = tcpAt + (base[tcpAt + 12] >> 4) * 4;
  return {
    ...common,
    addressAt: frameAt + (fromServer ? DESTINATION_AT : SOURCE_AT),
    portAt,
    port: be16(base, portAt),
    isMessage: payloadAt + 4 <= endAt && beginsMessage(be32(base, payloadAt)),
  };
}

/** Enough to know the traffic this is made for: `HTTP`, `GET `, `HEAD`, `POST`. */
function beginsMessage(word: number): boolean {
  return word === 0x4854_5450 || word === 0x4745_5420 || word === 0x4845_4144 || word === 0x504f_5354;
}

function spanMicroseconds(entries: readonly Entry[]): number {
  let earliest = Infinity;
  let latest = 0;
  for (const { microseconds } of entries) {
    earliest = Math.min(earliest, microseconds);
    latest = Math.max(latest, microseconds);
  }
  return latest - earliest;
}
