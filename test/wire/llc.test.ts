import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { decoded, ethernetFrame, ipv4Packet, ipv6Packet, payloadOf, tcpSegment, word } from '../support/packets.js';

const IPV4 = ipv4Packet(tcpSegment('hello'));

/** An 802.3 frame: the field behind the addresses is its length. */
const frame = (header: readonly number[], packet = IPV4): Uint8Array => (
  ethernetFrame(header.length + packet.length, join(Uint8Array.from(header), packet)));
const snap = (oui: readonly number[], type: number): number[] => [0xaa, 0xaa, 3, ...oui, ...word(type)];

describe('wire: 802.3', () => {
  it('carries IP in SNAP of Ethernet and of the bridge tunnel', () => {
    for (const oui of [[0, 0, 0], [0, 0, 0xf8]]) {
      assert.equal(payloadOf(frame(snap(oui, 0x0800))), 'hello');
      assert.equal(payloadOf(frame(snap(oui, 0x86dd), ipv6Packet(tcpSegment('hello')))), 'hello');
    }
  });

  it('carries IPv4 straight on LLC', () => assert.equal(payloadOf(frame([6, 6, 3])), 'hello'));

  it('carries VLAN tags in SNAP', () => {
    const { vlans, tcp } = decoded(frame([...snap([0, 0, 0], 0x8100), ...word(100), ...word(0x0800)]));
    assert.deepEqual([vlans, tcp?.payload], [[100], 'hello']);
  });

  it('anything else is not IP', () => {
    for (const header of [snap([0, 0, 0x0c], 0x0800), snap([0x80, 0, 0], 0x0800), snap([0, 0, 0], 0x0806), snap([0, 0, 0], 46),
      [0x42, 0x42, 3], [0xaa, 0xaa, 1, 0, 0, 0, 8, 0], [0xff, 0xff]]) {
      assert.equal(decoded(frame(header)).outcome, 'NOT_IP', header.join(' '));
    }
  });

  it('lengths end where EtherTypes begin', () => {
    const packet = join(Uint8Array.from(snap([0, 0, 0], 0x0800)), IPV4);
    assert.equal(payloadOf(ethernetFrame(0x05ff, packet)), 'hello');
    assert.equal(payloadOf(ethernetFrame(0, packet)), 'hello');
    assert.equal(decoded(ethernetFrame(0x0600, packet)).outcome, 'NOT_IP');
  });
});
