import assert from 'node:assert/strict';
import { followTunnels } from '../../src/wire/layers.js';
import { PROTOCOL, udpDatagram, vxlanPacket } from '../support/frames/tunnels.js';
import { decoded } from '../support/packets.js';
import { INNER_FRAME, PAYLOAD, over4 } from '../support/tunnel_stacks.js';

const VXLAN = vxlanPacket(1, INNER_FRAME);
const datagram = (length?: number, port = 4789, sourcePort = 50000): Uint8Array => (
  over4(PROTOCOL.UDP, udpDatagram(port, VXLAN, { sourcePort, ...(length === undefined ? {} : { length }) })));

describe('wire: UDP as a carrier', () => {
  before(() => followTunnels(['vxlan', 'gtpu']));
  after(() => followTunnels([]));

  it('its length bounds what it carries, also when it cuts headers off', () => {
    assert.equal(decoded(datagram(8 + VXLAN.length)).tcp?.payload, PAYLOAD);
    assert.equal(decoded(datagram(8 + VXLAN.length - 3)).tcp?.payload, PAYLOAD.slice(0, -3));
    assert.equal(decoded(datagram(20)).outcome, 'MALFORMED');
    assert.equal(decoded(datagram(8)).outcome, 'MALFORMED');
  });

  it('length 0 is what segmentation offload leaves: what was captured counts', () => {
    assert.equal(decoded(datagram(0)).tcp?.payload, PAYLOAD);
    assert.equal(decoded(datagram(0xffff)).tcp?.payload, PAYLOAD);
  });

  it('a length below its own header is malformed', () => {
    for (const length of [1, 7]) assert.equal(decoded(datagram(length)).outcome, 'MALFORMED');
  });

  it('other ports are not TCP; VXLAN answers to its port, not from it', () => {
    assert.equal(decoded(datagram(undefined, 4790)).outcome, 'NOT_TCP');
    assert.equal(decoded(datagram(undefined, 40000, 4789)).outcome, 'NOT_TCP');
    assert.equal(decoded(datagram(undefined, 6081)).outcome, 'NOT_TCP', 'a tunnel that was not asked for');
  });

  it('the destination port goes before the source port', () => {
    assert.deepEqual(decoded(datagram(undefined, 4789, 2152)).encap, ['vxlan:1']);
  });
});
