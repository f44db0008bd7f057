// What holds for every tunnel: opened only on request, at every truncation length, with any byte changed, whatever stands around.

import assert from 'node:assert/strict';
import { TUNNELS } from '../../src/wire/encap.js';
import { followTunnels, tunnelCarriers } from '../../src/wire/layers.js';
import { withTags, withTrailer } from '../support/frames/link_layer.js';
import { PROTOCOL } from '../support/frames/tunnels.js';
import { CLIENT4, CLIENT6, SERVER4, SERVER6, decoded, ipv4Packet, tcpSegment } from '../support/packets.js';
import { SeededRandom } from '../support/random.js';
import { INNER4, PAYLOAD, TUNNEL_STACKS, over4 } from '../support/tunnel_stacks.js';

describe('wire: tunnels', () => {
  afterEach(() => followTunnels([]));

  it('every tunnel is in the tests', () => {
    assert.deepEqual(new Set(TUNNEL_STACKS.flatMap(({ tunnels }) => tunnels)), new Set(TUNNELS));
  });

  for (const { name, tunnels, encap, ipv6, frame } of TUNNEL_STACKS) {
    describe(name, () => {
      const headerBytes = frame.length - PAYLOAD.length;

      it('opened on request: innermost addresses, the wrappers by name', () => {
        followTunnels(tunnels);
        assert.deepEqual(decoded(frame), {
          outcome: 'TCP',
          vlans: [],
          encap,
          tcp: {
            source: ipv6 ? CLIENT6 : CLIENT4,
            destination: ipv6 ? SERVER6 : SERVER4,
            ports: [50905, 80],
            payload: PAYLOAD,
            fragmented: false,
          },
        });
      });

      it('not opened without the request, or with any other', () => {
        assert.deepEqual(decoded(frame), { outcome: 'NOT_TCP', vlans: [] });
        for (const missing of tunnels) {
          followTunnels(TUNNELS.filter((tunnel) => tunnel !== missing));
          assert.equal(decoded(frame).outcome, 'NOT_TCP', `without ${missing}`);
        }
      });

      it('behind VLAN tags', () => {
        followTunnels(tunnels);
        const { vlans, tcp } = decoded(withTags(frame, [{ tpid: 0x88a8, vlan: 5 }, { tpid: 0x8100, vlan: 6 }])!);
        assert.deepEqual([vlans, tcp?.payload], [[5, 6], PAYLOAD]);
      });

      it('cut by the snaplen at every length: cut short, or as much payload as was captured', () => {
        followTunnels(tunnels);
        for (let length = 0; length < frame.length; length++) {
          const { outcome, tcp } = decoded(frame.subarray(0, length), 1, frame.length - length);
          if (length < headerBytes) assert.equal(outcome, 'CUT_SHORT', `${length} bytes`);
          else assert.equal(tcp?.payload, PAYLOAD.slice(0, length - headerBytes), `${length} bytes`);
        }
      });

      it('shorter on the wire at every length: malformed', () => {
        followTunnels(tunnels);
        for (let length = 0; length < headerBytes; length++) {
          assert.equal(decoded(frame.subarray(0, length)).outcome, 'MALFORMED', `${length} bytes`);
        }
      });

      it('a trailer behind it changes nothing', () => {
        followTunnels(tunnels);
        assert.deepEqual(decoded(withTrailer(frame, new Uint8Array(50).fill(0x47))), decoded(frame));
      });

      it('with any byte changed gives an outcome and reads nothing outside', () => {
        followTunnels(TUNNELS);
        const random = new SeededRandom(frame.length);
        for (let at = 0; at < headerBytes; at++) {
          const bent = frame.slice();
          bent[at] = random.below(256);
          assert.ok(!decoded(bent, 1, random.below(2)).outcome.startsWith('unknown'), `byte ${at} is ${bent[at]}`);
        }
      });
    });
  }

  it('are followed eight deep and no deeper', () => {
    followTunnels(TUNNELS);
    const nested = (depth: number): Uint8Array => {
      let packet = INNER4;
      for (let level = 1; level < depth; level++) packet = ipv4Packet(packet, { protocol: PROTOCOL.IPV4 });
      return over4(PROTOCOL.IPV4, packet);
    };
    assert.deepEqual(decoded(nested(8)).encap, new Array<string>(8).fill('ipip'));
    assert.equal(decoded(nested(8)).tcp?.payload, PAYLOAD);
    assert.equal(decoded(nested(9)).outcome, 'NOT_TCP');
    assert.equal(decoded(nested(1000)).outcome, 'NOT_TCP');
  });

  it('plain frames stay what they are, and name no wrapper', () => {
    followTunnels(TUNNELS);
    const { encap, tcp } = decoded(over4(PROTOCOL.TCP, tcpSegment(PAYLOAD)));
    assert.deepEqual([encap, tcp?.payload], [undefined, PAYLOAD]);
  });

  it('the carriers are those of the chosen tunnels', () => {
    assert.deepEqual(tunnelCarriers([]), { ipProtocols: [], udpPorts: [], udpSourcePorts: [] });
    assert.deepEqual(tunnelCarriers(['gre', '6in4']), { ipProtocols: [41, 47], udpPorts: [], udpSourcePorts: [] });
    assert.deepEqual(tunnelCarriers(['vxlan', 'gtpu']), { ipProtocols: [], udpPorts: [4789, 8472, 2152], udpSourcePorts: [2152] });
  });
});
