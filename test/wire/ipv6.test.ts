import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { CLIENT6, SERVER6, decoded, extension, fragmentHeader, ipv6Packet, tcpSegment } from '../support/packets.js';

const RAW = 101;
const TCP = 6;
const FRAGMENT = 44;
const HELLO = tcpSegment('hello');

describe('wire: IPv6', () => {
  it('gives addresses, ports and payload', () => {
    assert.deepEqual(decoded(ipv6Packet(HELLO), RAW).tcp, {
      source: [...CLIENT6], destination: [...SERVER6], ports: [50905, 80], payload: 'hello', fragmented: false,
    });
  });

  it('what is behind the payload length is padding, not payload', () => {
    assert.equal(decoded(join(ipv6Packet(HELLO), new Uint8Array(9).fill(0x47)), RAW).tcp?.payload, 'hello');
  });

  it('a payload length of 0 or beyond the capture means what was captured', () => {
    for (const payloadLength of [0, HELLO.length + 1, 65535]) {
      assert.equal(decoded(ipv6Packet(HELLO, { payloadLength }), RAW).tcp?.payload, 'hello');
    }
  });

  it('a payload length that leaves no TCP header is malformed', () => {
    for (const payloadLength of [1, 19]) assert.equal(decoded(ipv6Packet(HELLO, { payloadLength }), RAW, 9).outcome, 'MALFORMED');
  });

  it('another version is malformed', () => {
    for (const version of [0, 4, 7]) assert.equal(decoded(ipv6Packet(HELLO, { version }), 229).outcome, 'MALFORMED');
  });

  it('other next headers are not TCP, no-next-header, ESP and AH among them', () => {
    const chain = new Set([0, 43, FRAGMENT, 60, 135, 139, 140]);
    for (let nextHeader = 0; nextHeader < 256; nextHeader++) {
      if (chain.has(nextHeader)) continue;
      assert.equal(decoded(ipv6Packet(HELLO, { nextHeader }), RAW).outcome, nextHeader === TCP ? 'TCP' : 'NOT_TCP', `${nextHeader}`);
    }
  });

  describe('extension headers', () => {
    for (const type of [0, 43, 60, 135, 139, 140]) {
      it(`of type ${type} are passed over, short and long`, () => {
        for (const units of [1, 2, 32, 256]) {
          const packet = ipv6Packet(join(extension(TCP, units), HELLO), { nextHeader: type });
          assert.equal(decoded(packet, RAW).tcp?.payload, 'hello', `${units} units`);
        }
      });
    }

    it('are passed over in a chain of any length', () => {
      const chain = join(extension(43), extension(60, 3), extension(0), extension(60), extension(TCP, 2));
      assert.equal(decoded(ipv6Packet(join(chain, HELLO), { nextHeader: 0 }), RAW).tcp?.payload, 'hello');
      const long = Array.from({ length: 500 }, (_, i) => extension(i === 499 ? TCP : 60));
      assert.equal(decoded(ipv6Packet(join(...long, HELLO), { nextHeader: 60 }), RAW).tcp?.payload, 'hello');
    });

    it('that reach beyond the packet end it: cut short where it was cut, else malformed', () => {
      const packet = ipv6Packet(extension(TCP, 4).subarray(0, 8), { nextHeader: 60, payloadLength: 60 });
      assert.equal(decoded(packet, RAW, 52).outcome, 'CUT_SHORT');
      assert.equal(decoded(packet, RAW).outcome, 'MALFORMED');
      const udp = ipv6Packet(extension(17, 4).subarray(0, 8), { nextHeader: 60, payloadLength: 60 });
      assert.equal(decoded(udp, RAW, 52).outcome, 'CUT_SHORT');
      const inside = ipv6Packet(join(extension(TCP, 4), HELLO), { nextHeader: 60, payloadLength: 16 });
      assert.equal(decoded(inside, RAW).outcome, 'MALFORMED');
    });

    it('that name each other without end stop at the end of the packet', () => {
      assert.equal(decoded(ipv6Packet(new Uint8Array(4096), { nextHeader: 0 }), RAW).outcome, 'MALFORMED');
    });
  });

  describe('fragments', () => {
    const fragment = (offset: number, more: boolean, nextHeader = TCP): Uint8Array => (
      ipv6Packet(join(fragmentHeader(nextHeader, offset, more), HELLO), { nextHeader: FRAGMENT }));

    it('the first is parsed and marked', () => assert.equal(decoded(fragment(0, true), RAW).tcp?.fragmented, true));

    it('an atomic one is whole (RFC 6946)', () => assert.equal(decoded(fragment(0, false), RAW).tcp?.fragmented, false));

    it('the others cannot start a message', () => {
      for (const offset of [8, 1232, 0xfff8]) {
        assert.equal(decoded(fragment(offset, true), RAW).outcome, 'FRAGMENT');
        assert.equal(decoded(fragment(offset, false), RAW).outcome, 'FRAGMENT');
      }
    });

    it('reserved bits do not matter', () => {
      const header = fragmentHeader(TCP, 6, false);
      assert.equal(decoded(ipv6Packet(join(header, HELLO), { nextHeader: FRAGMENT }), RAW).tcp?.fragmented, false);
    });

    it('in a chain', () => {
      const chain = join(extension(43), extension(FRAGMENT), fragmentHeader(60, 0, true), extension(TCP), HELLO);
      const { tcp } = decoded(ipv6Packet(chain, { nextHeader: 0 }), RAW);
      assert.deepEqual([tcp?.payload, tcp?.fragmented], ['hello', true]);
    });
  });
});
