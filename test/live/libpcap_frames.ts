// Ethernet frames byte by byte, and tcpreplay to send them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../support/command.js';
import { type End, inNamespace } from '../support/netns.js';
import { concat, pcap, u16 } from '../support/savefile_builder.js';

const ADDRESSES = Uint8Array.of(2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 1, 2);
const BIG = false;
const TCP_BYTES = 20;

/** A TCP header with ports, and a payload. */
export function tcp(source: number, destination: number, payload: Uint8Array): Uint8Array {
  const rest = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0);
  return concat(u16(BIG, source), u16(BIG, destination), rest, payload);
}

/** @param fragment the field of flags and fragment offset */
export function ipv4(protocol: number, body: Uint8Array, fragment = 0): Uint8Array {
  const lengths = concat(Uint8Array.of(0x45, 0), u16(BIG, 20 + body.length), Uint8Array.of(0, 1), u16(BIG, fragment));
  return concat(lengths, Uint8Array.of(64, protocol, 0, 0, 198, 18, 1, 2, 198, 18, 1, 1), body);
}

/** @param next of the fixed header: TCP (6) or the first extension header in `body` */
export function ipv6(next: number, body: Uint8Array): Uint8Array {
  const address = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const start = concat(Uint8Array.of(0x60, 0, 0, 0), u16(BIG, body.length), Uint8Array.of(next, 64));
  return concat(start, address, Uint8Array.of(2), address, Uint8Array.of(1), body);
}

/** An 8-byte extension header (hop-by-hop, routing, destination options, fragment) before `body`. */
export function extension(next: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(next, 0, 0, 0, 0, 0, 0, 0), body);
}

/** @param types tags as [TPID, VLAN] pairs, then the EtherType */
export function ethernet(types: readonly number[], packet: Uint8Array): Uint8Array {
  return concat(ADDRESSES, ...types.map((type) => u16(BIG, type)), packet);
}

const requests = new Map<string, Uint8Array>();

/** A frame of `length` bytes with a request to port 80. */
export function request(length: number, port = 80): Uint8Array {
  const key = `${length} ${port}`;
  const known = requests.get(key) ?? makeRequest(length, port);
  requests.set(key, known);
  return known.slice(); // its own, to be changed
}

function makeRequest(length: number, port: number): Uint8Array {
  const payload = new Uint8Array(length - 14 - 20 - TCP_BYTES).fill(0x41);
  payload.set(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'));
  return ethernet([0x0800], ipv4(6, tcp(40000, port, payload)));
}

/** Sends frames from an end, as fast as can be: `times` over. */
export function sendArguments(from: End, file: string, times: number): string[] {
  return inNamespace(from, ['tcpreplay', '--quiet', '--topspeed', '--preload-pcap', `--loop=${times}`, `--intf1=${from.device}`, file]);
}

/** Writes frames into a capture file of their own directory; remove() takes both away. */
export function frameFile(frames: readonly Uint8Array[]): { path: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'httplog-live-'));
  const path = join(directory, 'frames.pcap');
  writeFileSync(path, pcap({}, frames.map((data, index) => ({ seconds: 1, fraction: index, data }))));
  return { path, remove: () => rmSync(directory, { recursive: true }) };
}

/** Sends frames once and waits until they are sent. */
export function send(from: End, frames: readonly Uint8Array[]): void {
  const file = frameFile(frames);
  try {
    command(sendArguments(from, file.path, 1));
  } finally {
    file.remove();
  }
}
