import assert from 'node:assert/strict';
import { followTunnels } from '../../src/wire/layers.js';
import { PROTOCOL, type GtpuForm, gtpuPacket, udpDatagram } from '../support/frames/tunnels.js';
import { type Decoded, decoded } from '../support/packets.js';
import { INNER4, INNER6, PAYLOAD, over4 } from '../support/tunnel_stacks.js';

const gtpu = (form: GtpuForm, packet = INNER4): Decoded => bytes(gtpuPacket(0x80000001, packet, form));
const bytes = (packet: Uint8Array): Decoded => decoded(over4(PROTOCOL.UDP, udpDatagram(2152, packet)));

describe('wire: GTP-U', () => {
  before(() => followTunnels(['gtpu']));
  after(() => followTunnels([]));

  it('names the tunnel by its endpoint identifier, all 32 bits', () => {
    assert.deepEqual(gtpu({}).encap, ['gtpu:2147483649']);
  });

  it('with sequence number and chains of extension headers, IPv4 and IPv6', () => {
    const chains = [[], [[0x85, [0, 9]]], [[0x85, [0, 9]], [0x40, [1, 2, 3, 4, 5, 6]], [0xc0, [0x45, 0x45]]]] as const;
    for (const extensions of chains) {
      for (const sequence of [undefined, 77]) {
        const form = { extensions, ...(sequence === undefined ? {} : { sequence }) };
        assert.equal(gtpu(form).tcp?.payload, PAYLOAD);
        assert.equal(gtpu(form, INNER6).tcp?.payload, PAYLOAD);
      }
    }
  });

  it('the type of a next extension counts only with its flag', () => {
    const packet = gtpuPacket(1, INNER4, { sequence: 1 });
    packet[11] = 0x85;
    assert.equal(bytes(packet).tcp?.payload, PAYLOAD);
    packet[0] |= 0x01; // N-PDU number
    assert.equal(bytes(packet).tcp?.payload, PAYLOAD);
  });

  it('an extension header of no length is malformed, one beyond the packet too', () => {
    const packet = gtpuPacket(1, INNER4, { extensions: [[0x85, [0, 9]]] });
    packet[12] = 0;
    assert.equal(bytes(packet).outcome, 'MALFORMED');
    packet[12] = 0xff;
    assert.equal(bytes(packet).outcome, 'MALFORMED');
  });

  it('other messages, other versions and GTP\' are not TCP', () => {
    for (const messageType of [1, 2, 26, 31, 254]) assert.equal(gtpu({ messageType }).outcome, 'NOT_TCP');
    for (const flags of [0x20, 0x50, 0x10]) {
      const packet = gtpuPacket(1, INNER4);
      packet[0] = flags;
      assert.equal(bytes(packet).outcome, 'NOT_TCP');
    }
  });

  it('user packets that are not IP are not IP', () => {
    assert.equal(gtpu({}, new Uint8Array(30)).outcome, 'NOT_IP');
  });
});
