import assert from 'node:assert/strict';
import type { Network } from '../../src/config/settings.js';
import { COUNTER, SKIP_REASONS } from '../../src/record/counters.js';
import { JsonFormat } from '../../src/record/json.js';
import {
  CLIENT4, SERVER4, ethernetFrame, fragmentHeader, ipv4Packet, ipv6Packet, tcpSegment,
} from '../support/packets.js';
import { join, withTags } from '../support/frames/link_layer.js';
import { ParserRig, type RigForm } from '../support/parser_rig.js';
import { SeededRandom } from '../support/random.js';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
/** What fills an Ethernet frame up to its shortest length. */
const PADDING = new Uint8Array(6).fill(0x47);
const OK = 'HTTP/1.1 204 No\r\n\r\n';

/** An Ethernet frame of the observed client to the server, or with `back` of the server to the client. */
function frameOf(payload: string | Uint8Array, { back = false, ports = [50905, 80] } = {}): Uint8Array {
  const [sourcePort, destinationPort] = back ? [...ports].reverse() : ports;
  return ethernetFrame(0x0800, ipv4Packet(tcpSegment(payload, { sourcePort, destinationPort }), {
    source: back ? SERVER4 : CLIENT4, destination: back ? CLIENT4 : SERVER4,
  }));
}

/** What a batch of one frame is counted as. */
function countedOf(frame: Uint8Array, form: RigForm = {}, wireLength = frame.length): Record<string, number> {
  const rig = new ParserRig(form).frame(frame, { wireLength });
  assert.equal(rig.parse(), true);
  return rig.counted;
}

const host = (address: readonly number[]): Network => ({ bytes: Uint8Array.from(address), prefix: 32 });

describe('pipeline: parsing a batch', () => {
  it('a batch without frames has a head and no lines', () => {
    const rig = new ParserRig();
    assert.equal(rig.parse(), true);
    assert.deepEqual([rig.lines, rig.counted, rig.blocks.length], [[], {}, 1]);
  });

  it('makes a line of a request and of its response', () => {
    const rig = new ParserRig().frame(frameOf(GET)).frame(frameOf(OK, { back: true }), { nanoseconds: 5_000_000 });
    rig.parse();
    assert.deepEqual(rig.lines, [
      '2019-09-01 14:16:51.000 10.0.0.1#50905 192.0.2.80#80 CQ GET / HTTP/1.1 a -',
      '2019-09-01 14:16:51.005 192.0.2.80#80 10.0.0.1#50905 CR HTTP/1.1 204 No - -',
    ]);
    const lineBytes = rig.lines.reduce((sum, line) => sum + line.length + 1, 0);
    assert.deepEqual(rig.counted, { PARSED: 2, FRAMES: 2, RECORDS: 2, LINE_BYTES: lineBytes });
  });

  describe('counts a frame once', () => {
    const udp = ethernetFrame(0x0800, ipv4Packet(tcpSegment(GET), { protocol: 17 }));
    const later = ethernetFrame(0x0800, ipv4Packet(tcpSegment(GET), { flagsAndOffset: 5 }));
    const rows: readonly (readonly [name: string, frame: Uint8Array, cutBytes?: number])[] = [
      ['NOT_IP', ethernetFrame(0x0806, new Uint8Array(28))],
      ['NOT_TCP', udp],
      ['FRAGMENT', later],
      ['CUT_SHORT', frameOf(GET).subarray(0, 40), 60],
      ['MALFORMED', frameOf(GET).subarray(0, 40)],
      ['MALFORMED', new Uint8Array(0)],
    ];
    for (const [name, frame, cutBytes = 0] of rows) {
      it(`as ${name}, ${frame.length} bytes`, () => {
        assert.deepEqual(countedOf(frame, {}, frame.length + cutBytes), { FRAMES: 1, [name]: 1 });
      });
    }

    it('as parsed: without payload, no message, TLS, HTTP/2', () => {
      assert.deepEqual(countedOf(frameOf('')), { FRAMES: 1, PARSED: 1, EMPTY: 1 });
      assert.deepEqual(countedOf(join(frameOf(''), PADDING)), { FRAMES: 1, PARSED: 1, EMPTY: 1 });
      assert.deepEqual(countedOf(frameOf('hello')), { FRAMES: 1, PARSED: 1, NO_MESSAGE: 1 });
      assert.deepEqual(countedOf(frameOf('\x16\x03\x01\x02\x00\x01\x00')), { FRAMES: 1, PARSED: 1, NO_MESSAGE: 1, TLS: 1 });
      assert.deepEqual(countedOf(frameOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')), { FRAMES: 1, PARSED: 1, NO_MESSAGE: 1, HTTP2: 1 });
    });

    it('as records: truncated, malformed', () => {
      const marks = ({ TRUNCATED = 0, MALFORMED_MESSAGE = 0, RECORDS }: Record<string, number>): number[] => [RECORDS, TRUNCATED, MALFORMED_MESSAGE];
      assert.deepEqual(marks(countedOf(frameOf(GET))), [1, 0, 0]);
      assert.deepEqual(marks(countedOf(frameOf('GET /cut'))), [1, 1, 0]);
      assert.deepEqual(marks(countedOf(frameOf('GET  / HTTP/1.1\r\n\r\n'))), [1, 0, 1]);
      assert.deepEqual(marks(countedOf(frameOf(`${GET}GET  / HTTP/1.1\r\n`))), [2, 1, 1]);
      assert.deepEqual(marks(countedOf(ethernetFrame(0x0800, ipv4Packet(tcpSegment(GET), { flagsAndOffset: 0x2000 })))), [1, 1, 0]);
      const first = ipv6Packet(join(fragmentHeader(6, 0, true), tcpSegment(GET)), { nextHeader: 44 });
      assert.deepEqual(marks(countedOf(ethernetFrame(0x86dd, first))), [1, 1, 0]);
    });

    it('of a link type that is not understood, or an interface that is not described', () => {
      const rig = new ParserRig({ filter: () => () => false });
      rig.frame(frameOf(GET), { linkType: 147 }).frame(frameOf(GET), { unknownLink: true }).parse();
      assert.deepEqual(rig.counted, { FRAMES: 2, LINK_TYPE: 2 });
    });

    it('whatever is in it: the frames are the parsed and the skipped', () => {
      const random = new SeededRandom(2);
      const rig = new ParserRig({ ports: [80], limit: 150 });
      for (let round = 0; round < 600; round++) {
        const frame = random.below(2) ? frameOf(GET) : frameOf(OK, { back: true });
        for (let bend = random.below(4); bend > 0; bend--) frame[12 + random.below(44)] = random.below(256);
        rig.frame(frame.subarray(0, random.below(3) ? frame.length : random.below(frame.length)), { wireLength: frame.length });
      }
      rig.parse();
      const counters = rig.blocks.at(-1)!.counters;
      const skipped = SKIP_REASONS.reduce((sum, [counter]) => sum + counters[counter], 0);
      assert.equal(counters[COUNTER.FRAMES], 600);
      assert.equal(counters[COUNTER.PARSED] + skipped, 600);
      assert.equal(counters[COUNTER.PARSED], 150);
      assert.ok(counters[COUNTER.BEHIND_LIMIT] > 0 && counters[COUNTER.MALFORMED] > 0 && counters[COUNTER.CUT_SHORT] > 0);
      const records = counters.subarray(COUNTER.RECORDS, COUNTER.RECORDS + 4).reduce((a, b) => a + b);
      assert.equal(rig.lines.length, records);
    });
  });

  describe('ports', () => {
    it('either end may be the service port', () => {
      assert.equal(countedOf(frameOf(GET, { ports: [50905, 8080] }), { ports: [80, 8080] })['PARSED'], 1);
      assert.equal(countedOf(frameOf(GET, { ports: [8080, 50905] }), { ports: [80, 8080] })['PARSED'], 1);
      assert.deepEqual(countedOf(frameOf(GET, { ports: [50905, 81] }), { ports: [80, 8080] }), { FRAMES: 1, OTHER_PORT: 1 });
      assert.equal(countedOf(frameOf(GET, { ports: [0, 65535] }), { ports: [0] })['PARSED'], 1);
    });

    it('without a list every port is one', () => assert.equal(countedOf(frameOf(GET, { ports: [1, 2] }))['RECORDS'], 1));
  });

  describe('kinds', () => {
    const kinds = (local: readonly Network[]): string[] => {
      const rig = new ParserRig({ local });
      rig.frame(frameOf(GET)).frame(frameOf(OK, { back: true })).parse();
      return rig.lines.map((line) => line.split(' ')[4]);
    };

    it('follow the local addresses', () => {
      assert.deepEqual(kinds([]), ['CQ', 'CR']);
      assert.deepEqual(kinds([host(SERVER4)]), ['CQ', 'CR']);
      assert.deepEqual(kinds([host(CLIENT4)]), ['SQ', 'SR']);
      assert.deepEqual(kinds([host(CLIENT4), host(SERVER4)]), ['CQ', 'CR']);
    });

    it('stand in a file each when split', () => {
      const rig = new ParserRig({ split: true, local: [host(CLIENT4)] });
      rig.frame(frameOf(OK, { back: true })).frame(frameOf(GET)).frame(frameOf(GET, { back: true })).frame(frameOf(OK)).parse();
      assert.deepEqual(rig.blocks[0].segments.map(({ region, lines }) => [region, lines]), [[3, 1], [2, 1], [0, 1], [1, 1]]);
    });
  });

  describe('pipelined messages', () => {
    it('are records of the same frame, in order', () => {
      const rig = new ParserRig({ format: new JsonFormat() });
      rig.frame(frameOf('x')).frame(frameOf(`${GET}POST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nab${GET}`)).parse(1001);
      const records = rig.lines.map((line) => JSON.parse(line) as { frame: number; method: string });
      assert.deepEqual(records.map(({ frame, method }) => [frame, method]), [[1002, 'GET'], [1002, 'POST'], [1002, 'GET']]);
    });

    it('end where nothing that is a message follows', () => {
      assert.equal(countedOf(frameOf(`${GET}noise`))['RECORDS'], 1);
      assert.equal(countedOf(frameOf(`${GET}noise`))['NO_MESSAGE'], undefined);
      assert.equal(countedOf(frameOf(`${GET}GET /cu`))['RECORDS'], 2);
    });

    it('only of this packet: padding is none', () => {
      const padded = join(frameOf(GET), Uint8Array.from(GET, (character) => character.charCodeAt(0)));
      assert.equal(countedOf(padded)['RECORDS'], 1);
    });
  });

  it('nothing of the next frame is seen in a frame', () => {
    const cut = frameOf('GET /secret HTTP/1.1\r\nHost: exa');
    const rig = new ParserRig().frame(cut).frame(Uint8Array.from('mple.com\r\n\r\n', (character) => character.charCodeAt(0)));
    rig.parse();
    assert.deepEqual(rig.lines.map((line) => line.split(' ').slice(8)), [['exa', '-']]);
  });

  it('days: a segment each, by the time of the record', () => {
    const midnight = 1567382400;
    const rig = new ParserRig();
    for (const seconds of [midnight - 1, midnight, midnight - 1]) rig.frame(frameOf(GET), { seconds });
    rig.parse();
    assert.deepEqual(rig.blocks[0].segments.map(({ day }) => day), [18140, 18141, 18140]);
    assert.deepEqual(rig.lines.map((line) => line.slice(0, 19)), ['2019-09-01 23:59:59', '2019-09-02 00:00:00', '2019-09-01 23:59:59']);
  });

  it('times beyond 32 bits', () => {
    const rig = new ParserRig().frame(frameOf(GET), { seconds: 253402300799, nanoseconds: 999_999_999 });
    rig.parse();
    assert.equal(rig.lines[0].slice(0, 23), '9999-12-31 23:59:59.999');
  });

  it('interfaces may change from frame to frame', () => {
    const rig = new ParserRig({ format: new JsonFormat() });
    const raw = frameOf(GET).slice(14);
    rig.frame(frameOf(GET), { interfaceName: 'eth0' }).frame(raw, { linkType: 101, interfaceName: 'tun0' })
      .frame(withTags(frameOf(GET), [{ tpid: 0x8100, vlan: 7 }])!, { interfaceName: 'eth0' }).parse();
    const records = rig.lines.map((line) => JSON.parse(line) as { iface: string; vlan?: number[] });
    assert.deepEqual(records.map(({ iface, vlan }) => [iface, vlan]), [['eth0', undefined], ['tun0', undefined], ['eth0', [7]]]);
  });

  describe('the filter of replay', () => {
    it('sees each frame whole, before anything else, and by its link type', () => {
      const seen: number[][] = [];
      const rig = new ParserRig({
        filter: (linkType) => (linkType === 101 ? undefined : (bytes, offset, length, wireLength) => {
          seen.push([bytes[offset + 12], length, wireLength]);
          return length > 20;
        }),
      });
      rig.frame(frameOf(GET), { wireLength: 2000 }).frame(new Uint8Array(14)).frame(frameOf(GET).slice(14), { linkType: 101 }).parse();
      assert.deepEqual(seen, [[8, frameOf(GET).length, 2000], [0, 14, 14]]);
      assert.deepEqual([rig.counted['FILTERED'], rig.counted['RECORDS']], [1, 2]);
    });

    it('does not change the ordinals of the frames behind it', () => {
      const rig = new ParserRig({ format: new JsonFormat(), filter: () => (_, __, length) => length > 20 });
      rig.frame(new Uint8Array(14)).frame(frameOf(GET)).frame(new Uint8Array(14)).frame(frameOf(GET)).parse(11);
      assert.deepEqual(rig.lines.map((line) => (JSON.parse(line) as { frame: number }).frame), [12, 14]);
    });
  });

  describe('a limit', () => {
    it('counts the parsed over all batches and passes over the rest', () => {
      const rig = new ParserRig({ limit: 3, ports: [80] });
      rig.frame(frameOf(GET)).frame(frameOf(GET, { ports: [1, 2] })).frame(frameOf('')).parse();
      assert.deepEqual([rig.counted['PARSED'], rig.counted['OTHER_PORT'], rig.counted['BEHIND_LIMIT']], [2, 1, undefined]);
      rig.frame(frameOf(GET)).frame(frameOf(GET)).frame(frameOf(GET)).parse();
      assert.deepEqual([rig.counted['PARSED'], rig.counted['BEHIND_LIMIT'], rig.counted['FRAMES']], [1, 2, 3]);
      assert.equal(rig.lines.length, 2);
    });

    it('of 0 parses nothing', () => assert.deepEqual(countedOf(frameOf(GET), { limit: 0 }), { FRAMES: 1, BEHIND_LIMIT: 1 }));
  });

  describe('frames larger than any packet (segmentation offload)', () => {
    const superFrame = (payload: string): Uint8Array => ipv4Packet(tcpSegment(payload), { totalLength: 0 });

    it('are read to a bound, and what is behind it is truncated', () => {
      const rig = new ParserRig();
      rig.frame(superFrame(`GET /${'\xff'.repeat(700_000)}`), { linkType: 101 }).parse();
      assert.deepEqual([rig.counted['RECORDS'], rig.counted['TRUNCATED']], [1, 1]);
      assert.ok(rig.lines[0].length < 2 << 20);
      assert.equal(rig.blocks.length, 1, 'the bound of the line fits a region');
    });

    it('with a small message and a large body make its record whole', () => {
      const rig = new ParserRig();
      rig.frame(superFrame(`POST / HTTP/1.1\r\nContent-Length: 400000\r\n\r\n${'x'.repeat(400_000)}`), { linkType: 101 }).parse();
      assert.deepEqual([rig.counted['RECORDS'], rig.counted['TRUNCATED']], [1, undefined]);
    });
  });

  it('answers false when the run was abandoned while the writer kept every block', () => {
    const rig = new ParserRig();
    rig.writing = false;
    assert.deepEqual([rig.frame(frameOf(GET)).parse(), rig.frame(frameOf(GET)).parse()], [true, true]);
    rig.abandoned = true;
    assert.equal(rig.frame(frameOf(GET)).parse(), false);
    assert.equal(rig.lines.length, 2);
  });
});
