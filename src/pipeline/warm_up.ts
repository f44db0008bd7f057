// Parsing made fast before it counts: JavaScript starts in an interpreter, ten times slower than what the compiler makes of it
// after some thousand frames. An interface does not wait meanwhile, and the kernel's buffer holds a few milliseconds of busy traffic;
// so a worker first parses frames of its own making, whose lines go nowhere.

import type { OwnMemory } from '../host/mapped_memory.js';
import { LiveSource } from '../capture/live_source.js';
import { MADE_UP_BYTES, MadeUpInterface } from '../capture/made_up_interface.js';
import { BatchConsumer, CLAIM } from '../ring/batch_consumer.js';
import { BatchProducer } from '../ring/batch_producer.js';
import { allocateBatchRing } from '../ring/batch_ring.js';
import { allocateLineBlock, LineBlock } from '../ring/line_blocks.js';
import { allocateLinkTable, LinkRegistry } from '../ring/link_table.js';
import { allocateLocalTable } from '../ring/local_table.js';
import { allocateSourceBoard, SourceBoard } from '../ring/source_board.js';
import { REGION_BYTES, regionCount } from './engine.js';
import type { LineOutput } from './line_output.js';
import { Parsing } from './parsing.js';
import type { ParsingOptions } from './tasks.js';
import { warmOwners } from './warm_owners.js';

/** Enough for the compiler on a slow machine; a busy one is not held up for longer. */
const FIRST_ROUNDS = 8;
const ROUNDS = 150;
const LONGEST_MS = 400;
const ROUND_FRAMES = 256;
/** The ring's own room for frame bytes: they lie elsewhere. */
const BYTES_NOT_USED = 8;
const DEFAULT_PORT = 80;
const FIRST_CLIENT_PORT = 0xc300;
const ADDRESSES = Uint8Array.of(192, 0, 2, 7, 192, 0, 2, 10);

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
  // What real traffic has now and then: code that has never seen it was compiled without it.
  'GET /cut-off HTTP/1.1\r\nHost: www.example.com\r\nCookie: a',
  'GET http://user:pw@www.example.com:8080/x?code=%2Fa%3d&s&session=#f HTTP/1.1\r\nHost: h\r\nUser-Agent: caf\u00e9 \\ \t1\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: -\r\n\r\nhelloHTTP/1.1 101 Switching Protocols\r\n\r\n',
  'POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
  'HTTP/1.0 500 \r\nTransfer-Encoding: gzip, chunked\r\n\r\nb\r\n01234567890\r\nf',
  'GET / HTTP/1.1\nHost: h\n\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001',
  'PRI * HTTP/2.0\r\n\r\n',
  '\u00ff'.repeat(500),
];

/** Makes the line output of the kind that the run has: the compiler minds. */
export type OutputMaker = (blocks: readonly LineBlock[], handOver: (block: number) => void) => LineOutput;

/**
 * Lists and parses made-up frames with the options of the run, so that what it does from its first frame on was compiled before.
 * Takes some ten milliseconds of this thread, LONGEST_MS at most.
 *
 * Code made for what a field has always held is thrown away when it holds another kind of thing, and the second object of a class may be
 * what shows that: so there are two rehearsals, each with objects of its own. For the same reason memory is of the run's kind
 * (docs/decisions/live-thread.md).
 * @param allocate gives memory for the frames: mapped, where those of the run will lie in mapped memory
 */
export function warmUp(options: ParsingOptions, makeOutput: OutputMaker, allocate: (bytes: number) => OwnMemory = ordinaryMemory): void {
  const end = performance.now() + LONGEST_MS;
  const memory = allocate(MADE_UP_BYTES);
  const wire = new MadeUpInterface(memory.bytes, memory.address, madeUpFrames(options));
  for (const rounds of [FIRST_ROUNDS, ROUNDS]) {
    const rehearsal = new Rehearsal(options, makeOutput, wire, memory);
    for (let round = 0; round < rounds && performance.now() < end; round++) rehearsal.playRound(round);
  }
  memory.unmap();
}

function madeUpFrames({ ports }: ParsingOptions): Uint8Array[] {
  return PAYLOADS.map((payload, number) => frame(payload, number, portOf(ports)));
}

function portOf(ports: ParsingOptions['ports']): number {
  return ports?.[0].first ?? DEFAULT_PORT;
}

/** The run's stages from an interface to a line block, in one thread. */
class Rehearsal {
  private readonly source: LiveSource;
  private readonly producer: BatchProducer;
  private readonly consumer: BatchConsumer;
  private readonly parsing: Parsing;

  constructor(options: ParsingOptions, makeOutput: OutputMaker, private readonly wire: MadeUpInterface, memory: OwnMemory) {
    const ring = allocateBatchRing(2, BYTES_NOT_USED, ROUND_FRAMES);
    const links = allocateLinkTable();
    const blocks = [0, 1].map(() => new LineBlock(allocateLineBlock(regionCount(options.split), REGION_BYTES, options.merging)));
    const output = makeOutput(blocks, (block) => blocks[block].setFree());
    this.source = new LiveSource(0, '', new LinkRegistry(links), new SourceBoard(allocateSourceBoard()));
    this.source.attach(wire, 0, true);
    this.producer = new BatchProducer(ring);
    this.consumer = new BatchConsumer(ring, () => memory.bytes);
    this.parsing = new Parsing({
      ...options,
      shared: { ...options.shared, ring, links, local: allocateLocalTable() },
      owners: options.owners && warmOwners(ADDRESSES, portOf(options.ports), [FIRST_CLIENT_PORT, PAYLOADS.length]),
    }, this.consumer, output);
  }

  playRound(round: number): void {
    const { wire, source, producer, consumer } = this;
    wire.receive(1_700_000_000 + round);
    producer.acquire(0);
    source.fill(producer);
    producer.publish(0, source.nextFrame, source.newestSeconds, source.newestNanoseconds);
    while (consumer.claim(0) === CLAIM.TAKEN) this.parsing.parseClaimed();
    source.reclaim(producer);
  }
}

function ordinaryMemory(bytes: number): OwnMemory {
  return { address: Number.MAX_SAFE_INTEGER, bytes: new Uint8Array(new SharedArrayBuffer(bytes)), unmap: () => undefined };
}

/** Ethernet, IPv4, TCP from or to the service port. */
function frame(payload: string, number: number, port: number): Uint8Array {
  const body = new TextEncoder().encode(payload);
  const length = 40 + body.length;
  const ports = [FIRST_CLIENT_PORT >> 8, number, port >> 8, port & 0xff];
  return Uint8Array.of(
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,
    0x45, 0, length >> 8, length & 0xff, 0, 0, 0, 0, 64, 6, 0, 0, ...ADDRESSES,
    ...(payload.startsWith('HTTP/') ? [...ports.slice(2), ...ports.slice(0, 2)] : ports),
    0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 255, 255, 0, 0, 0, 0,
    ...body,
  );
}
