import assert from 'node:assert/strict';
import { MAX_VLANS } from '../../src/wire/frame.js';
import { join, withTags } from '../support/frames/link_layer.js';
import { decoded, ethernetFrame, ipv4Packet, snapFrame, tcpSegment, word } from '../support/packets.js';

const PLAIN = ethernetFrame(0x0800, ipv4Packet(tcpSegment('hello')));

function tagged(...tags: readonly (readonly [tpid: number, vlan: number])[]): Uint8Array {
  return withTags(PLAIN, tags.map(([tpid, vlan]) => ({ tpid, vlan, priority: 7 })))!;
}

describe('wire: VLAN tags', () => {
  it('gives ids outer first, without priority', () => {
    const { vlans, tcp } = decoded(tagged([0x88a8, 100], [0x8100, 7]));
    assert.deepEqual(vlans, [100, 7]);
    assert.equal(tcp?.payload, 'hello');
  });

  it('knows every tag protocol identifier', () => {
    for (const tpid of [0x8100, 0x88a8, 0x9100, 0x9200]) assert.deepEqual(decoded(tagged([tpid, 4095])).vlans, [4095]);
  });

  it('keeps id 0, the priority tag', () => assert.deepEqual(decoded(tagged([0x8100, 0])).vlans, [0]));

  it('passes over tags behind the sixteenth', () => {
    for (const depth of [MAX_VLANS, MAX_VLANS + 1, 300]) {
      const tags = Array.from({ length: depth }, (_, i): [number, number] => [0x8100, i + 1]);
      const { vlans, tcp } = decoded(tagged(...tags));
      assert.deepEqual(vlans, tags.slice(0, MAX_VLANS).map(([, vlan]) => vlan));
      assert.equal(tcp?.payload, 'hello');
    }
  });

  it('untagged frames have none', () => assert.deepEqual(decoded(PLAIN).vlans, []));

  it('what is not IP behind a tag is not IP', () => {
    const arp = join(PLAIN.subarray(0, 12), Uint8Array.of(...word(0x8100), 0, 5, ...word(0x0806)), new Uint8Array(28));
    assert.deepEqual(decoded(arp), { outcome: 'NOT_IP', vlans: [5] });
  });

  it('carries 802.3 frames with SNAP', () => {
    const tagged8023 = withTags(snapFrame(0x0800, PLAIN.slice(14)), [{ tpid: 0x8100, vlan: 5 }])!;
    const { vlans, tcp } = decoded(tagged8023);
    assert.deepEqual([vlans, tcp?.payload], [[5], 'hello']);
  });

  it('a tag that does not fit ends the frame', () => {
    const frame = tagged([0x8100, 5]);
    for (let length = 14; length < 18; length++) {
      assert.equal(decoded(frame.subarray(0, length)).outcome, 'MALFORMED');
      assert.equal(decoded(frame.subarray(0, length), 1, 1).outcome, 'CUT_SHORT');
    }
  });
});
