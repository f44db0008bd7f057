import assert from 'node:assert/strict';
import { join } from '../support/frames/link_layer.js';
import { CLIENT4, type Ipv4Form, SERVER4, decoded, ipv4Packet, tcpSegment } from '../support/packets.js';

const RAW = 101;
const HELLO = tcpSegment('hello');
const outcome = (form: Ipv4Form, cutBytes = 0): string => decoded(ipv4Packet(HELLO, form), RAW, cutBytes).outcome;

describe('wire: IPv4', () => {
  it('gives addresses, ports and payload', () => {
    assert.deepEqual(decoded(ipv4Packet(HELLO), RAW).tcp, {
      source: [...CLIENT4], destination: [...SERVER4], ports: [50905, 80], payload: 'hello', fragmented: false,
    });
  });

  it('passes over options of every length', () => {
    for (let headerWords = 5; headerWords <= 15; headerWords++) {
      const { tcp } = decoded(ipv4Packet(HELLO, { headerWords }), RAW);
      assert.deepEqual([tcp?.payload, tcp?.source], ['hello', [...CLIENT4]], `${headerWords} words`);
    }
  });

  it('a header of less than five words is malformed', () => {
    for (let headerWords = 0; headerWords < 5; headerWords++) assert.equal(outcome({ headerWords }), 'MALFORMED');
  });

  it('a total length shorter than the header is malformed', () => {
    for (const totalLength of [1, 19]) assert.equal(outcome({ totalLength }), 'MALFORMED');
    assert.equal(outcome({ headerWords: 15, totalLength: 59 }), 'MALFORMED');
  });

  it('a total length that leaves no TCP header is malformed, also in a frame that was cut', () => {
    for (const totalLength of [20, 39]) {
      assert.equal(outcome({ totalLength }), 'MALFORMED');
      assert.equal(outcome({ totalLength }, 100), 'MALFORMED');
    }
  });

  it('what is behind the total length is padding, not payload', () => {
    for (const padding of [1, 6, 40]) {
      const padded = join(ipv4Packet(HELLO), new Uint8Array(padding).fill(0x47));
      assert.equal(decoded(padded, RAW).tcp?.payload, 'hello');
    }
    const acknowledgement = join(ipv4Packet(tcpSegment('')), new Uint8Array(6).fill(0x47));
    assert.equal(decoded(acknowledgement, RAW).tcp?.payload, '');
  });

  it('a total length of 0 (segmentation offload) means what was captured', () => {
    assert.equal(decoded(ipv4Packet(HELLO, { totalLength: 0 }), RAW).tcp?.payload, 'hello');
  });

  it('a total length beyond the capture means what was captured', () => {
    for (const totalLength of [46, 1500, 65535]) {
      assert.equal(decoded(ipv4Packet(HELLO, { totalLength }), RAW).tcp?.payload, 'hello');
    }
  });

  it('options beyond the capture: cut short, or malformed when nothing was cut', () => {
    const packet = ipv4Packet(new Uint8Array(0), { headerWords: 15, totalLength: 100 }).subarray(0, 40);
    assert.equal(decoded(packet, RAW, 60).outcome, 'CUT_SHORT');
    assert.equal(decoded(packet, RAW).outcome, 'MALFORMED');
  });

  it('another version is malformed', () => {
    for (const version of [0, 5, 6, 15]) assert.equal(decoded(ipv4Packet(HELLO, { version }), 228).outcome, 'MALFORMED');
  });

  it('other protocols are not TCP', () => {
    for (let protocol = 0; protocol < 256; protocol++) {
      assert.equal(outcome({ protocol }), protocol === 6 ? 'TCP' : 'NOT_TCP', `protocol ${protocol}`);
    }
  });

  describe('fragments', () => {
    it('the first is parsed and marked', () => {
      assert.equal(decoded(ipv4Packet(HELLO, { flagsAndOffset: 0x2000 }), RAW).tcp?.fragmented, true);
    });

    it('the others cannot start a message', () => {
      for (const flagsAndOffset of [0x2001, 0x0001, 0x1fff, 0x3fff]) assert.equal(outcome({ flagsAndOffset }), 'FRAGMENT');
    });

    it('the flags for do-not-fragment and the reserved one do not matter', () => {
      for (const flagsAndOffset of [0x0000, 0x4000, 0x8000, 0xc000]) {
        assert.equal(decoded(ipv4Packet(HELLO, { flagsAndOffset }), RAW).tcp?.fragmented, false);
      }
    });

    it('a later fragment of another protocol is a fragment, for its own protocol is not known to be whole', () => {
      assert.equal(outcome({ protocol: 17, flagsAndOffset: 0x0010 }), 'FRAGMENT');
    });
  });
});
