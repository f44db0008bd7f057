// What a record of tunnelled traffic says, in json: `encap` with the wrappers and their numbers, outer first.

import assert from 'node:assert/strict';
import { TUNNELS } from '../../src/wire/encap.js';
import { followTunnels } from '../../src/wire/layers.js';
import { JsonFormat } from '../../src/record/json.js';
import { ethernetFrame, ipv4Packet } from '../support/packets.js';
import { ParserRig } from '../support/parser_rig.js';
import { INNER4, TUNNEL_STACKS, over4 } from '../support/tunnel_stacks.js';

function recordOf(frame: Uint8Array): Record<string, unknown> {
  const rig = new ParserRig({ ports: [80], format: new JsonFormat() });
  rig.frame(frame).parse();
  assert.equal(rig.lines.length, 1);
  return JSON.parse(rig.lines[0]) as Record<string, unknown>;
}

describe('record: json of tunnelled traffic', () => {
  before(() => followTunnels(TUNNELS));
  after(() => followTunnels([]));

  for (const { name, encap, ipv6, frame } of TUNNEL_STACKS) {
    it(name, () => {
      const record = recordOf(frame);
      assert.deepEqual(record['encap'], encap);
      assert.deepEqual([record['src'], record['dst']], ipv6 ? ['2001:db8::1', '2001:db8::50'] : ['10.0.0.1', '192.0.2.80']);
    });
  }

  it('eight wrappers fit the line', () => {
    let packet = INNER4;
    for (let depth = 1; depth < 8; depth++) packet = ipv4Packet(packet, { protocol: 4 });
    assert.deepEqual(recordOf(over4(4, packet))['encap'], new Array<string>(8).fill('ipip'));
  });

  it('is left out where nothing was opened', () => {
    assert.equal('encap' in recordOf(ethernetFrame(0x0800, INNER4)), false);
  });
});
