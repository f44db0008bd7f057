import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { decoded, ipv4Packet, ipv6Packet, payloadOf, tcpSegment } from '../support/packets.js';

const CISCO_HDLC = 104;
const HELLO = tcpSegment('hello');

describe('wire: Cisco HDLC', () => {
  it('carries IPv4 and IPv6', () => {
    assert.equal(payloadOf(join(Uint8Array.of(0x0f, 0, 0x08, 0x00), ipv4Packet(HELLO)), CISCO_HDLC), 'hello');
    assert.equal(payloadOf(join(Uint8Array.of(0x8f, 0, 0x86, 0xdd), ipv6Packet(HELLO)), CISCO_HDLC), 'hello');
  });

  it('keepalives and others are not IP', () => {
    for (const type of [0x80, 0x20]) {
      assert.equal(decoded(join(Uint8Array.of(0x8f, 0, type, 0x35), new Uint8Array(20)), CISCO_HDLC).outcome, 'NOT_IP');
    }
  });
});
