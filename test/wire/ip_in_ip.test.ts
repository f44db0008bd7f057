import assert from 'node:assert/strict';
import type { Tunnel } from '../../src/wire/encap.js';
import { followTunnels } from '../../src/wire/layers.js';
import { PROTOCOL } from '../support/frames/tunnels.js';
import { decoded, ethernetFrame, ipv4Packet } from '../support/packets.js';
import { INNER4, INNER6, PAYLOAD, over4, over6 } from '../support/tunnel_stacks.js';

const combinations: readonly (readonly [Tunnel, Uint8Array])[] = [
  ['ipip', over4(PROTOCOL.IPV4, INNER4)],
  ['6in4', over4(PROTOCOL.IPV6, INNER6)],
  ['4in6', over6(PROTOCOL.IPV4, INNER4)],
  ['6in6', over6(PROTOCOL.IPV6, INNER6)],
];

describe('wire: IP in IP', () => {
  afterEach(() => followTunnels([]));

  it('each combination is a tunnel of its own name', () => {
    for (const [chosen] of combinations) {
      followTunnels([chosen]);
      for (const [name, frame] of combinations) {
        assert.deepEqual(decoded(frame).encap, name === chosen ? [name] : undefined, `${name} with -decap ${chosen}`);
      }
    }
  });

  it('all of them around one another', () => {
    followTunnels(combinations.map(([name]) => name));
    const six = over6(PROTOCOL.IPV4, ipv4Packet(over6(PROTOCOL.IPV6, INNER6).subarray(14), { protocol: PROTOCOL.IPV6 }));
    assert.deepEqual(decoded(six), { ...decoded(six), encap: ['4in6', '6in4', '6in6'] });
    assert.equal(decoded(six).tcp?.payload, PAYLOAD);
  });

  it('an inner packet of the other version is malformed', () => {
    followTunnels(['ipip', '6in4']);
    assert.equal(decoded(over4(PROTOCOL.IPV4, INNER6)).outcome, 'MALFORMED');
    assert.equal(decoded(over4(PROTOCOL.IPV6, INNER4)).outcome, 'MALFORMED');
  });

  it('the inner packet ends where the outer one does', () => {
    followTunnels(['ipip']);
    const cut = ethernetFrame(0x0800, ipv4Packet(INNER4, { protocol: PROTOCOL.IPV4, totalLength: 20 + INNER4.length - 4 }));
    assert.equal(decoded(cut).tcp?.payload, PAYLOAD.slice(0, -4));
  });

  it('first fragments of either packet are marked, later ones refused', () => {
    followTunnels(['ipip']);
    const outer = (flagsAndOffset: number, inner = INNER4): Uint8Array => ethernetFrame(0x0800, ipv4Packet(inner, { protocol: PROTOCOL.IPV4, flagsAndOffset }));
    const inner = ipv4Packet(INNER4.subarray(20), { flagsAndOffset: 0x2000 });
    assert.equal(decoded(outer(0x2000)).tcp?.fragmented, true);
    assert.equal(decoded(outer(0, inner)).tcp?.fragmented, true);
    assert.equal(decoded(outer(2)).outcome, 'FRAGMENT');
  });
});
