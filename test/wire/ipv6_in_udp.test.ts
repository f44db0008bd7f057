import assert from 'node:assert/strict';
import { followTunnels } from '../../src/wire/layers.js';
import { PROTOCOL, type AyiyaForm, ayiyaPacket, teredoPacket, udpDatagram } from '../support/frames/tunnels.js';
import { type Decoded, decoded, tcpSegment } from '../support/packets.js';
import { INNER4, INNER6, PAYLOAD, over4 } from '../support/tunnel_stacks.js';

const inUdp = (port: number, body: Uint8Array): Decoded => decoded(over4(PROTOCOL.UDP, udpDatagram(port, body)));

describe('wire: Teredo', () => {
  before(() => followTunnels(['teredo']));
  after(() => followTunnels([]));
  const bytes = (length: number): number[] => new Array<number>(length).fill(0x60);

  it('passes over authentication of every length and origin', () => {
    for (const [client, value] of [[0, 0], [255, 0], [0, 255], [255, 255], [3, 20]]) {
      for (const origin of [false, true]) {
        assert.equal(inUdp(3544, teredoPacket(INNER6, { authentication: [bytes(client), bytes(value)], origin })).tcp?.payload, PAYLOAD);
      }
    }
    assert.equal(inUdp(3544, teredoPacket(INNER6, { origin: true })).tcp?.payload, PAYLOAD);
  });

  it('what does not begin with IPv6 is not TCP', () => {
    assert.equal(inUdp(3544, INNER4).outcome, 'NOT_TCP');
    assert.equal(inUdp(3544, Uint8Array.of(0, 2, 1, 1, 1, 1)).outcome, 'NOT_TCP');
  });

  it('authentication that reaches to the end or beyond is malformed', () => {
    assert.equal(inUdp(3544, Uint8Array.of(0, 1, 255, 255, ...bytes(20))).outcome, 'MALFORMED');
    assert.equal(inUdp(3544, teredoPacket(new Uint8Array(0), { authentication: [[], []] })).outcome, 'MALFORMED');
    assert.equal(inUdp(3544, teredoPacket(new Uint8Array(0), { origin: true })).outcome, 'MALFORMED');
  });
});

describe('wire: AYIYA', () => {
  before(() => followTunnels(['ayiya']));
  after(() => followTunnels([]));
  const ayiya = (form: AyiyaForm, packet = INNER6): Decoded => inUdp(5072, ayiyaPacket(packet, form));

  it('passes over identity and signature of every length', () => {
    for (const [identityPower, signatureWords] of [[0, 0], [4, 5], [7, 15]]) {
      assert.equal(ayiya({ identityPower, signatureWords }).tcp?.payload, PAYLOAD);
    }
    assert.equal(ayiya({ identityPower: 15 }).tcp?.payload, PAYLOAD, 'an identity of 32 KiB');
  });

  it('carries IPv6, IPv4, or TCP between the outer addresses', () => {
    assert.equal(ayiya({ nextHeader: PROTOCOL.IPV4 }, INNER4).tcp?.payload, PAYLOAD);
    const { encap, tcp } = ayiya({ nextHeader: PROTOCOL.TCP }, tcpSegment(PAYLOAD));
    assert.deepEqual([encap, tcp?.source, tcp?.payload], [['ayiya'], [203, 0, 113, 1], PAYLOAD]);
    assert.equal(ayiya({ nextHeader: 59 }).outcome, 'NOT_TCP');
  });

  it('only what is forwarded is looked into', () => {
    for (const operation of [0, 2, 4, 7]) assert.equal(ayiya({ operation }).outcome, 'NOT_TCP');
  });
});
