import assert from 'node:assert/strict';
import { decode } from '../../src/wire/decode.js';
import { Frame } from '../../src/wire/frame.js';
import { linkLayer } from '../../src/wire/layers.js';
import { OUTCOME } from '../../src/wire/outcome.js';
import { withTags } from '../support/frames/link_layer.js';
import { ethernetFrame, ipv4Packet, tcpSegment } from '../support/packets.js';

describe('wire: one Frame for every frame', () => {
  it('nothing of a frame is left for the next', () => {
    const ethernet = linkLayer(1)!;
    const fragment = withTags(ethernetFrame(0x0800, ipv4Packet(tcpSegment('a'), { flagsAndOffset: 0x2000 })), [{ tpid: 0x8100, vlan: 9 }])!;
    const plain = ethernetFrame(0x0800, ipv4Packet(tcpSegment('bc')));
    const frame = new Frame();
    frame.begin(0, fragment.length, fragment.length + 10);
    assert.equal(decode(fragment, frame, ethernet), OUTCOME.TCP);
    assert.deepEqual([frame.fragmented, frame.vlanCount, frame.vlans[0], frame.whole], [true, 1, 9, false]);
    frame.begin(0, plain.length, plain.length);
    assert.equal(decode(plain, frame, ethernet), OUTCOME.TCP);
    assert.deepEqual([frame.fragmented, frame.vlanCount, frame.whole, frame.end - frame.at], [false, 0, true, 2]);
  });

  it('a header that does not fit: cut short only at the end of a cut capture', () => {
    const frame = new Frame();
    frame.begin(10, 5, 60);
    assert.equal(frame.tooShort(), OUTCOME.CUT_SHORT);
    frame.end--;
    assert.equal(frame.tooShort(), OUTCOME.MALFORMED);
    frame.begin(10, 5, 5);
    assert.equal(frame.tooShort(), OUTCOME.MALFORMED);
    // A file may say that less was on the wire than was captured.
    frame.begin(10, 5, 0);
    assert.equal(frame.tooShort(), OUTCOME.MALFORMED);
  });
});
