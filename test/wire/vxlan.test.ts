import assert from 'node:assert/strict';
import { followTunnels } from '../../src/wire/layers.js';
import { ETHERTYPE, PROTOCOL, genevePacket, udpDatagram, vxlanPacket } from '../support/frames/tunnels.js';
import { type Decoded, decoded } from '../support/packets.js';
import { INNER4, INNER6, INNER_FRAME, PAYLOAD, over4 } from '../support/tunnel_stacks.js';

const inUdp = (port: number, body: Uint8Array): Decoded => decoded(over4(PROTOCOL.UDP, udpDatagram(port, body)));

describe('wire: VXLAN', () => {
  before(() => followTunnels(['vxlan']));
  after(() => followTunnels([]));

  it('names the network, on both ports', () => {
    for (const port of [4789, 8472]) {
      for (const network of [0, 1, 0x010203, 0xffffff]) {
        const { encap, tcp } = inUdp(port, vxlanPacket(network, INNER_FRAME));
        assert.deepEqual([encap, tcp?.payload], [[`vxlan:${network}`], PAYLOAD]);
      }
    }
  });

  it('without the flag of a valid network it is something else', () => {
    assert.equal(inUdp(4789, vxlanPacket(1, INNER_FRAME, 0)).outcome, 'NOT_TCP');
    assert.equal(inUdp(4789, vxlanPacket(1, INNER_FRAME, 0xf7)).outcome, 'NOT_TCP');
    assert.equal(inUdp(4789, vxlanPacket(1, INNER_FRAME, 0xff)).outcome, 'TCP', 'bits of extensions');
  });
});

describe('wire: Geneve', () => {
  before(() => followTunnels(['geneve']));
  after(() => followTunnels([]));

  it('passes over options of every length', () => {
    for (const length of [0, 4, 8, 128, 252]) {
      const packet = genevePacket(0xfffffe, ETHERTYPE.TEB, INNER_FRAME, new Uint8Array(length).fill(0x45));
      const { encap, tcp } = inUdp(6081, packet);
      assert.deepEqual([encap, tcp?.payload], [['geneve:16777214'], PAYLOAD]);
    }
  });

  it('carries Ethernet and IP, and says so when it is neither', () => {
    assert.equal(inUdp(6081, genevePacket(1, ETHERTYPE.IPV4, INNER4)).tcp?.payload, PAYLOAD);
    assert.equal(inUdp(6081, genevePacket(1, ETHERTYPE.IPV6, INNER6)).tcp?.payload, PAYLOAD);
    assert.equal(inUdp(6081, genevePacket(1, 0x0806, INNER4)).outcome, 'NOT_IP');
  });

  it('other versions are not TCP', () => {
    const packet = genevePacket(1, ETHERTYPE.IPV4, INNER4);
    packet[0] |= 0x40;
    assert.equal(inUdp(6081, packet).outcome, 'NOT_TCP');
  });
});
