// Captures made here frame by frame, where real traffic cannot be had: so many flows, so many messages, all frames of one length.
// Frames are cut from three templates (a request, a response, a piece of a body); only the client's address, its port and the
// time differ, so that a capture of a million frames is written in about a second.

import { closeSync, openSync, writeSync } from 'node:fs';

const CHUNK_BYTES = 4 << 20;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const ETHERNET_BYTES = 14;
const TCP_BYTES = 20;
const SERVICE_PORT = 80;
/** Flows count through the ports of one client, then through the next clients: 10.0.0.1 and on, or 2001:db8::1 and on. */
const PORTS = { first: 32_768, count: 28_232 } as const;
const FIRST_SECOND = 1_700_000_000;
const FRAMES_A_SECOND = 400_000;

const REQUEST = 'GET /articles/2024/some-title?item=4711 HTTP/1.1\r\nHost: www.example.test\r\n'
  + 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: */*\r\n\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: 5000\r\n\r\n';

export interface GeneratedOptions {
  /** frames to write */
  readonly frames: number;
  /** distinct flows they are spread over in turn, 1 to frames */
  readonly flows: number;
  /** share of the frames that begin a message, 0 to 1, evenly spread: requests and responses in turn */
  readonly messageShare: number;
  /** bytes of every frame, 300 to 1514 */
  readonly frameBytes: number;
  /** IPv6 instead of IPv4 */
  readonly ipv6?: boolean;
}

/** One frame of a kind, and where it tells whose it is. */
interface Template {
  readonly bytes: Uint8Array;
  /** low 32 bits of the client's address */
  readonly addressAt: number;
  /** the client's port */
  readonly portAt: number;
}

/**
 * Writes a pcap file (little-endian, microseconds, Ethernet).
 * @returns how many of its frames begin a message
 */
export function writeGenerated(path: string, options: GeneratedOptions): number {
  const recordBytes = RECORD_HEADER_BYTES + options.frameBytes;
  const chunk = new Uint8Array(Math.floor(CHUNK_BYTES / recordBytes) * recordBytes);
  const view = new DataView(chunk.buffer);
  const frames = new FrameMaker(options);
  const descriptor = openSync(path, 'w');
  try {
    writeSync(descriptor, fileHeader());
    for (let frame = 0, at = 0; frame < options.frames; frame++) {
      view.setUint32(at, FIRST_SECOND + Math.floor(frame / FRAMES_A_SECOND), true);
      view.setUint32(at + 4, Math.floor((frame % FRAMES_A_SECOND) * (1e6 / FRAMES_A_SECOND)), true);
      view.setUint32(at + 8, options.frameBytes, true);
      view.setUint32(at + 12, options.frameBytes, true);
      frames.put(view, chunk, at + RECORD_HEADER_BYTES, frame);
      at += recordBytes;
      if (at === chunk.length || frame === options.frames - 1) {
        writeWhole(descriptor, chunk.subarray(0, at));
        at = 0;
      }
    }
  } finally {
    closeSync(descriptor);
  }
  return frames.messages;
}

/** The same frames without a file, one behind the other. */
export function generatedFrames(options: GeneratedOptions): Uint8Array {
  const bytes = new Uint8Array(options.frames * options.frameBytes);
  const view = new DataView(bytes.buffer);
  const frames = new FrameMaker(options);
  for (let frame = 0; frame < options.frames; frame++) frames.put(view, bytes, frame * options.frameBytes, frame);
  return bytes;
}

class FrameMaker {
  /** frames so far that begin a message */
  messages = 0;
  private readonly starts: readonly Template[];
  private readonly data: Template;

  constructor(private readonly options: GeneratedOptions) {
    this.starts = [makeTemplate(options, REQUEST, true), makeTemplate(options, RESPONSE, false)];
    this.data = makeTemplate(options, '', false);
  }

  /** @param number of the frame, from 0; each once and in order */
  put(view: DataView, bytes: Uint8Array, at: number, number: number): void {
    const { flows, messageShare } = this.options;
    const isMessage = Math.floor((number + 1) * messageShare) > this.messages;
    const template = isMessage ? this.starts[this.messages++ % 2] : this.data;
    const flow = number % flows;
    bytes.set(template.bytes, at);
    view.setUint32(at + template.addressAt, 0x0a00_0001 + Math.floor(flow / PORTS.count));
    view.setUint16(at + template.portAt, PORTS.first + (flow % PORTS.count));
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

function fileHeader(): Uint8Array {
  const view = new DataView(new ArrayBuffer(FILE_HEADER_BYTES));
  [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 1].forEach((word, index) => view.setUint32(index * 4, word, true));
  return new Uint8Array(view.buffer);
}

/** A frame of TCP whose payload is `text` and then a body; checksums stay zero, as on a host that offloads them. */
function makeTemplate({ frameBytes, ipv6 = false }: GeneratedOptions, text: string, fromClient: boolean): Template {
  const ipBytes = ipv6 ? 40 : 20;
  const tcpAt = ETHERNET_BYTES + ipBytes;
  const payloadAt = tcpAt + TCP_BYTES;
  if (payloadAt + text.length > frameBytes) throw new RangeError(`a frame of ${frameBytes} bytes has no room for its message`);
  const bytes = new Uint8Array(frameBytes).fill(0x78, payloadAt);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, ipv6 ? 0x86dd : 0x0800);
  if (ipv6) putIpv6(view, frameBytes - tcpAt);
  else putIpv4(view, frameBytes - ETHERNET_BYTES);
  view.setUint16(tcpAt, SERVICE_PORT);
  view.setUint16(tcpAt + 2, SERVICE_PORT);
  bytes[tcpAt + 12] = 0x50;
  bytes[tcpAt + 13] = 0x18;
  bytes.set(new TextEncoder().encode(text), payloadAt);
  const addressBytes = ipv6 ? 16 : 4;
  const clientEnd = tcpAt - (fromClient ? addressBytes : 0);
  return { bytes, addressAt: clientEnd - 4, portAt: tcpAt + (fromClient ? 0 : 2) };
}

function putIpv4(view: DataView, totalLength: number): void {
  const at = ETHERNET_BYTES;
  view.setUint8(at, 0x45);
  view.setUint16(at + 2, totalLength);
  view.setUint8(at + 8, 64);
  view.setUint8(at + 9, 6);
  view.setUint32(at + 12, 0xc612_0001);
  view.setUint32(at + 16, 0xc612_0001);
}

function putIpv6(view: DataView, payloadLength: number): void {
  const at = ETHERNET_BYTES;
  view.setUint8(at, 0x60);
  view.setUint16(at + 4, payloadLength);
  view.setUint8(at + 6, 6);
  view.setUint8(at + 7, 64);
  for (const address of [at + 8, at + 24]) {
    view.setUint32(address, 0x2001_0db8);
    view.setUint32(address + 12, 1);
  }
}
