// The walk through all layers, at every truncation length and on noise.

import assert from 'node:assert/strict';
import { LINK_TYPES } from '../../src/wire/layers.js';
import { withFamily, withTags, withTrailer, join } from '../support/frames/link_layer.js';
import { decoded, ethernetFrame, extension, fragmentHeader, ipv4Packet, ipv6Packet, snapFrame, tcpSegment, word } from '../support/packets.js';
import { SeededRandom } from '../support/random.js';

const PAYLOAD = 'GET / HTTP/1.1\r\n\r\n';
const TCP = tcpSegment(PAYLOAD, { dataOffset: 8 });
const IPV4 = ipv4Packet(TCP, { headerWords: 7 });
const IPV6 = ipv6Packet(TCP);
const CHAIN = ipv6Packet(join(extension(43), extension(44, 2), fragmentHeader(60, 0, true), extension(6), TCP), { nextHeader: 0 });
const SLL = Uint8Array.of(0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, ...word(0x0800));
const SLL2 = Uint8Array.of(...word(0x86dd), 0, 0, 0, 0, 0, 3, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0);
const LABELS = Uint8Array.of(0, 0x10, 0, 64, 0, 0x20, 1, 64);
const PSEUDOWIRE = join(LABELS, Uint8Array.of(0, 0, 0, 0), ethernetFrame(0x0800, IPV4));
const PPPOE = join(Uint8Array.of(0x11, 0, 0, 1, ...word(IPV4.length + 2), 0x00, 0x21), IPV4);
const SNAP = Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, ...word(0x0800));
const WIFI = join(Uint8Array.of(0x88, 1, 0, 0), new Uint8Array(20), Uint8Array.of(0, 0), SNAP, IPV4);
const RADIOTAP = Uint8Array.of(0, 0, 12, 0, 0x02, 0, 0, 0, 0, 0, 0, 0);
const TAGS = Array.from({ length: 18 }, (_, vlan) => ({ tpid: 0x8100, vlan }));

const stacks: readonly (readonly [name: string, linkType: number, frame: Uint8Array])[] = [
  ['Ethernet, IPv4', 1, ethernetFrame(0x0800, IPV4)],
  ['Ethernet, IPv6', 1, ethernetFrame(0x86dd, IPV6)],
  ['Ethernet, IPv6, extension headers', 1, ethernetFrame(0x86dd, CHAIN)],
  ['Ethernet, 18 tags, IPv4', 1, withTags(ethernetFrame(0x0800, IPV4), TAGS)!],
  ['802.3 and SNAP, IPv4', 1, snapFrame(0x0800, IPV4)],
  ['Ethernet, MPLS, IPv6', 1, ethernetFrame(0x8847, join(LABELS, IPV6))],
  ['Ethernet, MPLS pseudowire, Ethernet, IPv4', 1, ethernetFrame(0x8847, PSEUDOWIRE)],
  ['Ethernet, PPPoE, IPv4', 1, ethernetFrame(0x8864, PPPOE)],
  ['PPP, IPv4', 9, join(Uint8Array.of(0xff, 3, 0, 0x21), IPV4)],
  ['PPP, compressed, IPv6', 9, join(Uint8Array.of(0x57), IPV6)],
  ['Cisco HDLC, IPv4', 104, join(Uint8Array.of(0x0f, 0, 8, 0), IPV4)],
  ['802.11, IPv4', 105, WIFI],
  ['802.11 with radiotap, IPv4', 127, join(RADIOTAP, WIFI)],
  ['Linux cooked v1, IPv4', 113, join(SLL, IPV4)],
  ['Linux cooked v2, IPv6', 276, join(SLL2, IPV6)],
  ['BSD NULL, IPv4', 0, withFamily(ethernetFrame(0x0800, IPV4), false)!],
  ['BSD LOOP, IPv6', 108, withFamily(ethernetFrame(0x86dd, IPV6), true)!],
  ['raw IP, IPv4', 101, IPV4],
  ['raw IP, IPv6', 101, IPV6],
  ['raw IPv4', 228, IPV4],
  ['raw IPv6', 229, CHAIN],
];

describe('wire: decoding', () => {
  for (const [name, linkType, frame] of stacks) {
    describe(name, () => {
      const headerBytes = frame.length - PAYLOAD.length;

      it('whole', () => assert.equal(decoded(frame, linkType).tcp?.payload, PAYLOAD));

      it('cut by the snaplen at every length: cut short, or as much payload as was captured', () => {
        for (let length = 0; length < frame.length; length++) {
          const { outcome, tcp } = decoded(frame.subarray(0, length), linkType, frame.length - length);
          if (length < headerBytes) assert.equal(outcome, 'CUT_SHORT', `${length} bytes`);
          else assert.equal(tcp?.payload, PAYLOAD.slice(0, length - headerBytes), `${length} bytes`);
        }
      });

      it('shorter on the wire at every length: malformed', () => {
        for (let length = 0; length < headerBytes; length++) {
          assert.equal(decoded(frame.subarray(0, length), linkType).outcome, 'MALFORMED', `${length} bytes`);
        }
      });

      it('a trailer behind it changes nothing', () => {
        const trailed = withTrailer(frame, new Uint8Array(50).fill(0x47));
        assert.deepEqual(decoded(trailed, linkType), decoded(frame, linkType));
      });

      it('with any byte changed gives an outcome and reads nothing outside', () => {
        const random = new SeededRandom(linkType + frame.length);
        for (let at = 0; at < headerBytes; at++) {
          const bent = frame.slice();
          bent[at] = random.below(256);
          assert.ok(!decoded(bent, linkType).outcome.startsWith('unknown'), `byte ${at} is ${bent[at]}`);
        }
      });
    });
  }

  it('random frames of every link type give an outcome and read nothing outside', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 1500; round++) {
      const noise = Uint8Array.from({ length: random.below(90) }, () => random.below(4) === 0 ? random.below(256) : [0x45, 0, 6, 8][random.below(4)]);
      const linkType = LINK_TYPES[random.below(LINK_TYPES.length)];
      assert.ok(!decoded(noise, linkType, random.below(2)).outcome.startsWith('unknown'));
    }
  });
});
