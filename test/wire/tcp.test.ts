import assert from 'node:assert/strict';
import { decoded, ipv4Packet, tcpSegment } from '../support/packets.js';

const RAW = 101;

describe('wire: TCP', () => {
  it('gives both ports whole', () => {
    for (const [sourcePort, destinationPort] of [[0, 65535], [80, 8080], [256, 255]]) {
      const { tcp } = decoded(ipv4Packet(tcpSegment('', { sourcePort, destinationPort })), RAW);
      assert.deepEqual(tcp?.ports, [sourcePort, destinationPort]);
    }
  });

  it('passes over options of every length', () => {
    for (let dataOffset = 5; dataOffset <= 15; dataOffset++) {
      assert.equal(decoded(ipv4Packet(tcpSegment('hello', { dataOffset })), RAW).tcp?.payload, 'hello');
    }
  });

  it('a data offset of less than five words is malformed', () => {
    for (let dataOffset = 0; dataOffset < 5; dataOffset++) {
      assert.equal(decoded(ipv4Packet(tcpSegment('hello', { dataOffset })), RAW).outcome, 'MALFORMED');
    }
  });

  it('a data offset beyond the IP packet is malformed, beyond a cut frame cut short', () => {
    const segment = tcpSegment('', { dataOffset: 15 });
    const packet = ipv4Packet(segment.subarray(0, 40));
    assert.equal(decoded(packet, RAW).outcome, 'MALFORMED');
    assert.equal(decoded(ipv4Packet(segment).subarray(0, 60), RAW, 20).outcome, 'CUT_SHORT');
  });

  it('does not look at checksums', () => {
    const packet = ipv4Packet(tcpSegment('hello'));
    packet[10] = 0xde;
    packet[36] = 0xad;
    assert.equal(decoded(packet, RAW).tcp?.payload, 'hello');
  });
});
