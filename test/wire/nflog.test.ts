import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { decoded, ipv4Packet, ipv6Packet, payloadOf, tcpSegment } from '../support/packets.js';

const NFLOG = 239;
const PACKET_HEADER = 1;
const PAYLOAD = 9;
const PREFIX = 10;
const HELLO = tcpSegment('hello');
const IPV4 = ipv4Packet(HELLO);
const HEAD = Uint8Array.of(2, 0, 0, 5);

/** An attribute with its padding. */
function attribute(type: number, value: Uint8Array, little: boolean, length = value.length + 4): Uint8Array {
  const bytes = new Uint8Array((value.length + 4 + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, length, little);
  view.setUint16(2, type, little);
  bytes.set(value, 4);
  return bytes;
}

describe('wire: NFLOG', () => {
  for (const little of [true, false]) {
    const order = little ? 'little-endian' : 'big-endian';
    const before = join(HEAD, attribute(PACKET_HEADER, new Uint8Array(4), little), attribute(PREFIX, Uint8Array.of(0x61, 0), little));

    it(`finds the packet among attributes, ${order}`, () => {
      assert.equal(payloadOf(join(before, attribute(PAYLOAD, IPV4, little)), NFLOG), 'hello');
      assert.equal(payloadOf(join(before, attribute(PAYLOAD, ipv6Packet(HELLO), little), attribute(PREFIX, HEAD, little)), NFLOG), 'hello');
      assert.equal(payloadOf(join(before, attribute(PAYLOAD | 0x4000, IPV4, little)), NFLOG), 'hello');
    });

    it(`the attribute bounds the packet, ${order}`, () => {
      assert.equal(payloadOf(join(before, attribute(PAYLOAD, IPV4, little, IPV4.length + 2)), NFLOG), 'hel');
    });

    it(`without packet it is not IP, ${order}`, () => assert.equal(decoded(before, NFLOG).outcome, 'NOT_IP'));

    it(`an attribute shorter than its header is malformed, ${order}`, () => {
      for (const length of [0, 1, 3]) {
        assert.equal(decoded(join(before, attribute(PAYLOAD, IPV4, little, length)), NFLOG).outcome, 'MALFORMED');
      }
    });

    it(`cut at every length, ${order}`, () => {
      const frame = join(before, attribute(PAYLOAD, IPV4, little));
      const payloadAt = before.length + 4 + 40;
      for (let length = 0; length < before.length + 4 + IPV4.length; length++) {
        const { outcome, tcp } = decoded(frame.subarray(0, length), NFLOG, frame.length - length);
        if (length < payloadAt) assert.equal(outcome, 'CUT_SHORT', `${length} bytes`);
        else assert.equal(tcp?.payload, 'hello'.slice(0, length - payloadAt), `${length} bytes`);
      }
    });
  }
});
