import assert from 'node:assert/strict';
import { followTunnels } from '../../src/wire/layers.js';
import { ETHERTYPE, PROTOCOL, type GreForm, grePacket } from '../support/frames/tunnels.js';
import { decoded, ipv4Packet } from '../support/packets.js';
import { INNER4, INNER_FRAME, PAYLOAD, over4 } from '../support/tunnel_stacks.js';

const outcome = (packet: Uint8Array, cutBytes = 0): string => decoded(over4(PROTOCOL.GRE, packet), 1, cutBytes).outcome;
const gre = (form: GreForm, protocol: number = ETHERTYPE.IPV4, payload = INNER4): string | undefined => (
  decoded(over4(PROTOCOL.GRE, grePacket(protocol, payload, form))).tcp?.payload);

describe('wire: GRE', () => {
  before(() => followTunnels(['gre']));
  after(() => followTunnels([]));

  it('every combination of optional fields', () => {
    for (let bits = 0; bits < 16; bits++) {
      const form: GreForm = {
        checksum: (bits & 1) !== 0,
        ...((bits & 2) !== 0 && { key: 0xffffffff }),
        ...((bits & 4) !== 0 && { sequence: 0 }),
        ...((bits & 8) !== 0 && { routes: [[192, 0, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8]] }),
      };
      assert.equal(gre(form), PAYLOAD, JSON.stringify(form));
    }
  });

  it('a list of routes that does not end is malformed, cut short when the frame was', () => {
    const routes = Uint8Array.of(0x40, 0, 8, 0, 0, 0, 0, 0, ...new Array<number>(8).fill(0).flatMap(() => [8, 0, 0, 4, 192, 0, 2, 1]));
    assert.equal(outcome(routes), 'MALFORMED');
    const frame = over4(PROTOCOL.GRE, routes);
    assert.equal(decoded(frame.subarray(0, frame.length - 10), 1, 10).outcome, 'CUT_SHORT');
    assert.equal(outcome(Uint8Array.of(0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 255)), 'MALFORMED');
  });

  it('version 1: with and without acknowledgement; its PPP compressed or not', () => {
    const bare = [[0x21], [0x00, 0x21], [0xff, 0x03, 0x21], [0xff, 0x03, 0x00, 0x21]];
    for (const head of bare) {
      const payload = Uint8Array.of(...head, ...INNER4);
      assert.equal(gre({ version: 1, key: 1, sequence: 2 }, ETHERTYPE.PPP, payload), PAYLOAD);
      assert.equal(gre({ version: 1, key: 1, sequence: 2, acknowledgement: 3 }, ETHERTYPE.PPP, payload), PAYLOAD);
    }
  });

  it('version 1 without a sequence number acknowledges and carries nothing', () => {
    assert.equal(outcome(grePacket(ETHERTYPE.PPP, new Uint8Array(0), { version: 1, key: 1, acknowledgement: 3 })), 'NOT_TCP');
  });

  it('version 0 has no acknowledgement, whatever the bit says', () => {
    const packet = grePacket(ETHERTYPE.IPV4, INNER4);
    packet[1] = 0x80;
    assert.equal(decoded(over4(PROTOCOL.GRE, packet)).tcp?.payload, PAYLOAD);
  });

  it('other versions are not TCP', () => {
    for (const version of [2, 7]) assert.equal(outcome(grePacket(ETHERTYPE.IPV4, INNER4, { version })), 'NOT_TCP');
  });

  it('what carries no IP is not IP: keepalives, ARP', () => {
    for (const protocol of [0, 0x0806, 0x1234]) assert.equal(outcome(grePacket(protocol, INNER4)), 'NOT_IP');
  });

  it('an inner frame without IP is not IP', () => {
    const arp = INNER_FRAME.slice();
    arp[13] = 6;
    assert.equal(outcome(grePacket(ETHERTYPE.TEB, arp)), 'NOT_IP');
  });

  it('inside itself, as often as it may be', () => {
    let packet = INNER4;
    for (let depth = 0; depth < 8; depth++) packet = ipv4Packet(grePacket(ETHERTYPE.IPV4, packet, { key: depth }), { protocol: PROTOCOL.GRE });
    const frame = decoded(packet, 101);
    assert.deepEqual([frame.encap?.length, frame.tcp?.payload], [8, PAYLOAD]);
    const deeper = ipv4Packet(grePacket(ETHERTYPE.IPV4, packet), { protocol: PROTOCOL.GRE });
    assert.equal(decoded(deeper, 101).outcome, 'NOT_TCP');
  });
});
