// Carriers of tunnels, and the link layers that BPF does not look into, on a real wire: they pass the built filter, plain and in
// VLANs, as the receiver sees them (the kernel takes the outer tag off) and as the sender does.

import assert from 'node:assert/strict';
import { TUNNELS } from '../../src/wire/encap.js';
import { withTags } from '../support/frames/link_layer.js';
import { in8023, inMpls, inPppoe } from '../support/frames/other_links.js';
import { PROTOCOL, udpDatagram } from '../support/frames/tunnels.js';
import { type TestNetwork, makeNetwork } from '../support/netns.js';
import { ethernetFrame, tcpSegment } from '../support/packets.js';
import { INNER4, INNER6, TUNNEL_STACKS, over4, over6 } from '../support/tunnel_stacks.js';
import { send } from './libpcap_frames.js';
import { startCapture } from './libpcap_run.js';

const TAGS: Readonly<Record<string, readonly { tpid: number; vlan: number }[]>> = {
  'plain': [],
  'VLAN': [{ tpid: 0x8100, vlan: 7 }],
  '802.1ad and VLAN': [{ tpid: 0x88a8, vlan: 7 }, { tpid: 0x8100, vlan: 8 }],
};

const links: readonly (readonly [name: string, frame: Uint8Array])[] = [
  ['SNAP', in8023(INNER4)], ['PPPoE', inPppoe(INNER4)], ['PPPoE, IPv6', inPppoe(INNER6)], ['MPLS', inMpls(INNER4, [16, 17])],
];

/** The frames in every guise, by name. */
function inEveryGuise(frames: readonly (readonly [name: string, frame: Uint8Array])[]): Map<string, Uint8Array> {
  return new Map(Object.entries(TAGS).flatMap(([guise, tags]) => frames.map(([name, frame]) => [`${name}, ${guise}`, withTags(frame, tags) ?? frame])));
}

const wanted = inEveryGuise([...TUNNEL_STACKS.map(({ name, frame }) => [name, frame] as const), ...links]);
const unwanted = inEveryGuise([
  ['UDP on another port', over4(PROTOCOL.UDP, udpDatagram(53, new Uint8Array(60)))],
  ['UDP on another port, IPv6', over6(PROTOCOL.UDP, udpDatagram(4788, new Uint8Array(60)))],
  ['TCP on another port', over4(PROTOCOL.TCP, tcpSegment('x', { destinationPort: 81 }))],
  ['ESP', over4(50, new Uint8Array(40))],
  ['ARP', ethernetFrame(0x0806, new Uint8Array(46))],
]);
const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex');
const names = new Map([...wanted, ...unwanted].map(([name, frame]) => [hex(frame), name]));

describe('live capture: the built filter with -decap', function () {
  this.timeout(180_000);
  let network: TestNetwork;
  before(() => {
    network = makeNetwork('prooftunnels');
  });
  after(() => network?.close());

  for (const side of ['receiver', 'sender'] as const) {
    it(`lets every carrier through and nothing else, seen by the ${side}`, async () => {
      const at = side === 'receiver' ? network.server : network.client;
      const capture = startCapture(at.namespace, { interfaces: [at.device], tunnels: TUNNELS, keepFrames: 1000 });
      await capture.ready();
      send(network.client, [...unwanted.values(), ...wanted.values()]);
      const { frames } = await capture.stop();
      assert.deepEqual(frames.map((frame) => names.get(frame.hex) ?? frame.hex), [...wanted.keys()]);
    });
  }

  it('only those of the tunnels that were chosen', async () => {
    const { server, client } = network;
    const capture = startCapture(server.namespace, { interfaces: [server.device], tunnels: ['vxlan', 'gre'], keepFrames: 1000 });
    await capture.ready();
    const chosen = TUNNEL_STACKS.filter(({ encap }) => encap[0] === 'gre' || encap[0].startsWith('vxlan'));
    const others = TUNNEL_STACKS.filter(({ encap }) => ['ah', 'ipip', '6in4', 'teredo'].includes(encap[0]) || encap[0].startsWith('gtpu'));
    // what follows extension headers is not told by the filter
    send(client, [...others.filter(({ frame }) => frame[20] !== 0).map(({ frame }) => frame), ...chosen.map(({ frame }) => frame)]);
    const { frames } = await capture.stop();
    assert.deepEqual(frames.map((frame) => frame.hex), chosen.map(({ frame }) => hex(frame)));
  });
});
