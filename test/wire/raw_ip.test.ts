import assert from 'node:assert/strict';
import { decoded, ipv4Packet, ipv6Packet, payloadOf, tcpSegment } from '../support/packets.js';

const HELLO = tcpSegment('hello');

describe('wire: raw IP', () => {
  for (const linkType of [101, 12, 14]) {
    it(`link type ${linkType} tells the version by its nibble`, () => {
      assert.equal(payloadOf(ipv4Packet(HELLO), linkType), 'hello');
      assert.equal(payloadOf(ipv6Packet(HELLO), linkType), 'hello');
      for (const version of [0, 1, 5, 7, 15]) {
        assert.equal(decoded(ipv4Packet(HELLO, { version }), linkType).outcome, 'NOT_IP', `version ${version}`);
      }
    });

    it(`link type ${linkType}: an empty frame is malformed, or cut short`, () => {
      assert.equal(decoded(new Uint8Array(0), linkType).outcome, 'MALFORMED');
      assert.equal(decoded(new Uint8Array(0), linkType, 40).outcome, 'CUT_SHORT');
    });
  }

  it('link type 228 is IPv4 only, 229 IPv6 only', () => {
    assert.equal(payloadOf(ipv4Packet(HELLO), 228), 'hello');
    assert.equal(payloadOf(ipv6Packet(HELLO), 229), 'hello');
    assert.equal(decoded(ipv6Packet(HELLO), 228).outcome, 'MALFORMED');
    assert.equal(decoded(ipv4Packet(HELLO), 229).outcome, 'MALFORMED');
  });
});
