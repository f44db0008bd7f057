import assert from 'node:assert/strict';
import { followTunnels } from '../../src/wire/layers.js';
import { join } from '../support/frames/link_layer.js';
import { PROTOCOL, authenticated } from '../support/frames/tunnels.js';
import { type Decoded, decoded, extension, fragmentHeader, ipv4Packet, ipv6Packet, tcpSegment } from '../support/packets.js';
import { PAYLOAD } from '../support/tunnel_stacks.js';

const TCP = tcpSegment(PAYLOAD);
const in4 = (body: Uint8Array): Decoded => decoded(ipv4Packet(body, { protocol: PROTOCOL.AH }), 101);
const in6 = (body: Uint8Array): Decoded => decoded(ipv6Packet(body, { nextHeader: PROTOCOL.AH }), 101);

describe('wire: AH', () => {
  before(() => followTunnels(['ah']));
  after(() => followTunnels([]));

  it('check values of every length, in both versions', () => {
    for (const checkBytes of [0, 12, 20, 32, 64, 1016]) {
      assert.equal(in4(authenticated(PROTOCOL.TCP, TCP, checkBytes)).tcp?.payload, PAYLOAD);
      assert.equal(in6(authenticated(PROTOCOL.TCP, TCP, checkBytes)).tcp?.payload, PAYLOAD);
    }
  });

  it('extension headers go on behind it in IPv6, and only there', () => {
    const rest = join(extension(60), extension(44), fragmentHeader(PROTOCOL.TCP, 0, true), TCP);
    const { encap, tcp } = in6(authenticated(43, rest));
    assert.deepEqual([encap, tcp?.payload, tcp?.fragmented], [['ah'], PAYLOAD, true]);
    assert.equal(in4(authenticated(43, rest)).outcome, 'NOT_TCP');
    const later = join(fragmentHeader(PROTOCOL.TCP, 64, false), TCP);
    assert.equal(in6(authenticated(44, later)).outcome, 'FRAGMENT');
  });

  it('around itself, eight deep', () => {
    const nested = (depth: number): Uint8Array => (
      depth === 1 ? authenticated(PROTOCOL.TCP, TCP) : authenticated(PROTOCOL.AH, nested(depth - 1)));
    assert.deepEqual(in6(nested(8)).encap, new Array<string>(8).fill('ah'));
    assert.equal(in6(nested(9)).outcome, 'NOT_TCP');
    assert.equal(in4(nested(9)).outcome, 'NOT_TCP');
  });

  it('a length below its fixed part is malformed', () => {
    const short = authenticated(PROTOCOL.TCP, TCP);
    short[1] = 0;
    assert.equal(in4(short).outcome, 'MALFORMED');
    assert.equal(in6(short).outcome, 'MALFORMED');
  });
});
