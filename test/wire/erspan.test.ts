import assert from 'node:assert/strict';
import { followTunnels } from '../../src/wire/layers.js';
import { withTags } from '../support/frames/link_layer.js';
import { ETHERTYPE, PROTOCOL, erspan2, erspan3, grePacket } from '../support/frames/tunnels.js';
import { type Decoded, decoded, ipv4Packet } from '../support/packets.js';
import { INNER4, INNER6, INNER_FRAME, PAYLOAD, over4 } from '../support/tunnel_stacks.js';

const type2 = (body: Uint8Array): Decoded => decoded(over4(PROTOCOL.GRE, grePacket(ETHERTYPE.ERSPAN, body, { sequence: 1 })));
const type3 = (body: Uint8Array): Decoded => decoded(over4(PROTOCOL.GRE, grePacket(ETHERTYPE.ERSPAN_3, body, { sequence: 1 })));

describe('wire: ERSPAN', () => {
  before(() => followTunnels(['gre']));
  after(() => followTunnels([]));

  it('type II: ten bits are the session, the class of service above them is not', () => {
    assert.deepEqual(type2(erspan2(0x3ff, INNER_FRAME)).encap, ['gre', 'erspan:1023']);
    assert.deepEqual(type2(erspan2(0, INNER_FRAME)).encap, ['gre', 'erspan:0']);
  });

  it('the mirrored frame keeps its tags', () => {
    assert.deepEqual(type2(erspan2(1, withTags(INNER_FRAME, [{ tpid: 0x8100, vlan: 9 }])!)).vlans, [9]);
  });

  it('type III: with and without subheader, Ethernet and IP of both versions', () => {
    for (const subheader of [false, true]) {
      assert.equal(type3(erspan3(5, INNER_FRAME, { subheader })).tcp?.payload, PAYLOAD);
      assert.equal(type3(erspan3(5, INNER4, { subheader, frameType: 2 })).tcp?.payload, PAYLOAD);
      assert.equal(type3(erspan3(5, INNER6, { subheader, frameType: 2 })).tcp?.payload, PAYLOAD);
    }
  });

  it('counts as one of the wrappers that are followed', () => {
    let packet = ipv4Packet(grePacket(ETHERTYPE.ERSPAN, erspan2(1, INNER_FRAME), { sequence: 1 }), { protocol: PROTOCOL.GRE });
    for (let depth = 0; depth < 6; depth++) packet = ipv4Packet(grePacket(ETHERTYPE.IPV4, packet), { protocol: PROTOCOL.GRE });
    assert.equal(decoded(packet, 101).encap?.length, 8);
    packet = ipv4Packet(grePacket(ETHERTYPE.IPV4, packet), { protocol: PROTOCOL.GRE });
    assert.equal(decoded(packet, 101).outcome, 'NOT_TCP');
  });
});
