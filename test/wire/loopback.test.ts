import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { decoded, ipv4Packet, ipv6Packet, payloadOf, tcpSegment } from '../support/packets.js';

const IPV4 = ipv4Packet(tcpSegment('hello'));
const IPV6 = ipv6Packet(tcpSegment('hello'));

function withFamily(family: number, bigEndian: boolean, packet: Uint8Array): Uint8Array {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, family, !bigEndian);
  return join(header, packet);
}

for (const [name, linkType] of [['NULL', 0], ['LOOP', 108]] as const) {
  describe(`wire: BSD ${name}`, () => {
    for (const bigEndian of [false, true]) {
      const order = bigEndian ? 'big-endian' : 'little-endian';

      it(`carries IPv4, ${order}`, () => assert.equal(payloadOf(withFamily(2, bigEndian, IPV4), linkType), 'hello'));

      it(`carries IPv6 under every system's number, ${order}`, () => {
        for (const family of [10, 24, 28, 30]) assert.equal(payloadOf(withFamily(family, bigEndian, IPV6), linkType), 'hello');
      });

      it(`no other family is IP, ${order}`, () => {
        for (const family of [0, 1, 3, 6, 7, 9, 11, 23, 29, 31, 255, 0x0202, 65535]) {
          assert.equal(decoded(withFamily(family, bigEndian, IPV4), linkType).outcome, 'NOT_IP', `family ${family}`);
        }
      });
    }

    it('a number of all four bytes is no family', () => {
      assert.equal(decoded(join(Uint8Array.of(2, 2, 2, 2), IPV4), linkType).outcome, 'NOT_IP');
    });
  });
}
