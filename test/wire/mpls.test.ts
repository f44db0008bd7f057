import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { decoded, ethernetFrame, ipv4Packet, ipv6Packet, payloadOf, tcpSegment } from '../support/packets.js';

const HELLO = tcpSegment('hello');
const IPV4 = ipv4Packet(HELLO);

/** A stack of labels, the last one marked as the bottom. */
function labelled(depth: number, packet: Uint8Array, etherType = 0x8847): Uint8Array {
  const labels = Array.from({ length: depth }, (_, i) => [i & 0xff, 0x10, i === depth - 1 ? 1 : 0, 64]).flat();
  return ethernetFrame(etherType, join(Uint8Array.from(labels), packet));
}

describe('wire: MPLS', () => {
  it('carries IP below labels of any depth, unicast and multicast', () => {
    for (const depth of [1, 2, 40]) {
      for (const etherType of [0x8847, 0x8848]) {
        assert.equal(payloadOf(labelled(depth, IPV4, etherType)), 'hello');
        assert.equal(payloadOf(labelled(depth, ipv6Packet(HELLO), etherType)), 'hello');
      }
    }
  });

  it('carries Ethernet behind a control word', () => {
    assert.equal(payloadOf(labelled(2, join(Uint8Array.of(0, 0, 0, 9), ethernetFrame(0x0800, IPV4)))), 'hello');
  });

  it('anything else is not IP', () => {
    for (const nibble of [1, 2, 3, 5, 7, 15]) assert.equal(decoded(labelled(1, Uint8Array.of(nibble << 4, 0, 0, 0))).outcome, 'NOT_IP');
  });

  it('a stack without bottom ends with the frame', () => {
    const frame = ethernetFrame(0x8847, new Uint8Array(400));
    assert.equal(decoded(frame).outcome, 'MALFORMED');
    assert.equal(decoded(frame, 1, 10).outcome, 'CUT_SHORT');
  });
});
