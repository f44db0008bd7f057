// The filter built with -decap: what carries a chosen tunnel passes, what carries none does not.

import assert from 'node:assert/strict';
import { compileForReplay } from '../../src/capture/compile.js';
import { portFilter } from '../../src/capture/filter.js';
import { type Tunnel, TUNNELS } from '../../src/wire/encap.js';
import { type BpfProgram, compileBpf } from '../../src/wire/bpf.js';
import { BPF_MAX_INSTRUCTIONS, BPF_WORDS } from '../../src/wire/bpf_program.js';
import { decoded, ethernetFrame, ipv4Packet, ipv6Packet, tcpSegment } from '../support/packets.js';
import { in8023, inMpls, inPppoe } from '../support/frames/other_links.js';
import { withTags } from '../support/frames/link_layer.js';
import { PROTOCOL, udpDatagram } from '../support/frames/tunnels.js';
import { followTunnels, LINK_TYPES } from '../../src/wire/layers.js';
import { TUNNEL_STACKS, over4, over6 } from '../support/tunnel_stacks.js';

const ETHERNET = 1;
const SNAPLEN = 65535;
const PORTS = [{ first: 80, last: 80 }];

const program = (tunnels: readonly Tunnel[], linkType = ETHERNET): BpfProgram => compileForReplay(portFilter(PORTS, linkType, tunnels), linkType, SNAPLEN);

/** The frame as it is, in a VLAN and in two. */
function tagged(frame: Uint8Array): Uint8Array[] {
  return [[], [{ tpid: 0x8100, vlan: 7 }], [{ tpid: 0x88a8, vlan: 7 }, { tpid: 0x8100, vlan: 8 }]].map((tags) => withTags(frame, tags) ?? frame);
}

const other = udpDatagram(53, new Uint8Array(60));
const refused: Readonly<Record<string, Uint8Array>> = {
  'UDP on another port': over4(PROTOCOL.UDP, other),
  'UDP on another port, IPv6': over6(PROTOCOL.UDP, other),
  'TCP on another port': over4(PROTOCOL.TCP, tcpSegment('x', { destinationPort: 81 })),
  'ICMP': over4(1, new Uint8Array(40)),
  'ICMPv6': over6(58, new Uint8Array(40)),
  'ESP': over4(50, new Uint8Array(40)),
  'ARP': ethernetFrame(0x0806, new Uint8Array(46)),
};

describe('the filter built with -decap', () => {
  afterEach(() => followTunnels([]));

  for (const chosen of [...TUNNELS.map((tunnel) => [tunnel]), TUNNELS]) {
    it(`${chosen.join()}: every frame the decoder finds a message in passes, plain and in VLANs`, () => {
      followTunnels(chosen);
      const passes = compileBpf(program(chosen));
      const found = TUNNEL_STACKS.filter(({ frame }) => decoded(frame).outcome === 'TCP');
      assert.ok(found.length > 0);
      for (const { name, frame } of found) {
        for (const bytes of tagged(frame)) assert.ok(passes(bytes, 0, bytes.length, bytes.length), name);
      }
      for (const [name, frame] of Object.entries(refused)) {
        for (const bytes of tagged(frame)) assert.ok(!passes(bytes, 0, bytes.length, bytes.length), name);
      }
    });
  }

  it('without tunnels their carriers do not pass', () => {
    const passes = compileBpf(program([]));
    for (const { name, frame } of TUNNEL_STACKS) {
      // what follows extension headers is not told by the filter
      if (frame[20] !== 60 && frame[20] !== 0) assert.ok(!passes(frame, 0, frame.length, frame.length), name);
    }
  });

  it('all of them fit the kernel, for every link type', () => {
    for (const linkType of LINK_TYPES.filter((type) => portFilter(PORTS, type) !== '')) {
      assert.ok(program(TUNNELS, linkType).length / BPF_WORDS < BPF_MAX_INSTRUCTIONS / 4, `link type ${linkType}`);
    }
  });
});

describe('the filter on Ethernet', () => {
  it('lets PPPoE, MPLS and SNAP through, plain and in VLANs', () => {
    const passes = compileBpf(program([]));
    const packets = [ipv4Packet(tcpSegment('x')), ipv6Packet(tcpSegment('x'))];
    for (const frame of packets.flatMap((packet) => [in8023(packet), inPppoe(packet), inMpls(packet, [16]), inMpls(packet, [16, 17, 18])])) {
      for (const bytes of tagged(frame)) assert.ok(passes(bytes, 0, bytes.length, bytes.length));
    }
  });

  it('but not their neighbours: PPPoE discovery, LLC that carries no packets', () => {
    const passes = compileBpf(program([]));
    const discovery = ethernetFrame(0x8863, new Uint8Array(40));
    const supervisory = ethernetFrame(20, Uint8Array.of(0x04, 0x04, 0x01, 0x00, ...new Uint8Array(42)));
    for (const bytes of [discovery, supervisory]) assert.ok(!passes(bytes, 0, bytes.length, bytes.length));
  });
});
