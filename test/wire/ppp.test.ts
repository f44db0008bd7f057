import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { decoded, ethernetFrame, ipv4Packet, ipv6Packet, payloadOf, tcpSegment, word } from '../support/packets.js';

const HELLO = tcpSegment('hello');
const IPV4 = ipv4Packet(HELLO);
const IPV6 = ipv6Packet(HELLO);
const behind = (header: readonly number[], packet: Uint8Array): Uint8Array => join(Uint8Array.from(header), packet);

describe('wire: PPP', () => {
  for (const linkType of [9, 50]) {
    it(`link type ${linkType} carries IP, with address and control or without, the protocol compressed or not`, () => {
      for (const framing of [[], [0xff, 3]]) {
        for (const zero of [[], [0]]) {
          assert.equal(payloadOf(behind([...framing, ...zero, 0x21], IPV4), linkType), 'hello');
          assert.equal(payloadOf(behind([...framing, ...zero, 0x57], IPV6), linkType), 'hello');
        }
      }
    });

    it(`link type ${linkType} carries MPLS`, () => {
      for (const protocol of [0x0281, 0x0283]) {
        assert.equal(payloadOf(behind([0xff, 3, ...word(protocol), 0, 0, 1, 64], IPV4), linkType), 'hello');
      }
    });

    it(`link type ${linkType} may hold Cisco's framing`, () => {
      for (const address of [0x0f, 0x8f]) assert.equal(payloadOf(behind([address, 0, 8, 0], IPV4), linkType), 'hello');
    });

    it(`link type ${linkType}: anything else is not IP`, () => {
      for (const protocol of [0xc021, 0x8021, 0x002d, 0x0000, 0x2200]) {
        assert.equal(decoded(behind([0xff, 3, ...word(protocol)], IPV4), linkType).outcome, 'NOT_IP');
      }
    });
  }
});

describe('wire: PPPoE', () => {
  const session = (payload: Uint8Array, { code = 0, length = payload.length } = {}): Uint8Array => (
    ethernetFrame(0x8864, behind([0x11, code, 0, 1, ...word(length)], payload)));

  it('carries IPv4 and IPv6', () => {
    assert.equal(payloadOf(session(behind([0, 0x21], IPV4))), 'hello');
    assert.equal(payloadOf(session(behind([0, 0x57], IPV6))), 'hello');
  });

  it('its length bounds the packet, whatever IP says', () => {
    const payload = behind([0, 0x21], IPV4);
    assert.equal(payloadOf(session(payload, { length: payload.length - 2 })), 'hel');
    assert.equal(payloadOf(session(payload, { length: payload.length + 50 })), 'hello');
    for (const length of [0, 1, 10, 21]) assert.equal(decoded(session(payload, { length })).outcome, 'MALFORMED', `${length}`);
  });

  it('discovery and other protocols are not IP', () => {
    assert.equal(decoded(session(behind([0, 0x21], IPV4), { code: 9 })).outcome, 'NOT_IP');
    assert.equal(decoded(session(behind([0xc0, 0x21], IPV4))).outcome, 'NOT_IP');
  });
});
