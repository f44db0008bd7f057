// Parsing made fast before it counts: JavaScript starts in an interpreter, ten times slower than what the compiler makes of it
// after some thousand frames. An interface does not wait meanwhile, and the kernel's buffer holds a few milliseconds of busy traffic;
// so a worker first parses frames of its own making, whose lines go nowhere.

import { allocateBatchRing, BatchConsumer, BatchProducer, CLAIM } from '../ring/batch_ring.js';
import { allocateLineBlock, LineBlock } from '../ring/line_blocks.js';
import { allocateLinkTable, LinkRegistry } from '../ring/link_table.js';
import { allocateLocalTable } from '../ring/local_table.js';
import { REGION_BYTES, regionCount } from './engine.js';
import type { LineOutput } from './line_output.js';
import { Parsing } from './parsing.js';
import type { ParsingOptions } from './tasks.js';

/** Enough for the compiler on a slow machine; a busy one is not held up for longer. */
const ROUNDS = 150;
const LONGEST_MS = 400;
const ROUND_FRAMES = 256;
const FRAME_ROOM = 2048;
const LINKTYPE_ETHERNET = 1;
const DEFAULT_PORT = 80;

const HEADERS = `Host: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\nCookie: a=b; c=d\r\n`;
const PAYLOADS = [
  `GET /index.html?q=1 HTTP/1.1\r\n${HEADERS}\r\n`,
  'HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 17:31:32 GMT\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n<html>',
  '',
  'x'.repeat(1000),
  'GET /a%20b//c?token=%61&x=%zz HTTP/1.0\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\n\r\n',
  'x'.repeat(1000),
  `POST /form HTTP/1.1\r\n${HEADERS}Content-Length: 4\r\n\r\na=b&`,
  'x'.repeat(1000),
  '',
  'x'.repeat(1000),
];

/** Makes the line output of the kind that the run has: the compiler minds. */
export type OutputMaker = (blocks: readonly LineBlock[], handOver: (block: number) => void) => LineOutput;

/** Parses made-up frames with the options of the run. Takes some ten milliseconds of this thread, LONGEST_MS at most. */
export function warmUp(options: ParsingOptions, makeOutput: OutputMaker): void {
  const ring = allocateBatchRing(2, ROUND_FRAMES * FRAME_ROOM, ROUND_FRAMES);
  const links = allocateLinkTable();
  const link = new LinkRegistry(links).row(LINKTYPE_ETHERNET, '');
  const blocks = [0, 1].map(() => new LineBlock(allocateLineBlock(regionCount(options.split), REGION_BYTES, options.merging)));
  const output = makeOutput(blocks, (block) => blocks[block].setFree());
  const consumer = new BatchConsumer(ring);
  const parsing = new Parsing({ ...options, shared: { ...options.shared, ring, links, local: allocateLocalTable() } }, consumer, output);
  const frames = PAYLOADS.map((payload, number) => frame(payload, number, options.ports?.[0].first ?? DEFAULT_PORT));
  const producer = new BatchProducer(ring);
  // As a run's: a field that first meets an address after the compiler has looked at it throws its work away.
  producer.lieAt(Number.MAX_SAFE_INTEGER, 0);
  const end = performance.now() + LONGEST_MS;
  for (let round = 0; round < ROUNDS && performance.now() < end; round++) {
    producer.acquire(0);
    for (let i = 0, at = producer.start; i < ROUND_FRAMES; i++, at += FRAME_ROOM) {
      const bytes = frames[i % frames.length];
      producer.bytes.set(bytes, at);
      producer.add(at, bytes.length, bytes.length, 1_700_000_000 + round, i, link);
    }
    producer.publish(0, 1, 0, 0);
    while (consumer.claim(0) === CLAIM.TAKEN) parsing.parseClaimed();
  }
}

/** Ethernet, IPv4, TCP from or to the service port. */
function frame(payload: string, number: number, port: number): Uint8Array {
  const body = new TextEncoder().encode(payload);
  const length = 40 + body.length;
  const ports = [0xc3, number, port >> 8, port & 0xff];
  return Uint8Array.of(
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,
    0x45, 0, length >> 8, length & 0xff, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 7, 192, 0, 2, 10,
    ...(payload.startsWith('HTTP/') ? [...ports.slice(2), ...ports.slice(0, 2)] : ports),
    0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 1, 0, 0, 0, 0, 0,
    ...body,
  );
}
