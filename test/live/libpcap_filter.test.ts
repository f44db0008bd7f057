// The built filter on a real wire: what must be captured and what must not, as seen by the receiver (the kernel takes the outer
// VLAN tag off) and by the sender (tags are in the frame).

import assert from 'node:assert/strict';
import { type TestNetwork, makeNetwork } from '../support/netns.js';
import { ethernet, extension, ipv4, ipv6, send, tcp } from './libpcap_frames.js';
import { captureThrough } from './libpcap_run.js';

const payload = new Uint8Array(20).fill(0x41);
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const packet4 = ipv4(6, tcp(40000, 80, payload));
const packet6 = ipv6(6, tcp(80, 40000, payload));
const other4 = ipv4(6, tcp(40000, 81, payload));
const other6 = ipv6(6, tcp(81, 40000, payload));
const MORE_FRAGMENTS = 0x2000;

const wanted: Record<string, Uint8Array> = {
  'IPv4': ethernet([IPV4], packet4),
  'IPv6': ethernet([IPV6], packet6),
  'IPv4, first fragment': ethernet([IPV4], ipv4(6, tcp(40000, 80, payload), MORE_FRAGMENTS)),
  'IPv6 with hop-by-hop options': ethernet([IPV6], ipv6(0, extension(6, tcp(40000, 80, payload)))),
  'IPv6 with routing header': ethernet([IPV6], ipv6(43, extension(6, tcp(40000, 80, payload)))),
  'IPv6 with fragment header': ethernet([IPV6], ipv6(44, extension(6, tcp(40000, 80, payload)))),
  'IPv6 with destination options': ethernet([IPV6], ipv6(60, extension(6, tcp(40000, 80, payload)))),
  'VLAN, IPv4': ethernet([0x8100, 7, IPV4], packet4),
  'VLAN, IPv6': ethernet([0x8100, 7, IPV6], packet6),
  'VLAN, IPv6 with hop-by-hop options': ethernet([0x8100, 7, IPV6], ipv6(0, extension(6, tcp(40000, 80, payload)))),
  '802.1ad, IPv4': ethernet([0x88a8, 9, IPV4], packet4),
  'QinQ of 802.1Q, IPv4': ethernet([0x8100, 7, 0x8100, 8, IPV4], packet4),
  'QinQ of 802.1ad, IPv4': ethernet([0x88a8, 7, 0x8100, 8, IPV4], packet4),
  'QinQ, IPv6': ethernet([0x88a8, 7, 0x8100, 8, IPV6], packet6),
  'QinQ, IPv6 with destination options': ethernet([0x88a8, 7, 0x8100, 8, IPV6], ipv6(60, extension(6, tcp(40000, 80, payload)))),
};
const unwanted: Record<string, Uint8Array> = {
  'another port': ethernet([IPV4], other4),
  'another port, IPv6': ethernet([IPV6], other6),
  'another port, VLAN': ethernet([0x8100, 7, IPV4], other4),
  'another port, VLAN, IPv6': ethernet([0x8100, 7, IPV6], other6),
  'another port, QinQ': ethernet([0x88a8, 7, 0x8100, 8, IPV4], other4),
  'UDP': ethernet([IPV4], ipv4(17, tcp(40000, 80, payload))),
  'IPv4, later fragment': ethernet([IPV4], ipv4(6, tcp(40000, 80, payload), 3)),
  'IPv6 with hop-by-hop options before ICMPv6': ethernet([IPV6], ipv6(0, extension(58, payload))),
  'ARP': ethernet([0x0806], new Uint8Array(46)),
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const names = new Map(Object.entries({ ...wanted, ...unwanted }).map(([name, frame]) => [hex(frame), name]));

for (const way of ['afpacket', 'libpcap'] as const) {
  describe(`live capture through ${way}: the built filter`, function () {
    this.timeout(180_000);
    const startCapture = captureThrough(way);
    let network: TestNetwork;
    before(() => {
      network = makeNetwork('livefilter');
    });
    after(() => network.close());

    for (const side of ['receiver', 'sender'] as const) {
      it(`lets through TCP on the port in every guise and nothing else, seen by the ${side}`, async () => {
        const from = network.client;
        const at = side === 'receiver' ? network.server : network.client;
        const capture = startCapture(at.namespace, { interfaces: [at.device], keepFrames: 1000 });
        await capture.ready();
        send(from, [...Object.values(unwanted), ...Object.values(wanted)]);
        const { frames, totals } = await capture.stop();
        assert.deepEqual(frames.map((frame) => names.get(frame.hex) ?? frame.hex), Object.keys(wanted));
        assert.deepEqual(frames.map((frame) => frame.wireLength), Object.values(wanted).map((frame) => frame.length));
        assert.equal(totals[0].received, totals[0].handed + totals[0].prefilter);
      });
    }

    it('takes the expression of -f as given, with the tag the kernel took off', async () => {
      const { server, client } = network;
      const capture = startCapture(server.namespace, { interfaces: [server.device], filter: 'vlan 7 and tcp port 80', keepFrames: 100 });
      await capture.ready();
      send(client, [wanted.IPv4, ethernet([0x8100, 6, IPV4], packet4), wanted['VLAN, IPv4'], unwanted['another port, VLAN']]);
      const { frames } = await capture.stop();
      assert.deepEqual(frames.map((frame) => names.get(frame.hex)), ['VLAN, IPv4']);
    });

    it('takes ranges and lists of ports', async () => {
      const { server, client } = network;
      const to = (port: number): Uint8Array => ethernet([IPV4], ipv4(6, tcp(40000, port, payload)));
      const ports = [{ first: 8000, last: 8100 }, { first: 443, last: 443 }];
      const capture = startCapture(server.namespace, { interfaces: [server.device], ports, keepFrames: 100 });
      await capture.ready();
      send(client, [80, 443, 7999, 8000, 8050, 8100, 8101].map(to));
      const { frames } = await capture.stop();
      assert.deepEqual(frames.map((frame) => frame.hex), [443, 8000, 8050, 8100].map((port) => hex(to(port))));
    });

    it('cuts frames at the snaplen and keeps their wire length', async () => {
      const { server, client } = network;
      const capture = startCapture(server.namespace, { interfaces: [server.device], snaplen: 60, keepFrames: 10 });
      await capture.ready();
      send(client, [wanted.IPv4, wanted['VLAN, IPv4']]);
      const { frames } = await capture.stop();
      assert.deepEqual(frames.map((frame) => frame.wireLength), [wanted.IPv4.length, wanted['VLAN, IPv4'].length]);
      assert.equal(frames[0].hex, hex(wanted.IPv4.subarray(0, 60)));
      assert.ok(hex(wanted['VLAN, IPv4']).startsWith(frames[1].hex) && frames[1].hex.length >= 120);
    });
  });
}
