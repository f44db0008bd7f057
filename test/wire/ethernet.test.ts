import assert from 'node:assert/strict';
import { decoded, ethernetFrame, ipv4Packet, ipv6Packet, payloadOf, tcpSegment } from '../support/packets.js';

const HELLO = tcpSegment('hello');

describe('wire: Ethernet II', () => {
  it('carries IPv4 and IPv6', () => {
    assert.equal(payloadOf(ethernetFrame(0x0800, ipv4Packet(HELLO))), 'hello');
    assert.equal(payloadOf(ethernetFrame(0x86dd, ipv6Packet(HELLO))), 'hello');
  });

  it('anything else is not IP', () => {
    for (const type of [0x0806, 0x8035, 0x8863, 0x88cc, 0x86dc, 0xffff]) {
      assert.equal(decoded(ethernetFrame(type, ipv4Packet(HELLO))).outcome, 'NOT_IP', type.toString(16));
    }
  });

  it('believes the EtherType before the version nibble', () => {
    assert.equal(decoded(ethernetFrame(0x86dd, ipv4Packet(HELLO))).outcome, 'MALFORMED');
    assert.equal(decoded(ethernetFrame(0x0800, ipv6Packet(HELLO))).outcome, 'MALFORMED');
  });
});
