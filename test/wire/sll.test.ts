import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { decoded, ipv4Packet, ipv6Packet, payloadOf, tcpSegment, word } from '../support/packets.js';

const HELLO = tcpSegment('hello');
const SLL = 113;
const SLL2 = 276;
const ARPHRD_ETHER = 1;

/** Packet type, ARPHRD_, address length, address, protocol. */
function cooked(protocol: number, packet: Uint8Array, device = ARPHRD_ETHER): Uint8Array {
  return join(Uint8Array.of(0, 4, ...word(device), 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, ...word(protocol)), packet);
}

/** Protocol, reserved, interface index, ARPHRD_, packet type, address length, address. */
function cooked2(protocol: number, packet: Uint8Array, device = ARPHRD_ETHER): Uint8Array {
  return join(Uint8Array.of(...word(protocol), 0, 0, 0, 0, 0, 3, ...word(device), 4, 6, 2, 0, 0, 0, 0, 1, 0, 0), packet);
}

for (const [name, linkType, wrap] of [['v1', SLL, cooked], ['v2', SLL2, cooked2]] as const) {
  describe(`wire: Linux cooked ${name}`, () => {
    it('carries IPv4 and IPv6', () => {
      assert.equal(payloadOf(wrap(0x0800, ipv4Packet(HELLO)), linkType), 'hello');
      assert.equal(payloadOf(wrap(0x86dd, ipv6Packet(HELLO)), linkType), 'hello');
    });

    it('carries VLAN tags', () => {
      const tag = Uint8Array.of(...word(100), ...word(0x0800));
      const { vlans, tcp } = decoded(wrap(0x8100, join(tag, ipv4Packet(HELLO))), linkType);
      assert.deepEqual([vlans, tcp?.payload], [[100], 'hello']);
    });

    it('carries 802.2 frames', () => {
      const snap = Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, ...word(0x0800));
      assert.equal(payloadOf(wrap(4, join(snap, ipv4Packet(HELLO))), linkType), 'hello');
      assert.equal(decoded(wrap(4, ipv4Packet(HELLO)), linkType).outcome, 'NOT_IP');
    });

    it('GRE devices carry EtherTypes, too', () => {
      assert.equal(payloadOf(wrap(0x0800, ipv4Packet(HELLO), 778), linkType), 'hello');
    });

    it('of netlink and frame relay devices the protocol type is none', () => {
      const snap = Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, ...word(0x0800));
      for (const device of [770, 824]) {
        assert.equal(decoded(wrap(4, join(snap, ipv4Packet(HELLO)), device), linkType).outcome, 'NOT_IP');
        assert.equal(decoded(wrap(0x0800, ipv4Packet(HELLO), device), linkType).outcome, 'NOT_IP');
      }
    });

    it('802.11 devices in monitor mode give radiotap, whatever the protocol type', () => {
      const headers = join(
        Uint8Array.of(0, 0, 8, 0, 0, 0, 0, 0),
        Uint8Array.of(8, 0, ...new Uint8Array(22)),
        Uint8Array.of(0xaa, 0xaa, 3, 0, 0, 0, ...word(0x0800)),
      );
      for (const protocol of [0, 4, 0x0800]) {
        assert.equal(payloadOf(wrap(protocol, join(headers, ipv4Packet(HELLO)), 803), linkType), 'hello');
      }
    });

    it('anything else is not IP', () => {
      for (const protocol of [0, 1, 3, 5, 0x0806, 0xffff]) {
        assert.equal(decoded(wrap(protocol, ipv4Packet(HELLO)), linkType).outcome, 'NOT_IP');
      }
    });
  });
}
